"""Alembic's entry point: it runs the migrations on the connection from ``bus.store.schema``."""

from alembic import context

from bus.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
