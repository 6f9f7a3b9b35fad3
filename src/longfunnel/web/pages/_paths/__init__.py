"""The parts of the pages of paths."""
