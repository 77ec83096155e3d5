"""Runs migrations over the connection that app/store/migrate.py gives."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transaction_per_migration=False)
context.run_migrations()
