"""The parts of the pages of people."""
