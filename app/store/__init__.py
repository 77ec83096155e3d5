"""The store: SQLAlchemy Core over SQLite or PostgreSQL, one module per repository."""

from app.store.engine import SqlStore, open_engine, open_store
from app.store.migrate import upgrade
from app.store.secrets import Secrets

__all__ = ["Secrets", "SqlStore", "open_engine", "open_store", "upgrade"]
