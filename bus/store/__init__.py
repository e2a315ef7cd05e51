"""The store: what a center has promised, on disk. SQLAlchemy Core on SQLite or PostgreSQL.

``database.Store`` opens it and hands out transactions. Each other file holds the named queries of one idea, as plain
functions over a transaction.
"""

from bus.store.database import Store, StoreUnavailable, Tx

__all__ = ["Store", "StoreUnavailable", "Tx"]
