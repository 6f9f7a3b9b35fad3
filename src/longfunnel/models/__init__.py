"""Statistics of the future: pure functions, arrays in, frozen results out; no I/O and no product noun from above.

Each file is one model: ``bg_nbd``, ``pareto_nbd`` and ``gamma_gamma`` say what buyers are worth, ``purchases`` and
``lifetime`` are what those share and what they give together; ``competing_risks``, ``pipeline`` and ``seasonal`` look ahead
along a pipeline of stages; ``response`` and ``allocation`` are about what spend brings. Randomness comes in as a generator
with a seed of the caller's, so that the same arrays always give the same answer.
"""
