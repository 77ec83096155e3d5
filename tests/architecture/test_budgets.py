"""Sizes that keep the code readable; see CONTRIBUTING.md."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "app").rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def functions(path: Path) -> list[tuple[str, int]]:
    tree = ast.parse(path.read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [(node.name, node.end_lineno - node.lineno + 1) for node in ast.walk(tree) if isinstance(node, kinds)]  # type: ignore[operator]


def test_no_function_is_longer_than_60_lines_and_half_are_at_most_10() -> None:
    sizes = [(size, f"{path.relative_to(ROOT)}:{name}") for path in MODULES for name, size in functions(path)]
    assert [named for named in sizes if named[0] > 60] == []
    assert median(size for size, _ in sizes) <= 10


def test_no_module_is_longer_than_300_lines() -> None:
    sizes = {str(path.relative_to(ROOT)): path.read_text("utf-8").count("\n") for path in MODULES}
    assert {name: size for name, size in sizes.items() if size > 300} == {}


def test_there_are_no_drawers_for_odds_and_ends() -> None:
    odd = {"utils", "util", "helpers", "common", "misc"}
    parts = {path.relative_to(ROOT): set(path.relative_to(ROOT).with_suffix("").parts) for path in MODULES}
    assert [str(path) for path, names in parts.items() if names & odd] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_templates_are_short_and_carry_neither_style_nor_script(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= 80
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>\s*\S", text), "inline script"
    assert not re.search(r"\sstyle\s*=|<style", text), "inline style"
    assert not re.search(r"<[^>]*\son[a-z]+\s*=|javascript:", text), "inline event handler"
    assert not re.search(r"(?:src|href|action)\s*=\s*[\"'](?:https?:)?//", text), "another host"
