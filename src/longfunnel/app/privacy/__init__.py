"""Personal data: shown, taken out, and kept no longer than asked."""
