"""The parts of the pages about users."""
