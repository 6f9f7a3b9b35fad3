"""What everything else stands on: errors, money, time, catalogues, settings. No product noun, no input or output."""
