"""The store: SQLAlchemy Core over SQLite or PostgreSQL, one module per repository."""

from app.store.credential_secrets import Secrets
from app.store.engine import SqlStore, open_engine, open_store
from app.store.head_file import AnchorFile, HeadFile
from app.store.migrate import upgrade

__all__ = ["AnchorFile", "HeadFile", "Secrets", "SqlStore", "open_engine", "open_store", "upgrade"]
