"""The ways in, over HTTP: what may come, how often, and what it is answered."""
