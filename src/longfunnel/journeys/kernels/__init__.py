"""Kernels that walk journeys: pure functions from arrays to partial results that merge; no objects, nothing local."""
