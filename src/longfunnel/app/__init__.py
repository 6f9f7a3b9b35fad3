"""The use cases, one verb a file, and the wiring between the layers. The doors (command line, Python) only call these."""
