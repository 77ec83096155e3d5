"""The store: SQLAlchemy Core over SQLite or PostgreSQL, one module per repository."""

from app.store.engine import SqlStore, open_engine, open_store
from app.store.migrate import upgrade

__all__ = ["SqlStore", "open_engine", "open_store", "upgrade"]
