"""The derived tables, built from the facts: all of them anew, or what new facts and changed identities touch."""
