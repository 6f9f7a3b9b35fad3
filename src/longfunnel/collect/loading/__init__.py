"""From records of the log to rows of the warehouse."""
