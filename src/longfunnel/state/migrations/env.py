"""How Alembic runs the state database's migrations: over the connection of ``open_state``, in one transaction."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from longfunnel.state.tables import Table

connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    # two processes that start together migrate one after the other
    connection.execute(text("SELECT pg_advisory_xact_lock(7233812)"))
context.configure(connection=connection, target_metadata=Table.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
