"""One invented company as seven outside systems see it: each speaks its vendor's protocol over HTTP, errors and limits included.

``longfunnel demo --connected`` runs them on loopback, and so do the tests of the connectors.
"""
