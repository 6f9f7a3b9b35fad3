"""The sites: is the tracker well, may it send, do the tracking numbers suffice."""
