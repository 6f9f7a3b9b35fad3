"""The pages: one per file, each a ``PAGE``. Adding a page is adding a file and its template."""
