"""The durable log: what was acknowledged is in it, on disk, until the warehouse has it."""
