"""Which part may know which; the contracts are in pyproject.toml."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from app import ports

ROOT = Path(__file__).resolve().parents[2]
INNER = ("domain", "wording", "comparison", "ports", "queries", "services")
CORE = sorted(path for part in INNER for path in (ROOT / "app" / part).rglob("*.py"))
WEB = sorted((ROOT / "app" / "web").rglob("*.py"))
PROTOCOLS = {name for name, value in vars(ports).items() if getattr(value, "_is_protocol", False)} | {"Ports"}
SERVER_LIBRARIES = {"alembic", "apscheduler", "fastapi", "git", "jinja2", "sqlalchemy", "starlette", "uvicorn"}


def imported(path: Path) -> set[str]:
    """First parts of the names that a module imports absolutely."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_the_import_contracts_are_kept() -> None:
    lint = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    run = subprocess.run(lint, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_core_needs_nothing_but_the_standard_library(path: Path) -> None:
    assert imported(path) - sys.stdlib_module_names - {"app"} == set()


@pytest.mark.parametrize("path", WEB, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_web_reads_through_queries(path: Path) -> None:
    """No transaction is opened and no port is touched there: `values` are what requests and answers are made of."""
    tree = ast.parse(path.read_text("utf-8"))
    nodes = list(ast.walk(tree))
    touched = {node.attr for node in nodes if isinstance(node, ast.Attribute)} & {"ports", "store"}
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    taken = {alias.name for node in imports for alias in node.names if str(node.module).startswith("app.ports")}
    assert touched == set()
    assert taken & PROTOCOLS == set()


def test_the_command_line_starts_without_the_server() -> None:
    code = "import app.cli.command_line, sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert set(run.stdout.split()) & SERVER_LIBRARIES == set()


def test_an_agent_loads_nothing_that_it_has_no_use_for() -> None:
    code = "import app.agent.__main__, sys; print(*sorted(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    loaded = set(run.stdout.split())
    assert "sqlalchemy.dialects.sqlite" in loaded
    foreign = ("sqlalchemy.dialects.postgresql", "tarfile", "httpx", "alembic", "pydantic", "git", "sqlalchemy.orm")
    assert not loaded & {*foreign, *SERVER_LIBRARIES} - {"sqlalchemy", "apscheduler"}
