"""Who may know what a desired state is made of: sources, renderers and targets of files, and nobody else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

APP = Path(__file__).resolve().parents[2] / "app"
FILES = "app.domain.state.git_files"
MAY_KNOW_FILES = ("domain/state/git_files.py", "desired/", "sources/", "targets/")
GIT_ONLY = {"tree", "entries", "changes", "contents", "unsupported"}  # methods of Source that speak of trees and blobs


def imported(path: Path) -> set[str]:
    """Modules that a file imports from."""
    nodes = ast.walk(ast.parse(path.read_text("utf-8")))
    return {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}


def test_only_who_deals_in_files_knows_how_files_are_items() -> None:
    knowing = {str(path.relative_to(APP)) for path in APP.rglob("*.py") if FILES in imported(path)}
    assert {name for name in knowing if not name.startswith(MAY_KNOW_FILES)} == set()


def test_the_generic_inventory_knows_no_files() -> None:
    for path in (APP / "targets" / "inventory").glob("*.py"):
        assert not {one for one in imported(path) if one == FILES or one.startswith("app.targets.files")}, path.name


@pytest.mark.parametrize("path", sorted((APP / "services").rglob("*.py")), ids=lambda path: path.stem)
def test_no_service_asks_a_source_for_trees_and_blobs(path: Path) -> None:
    asked = {
        node.func.attr
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name | ast.Attribute)
        and (node.func.value.id if isinstance(node.func.value, ast.Name) else node.func.value.attr) == "source"
    }
    assert asked & GIT_ONLY == set()
