"""Only one module gives an operation a final phase, and only it and the recorder write an operation's row."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = sorted((ROOT / "app" / "services").rglob("*.py"))
WRITER = "app/services/outcomes/conclusion.py"
SAVERS = {WRITER, "app/services/operations/recorder.py", "app/services/agent_side/command_executor.py"}
MAKERS = {"replace", "Operation"}
BEGINNINGS = {"QUEUED", "RUNNING"}


def phases_given(tree: ast.AST) -> list[str]:
    """Phases that are written into an operation, as source text."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    makers = (call for call in calls if isinstance(call.func, ast.Name) and call.func.id in MAKERS)
    return [ast.unparse(one.value) for call in makers for one in call.keywords if one.arg == "phase"]


def saves(tree: ast.AST) -> list[str]:
    """Calls of `operations.save`."""
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    found = (ast.unparse(call.func) for call in calls if isinstance(call.func, ast.Attribute))
    return [text for text in found if text.endswith("operations.save")]


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_writer_gives_an_operation_a_final_phase(path: Path) -> None:
    name, tree = str(path.relative_to(ROOT)), ast.parse(path.read_text("utf-8"))
    if name != WRITER:
        begun = {f"Phase.{phase}" for phase in BEGINNINGS}
        assert [given for given in phases_given(tree) if given not in begun] == []
    if name not in SAVERS:
        assert saves(tree) == []


def test_the_events_and_entries_of_an_end_are_made_for_the_writer_alone() -> None:
    makers = {"finished_event", "finished_entry"}
    users = {
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "app").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and {alias.name for alias in node.names} & makers
    }
    assert users == {WRITER}
