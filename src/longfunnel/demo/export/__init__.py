"""How the invented business becomes files: one module for each kind of system that exports them."""
