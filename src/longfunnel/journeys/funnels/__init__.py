"""Funnels as values and as words, and what their steps ask of the store."""
