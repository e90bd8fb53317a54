"""How Alembic reaches the database: by the connection that `Database` hands it."""

from alembic import context

from tunewright.studio.storage.tables import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
