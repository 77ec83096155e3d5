"""Queries: each takes the identity that asks, and is a query."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import get_type_hints

import pytest

from app.domain.identity import Identity
from app.queries import Queries
from app.queries.target_queries import TargetQueries

ROOT = Path(__file__).resolve().parents[2]
PARTS = [kind for name, kind in get_type_hints(Queries).items() if name != "now"]
METHODS = [
    method
    for part in PARTS
    for name, method in inspect.getmembers(part, inspect.isfunction)
    if not name.startswith("_") and method is not TargetQueries.kinds  # a part of the program, not of an installation
]


def test_there_are_queries() -> None:
    assert len(METHODS) > 25


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__qualname__)
def test_each_query_takes_the_identity_that_asks(method: object) -> None:
    assert callable(method)
    first = list(inspect.signature(method).parameters)[1]
    assert (first, get_type_hints(method)[first]) == ("identity", Identity)


@pytest.mark.parametrize("path", sorted((ROOT / "app" / "queries").rglob("*.py")), ids=lambda path: path.name)
def test_queries_write_nothing(path: Path) -> None:
    called = {node.attr for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Attribute)}
    assert "write" not in called
