"""Who stands behind the numbers: persons, their identity, and the people behind a bar or a type of clients."""
