"""The parts of a user's own account."""
