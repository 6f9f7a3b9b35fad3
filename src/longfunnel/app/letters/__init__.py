"""What goes out by e-mail: reports on a schedule, and alerts about numbers.

A letter is written down before it is sent and noted after, so a kill between the two doubles one letter at most and loses none;
its Message-ID is the same both times, so mail programs can fold the double.
"""
