"""The parts of the funnel pages."""
