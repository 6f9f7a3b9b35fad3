"""Push: what browsers, forms, servers and other systems send to us. Accepted once it is on disk, loaded exactly once."""
