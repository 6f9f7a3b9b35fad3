"""The parts of the pages of sources."""
