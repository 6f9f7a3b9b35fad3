"""The parts of the money pages."""
