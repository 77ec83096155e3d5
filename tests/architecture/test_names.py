"""Names and rooms: where to look for something is told by names alone; see docs/glossary.md."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app"
MODULES = sorted(path for path in APP.rglob("*.py") if path.name not in ("__init__.py", "__main__.py"))
# Schemas of OpenAPI carry the contract's nouns, which are the domain's.
SCHEMAS = APP / "web" / "api" / "response_models"
FOLDER = 13
PARAMETERS = 7


def twice(found: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {name: places for name, places in found.items() if len(places) > 1}


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, kinds))


def test_no_two_modules_have_one_name() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for path in MODULES:
        found[path.stem].append(str(path.relative_to(ROOT)))
    assert twice(found) == {}


def test_no_two_classes_have_one_name() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for path in MODULES:
        if SCHEMAS not in path.parents:
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    found[node.name].append(str(path.relative_to(ROOT)))
    assert twice(found) == {}


def test_a_folder_holds_about_a_dozen_modules() -> None:
    found: dict[str, int] = defaultdict(int)
    for path in MODULES:
        found[str(path.parent.relative_to(ROOT))] += 1
    assert {folder: count for folder, count in found.items() if count > FOLDER} == {}


def test_a_function_takes_at_most_seven_parameters() -> None:
    """Routes and commands are left out: each parameter of theirs is a part of the request or an option."""
    wide = {
        f"{path.relative_to(ROOT)}:{node.name}": count
        for path in MODULES
        if path.parent != APP / "cli"
        for node in functions(path)
        if not node.decorator_list or node.name == "__init__"
        if (count := len(_parameters(node))) > PARAMETERS
    }
    assert wide == {}


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    told = node.args
    names = [one.arg for one in (*told.posonlyargs, *told.args, *told.kwonlyargs)]
    return [name for name in names if name not in ("self", "cls")]
