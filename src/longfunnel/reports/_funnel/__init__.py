"""The funnel's parts: reading the store, counting units, and the answer's rows."""
