"""Attribution: how the credit for a sale is shared between the touches before it, by many models in one pass, with intervals.

``models`` is the catalogue. ``shares`` weighs the touches of every journey by every model of touches at once; ``markov`` and
``lift`` weigh channels; ``exact`` makes sums that add up to the last digit; ``draws`` resamples persons; ``compare`` runs it all.
Arrays in, arrays out: nothing here reads the warehouse.
"""
