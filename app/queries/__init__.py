"""The read side: what pages, REST, streams and figures show. Every query takes the identity that asks.

A query opens a short transaction, reads what its answer needs and returns values; it writes nothing and words nothing.
"""

from app.queries.read_side import Queries, wire_queries

__all__ = ["Queries", "wire_queries"]
