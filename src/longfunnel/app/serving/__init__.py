"""A running server: its doors, its long work, what it does by itself, and how commands reach it."""
