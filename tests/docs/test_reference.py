"""Documentation that cannot lie: generated pages are current, links lead somewhere, words are explained."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.domain.environment import Policy
from app.domain.external import SYSTEMS
from app.domain.operation import Trigger
from app.domain.webhook import PROVIDERS
from docs.reference import PAGES

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_are_current(name: str) -> None:
    stored = (ROOT / "docs" / name).read_text("utf-8")
    assert stored == PAGES[name]().rstrip() + "\n", "run `make docs`"


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
    local = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_every_policy_field_trigger_and_provider_is_explained() -> None:
    text = (ROOT / "docs" / "concepts.md").read_text("utf-8")
    assert [name for name in Policy.__dataclass_fields__ if f"| `{name}` |" not in text] == []
    assert [one.value for one in Trigger if one.value not in text and one is not Trigger.AGENT] == []
    assert [name for name in PROVIDERS if f"| {name} |" not in text] == []


def test_every_system_that_delivers_in_our_place_is_explained_with_its_proof() -> None:
    lines = (ROOT / "docs" / "external.md").read_text("utf-8").splitlines()
    rows = {name: next((line for line in lines if line.startswith(f"| {name} |")), "") for name in SYSTEMS}
    proofs = {name: [proof.name for proof in one.proofs] for name, one in SYSTEMS.items()}
    assert [name for name, row in rows.items() if not any(proof in row.lower() for proof in proofs[name])] == []


def test_decisions_name_a_test_that_exists() -> None:
    for page in (ROOT / "docs" / "decisions").glob("0*.md"):
        named = re.findall(r"`(tests/[\w/*.]+)`", page.read_text("utf-8"))
        assert named, page.name
        assert [one for one in named if not list(ROOT.glob(one.rstrip("/")))] == [], page.name


def test_every_extension_point_names_a_table_and_a_test_that_exist() -> None:
    rows = re.findall(r"^\| [a-z ]+ \|.*\|$", (ROOT / "docs" / "extending.md").read_text("utf-8"), re.MULTILINE)
    rows = [row for row in rows if not row.startswith("| what |")]
    assert len(rows) >= 10
    for row in rows:
        assert re.search(r"`tests/[\w/]+\.py`", row), row
        assert [one for one in re.findall(r"`((?:app|tests)/[\w/.]+)`", row) if not (ROOT / one).exists()] == []
        place = row.split("|")[2]
        (module, *_) = re.findall(r"`(app/[\w/.]+)`", place)
        code = (ROOT / module).read_text("utf-8") if module.endswith(".py") else ""
        assert [one for one in re.findall(r"`([A-Za-z]+)`", place) if one not in code] == []


def test_every_class_of_flaws_has_a_row_and_every_test_named_there_exists() -> None:
    text = (ROOT / "docs" / "security.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \|.*\|$", text, re.MULTILINE)
    assert [int(number) for number in rows] == list(range(1, 29))
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", text)
    assert len(named) == text.count("`tests/")
    missing = [(file, name) for file, name in named if f"def {name}(" not in (ROOT / file).read_text("utf-8")]
    assert missing == []
    modules = re.findall(r"`(app/[\w/.]+)`", text)
    assert [one for one in modules if not (ROOT / one).exists()] == []
