"""Paths: chains of channels, and the trails of all persons."""
