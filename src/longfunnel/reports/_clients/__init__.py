"""Clients: their types and segments, their purchases, their lifetime value, their cohorts."""
