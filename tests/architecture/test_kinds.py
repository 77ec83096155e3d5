"""Kinds of target are data: no module outside a kind's own folder knows one by its name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.environment import RunsOn
from app.domain.specification.kind_catalogue import KindCatalogue
from app.domain.specification.reader import FieldReader
from app.domain.specification.target_kind import TARGET, FieldType, TargetField, TargetKind
from app.domain.specification.target_options import read_options
from app.targets.memory.memory_kind import MEMORY
from app.targets.target_registry import CATALOGUE
from app.web.api.target_schema import target_schemas
from tests.support.sample_objects import SAMPLE_OBJECTS

ROOT = Path(__file__).resolve().parents[2]
NAMES = {*CATALOGUE, MEMORY.name}
FOLDERS = {f"app/targets/{name.replace('-', '_')}/" for name in NAMES}
OWN_FIELDS = {"layout", "keep_releases", "host_key", "jump"}  # nothing else in PushPull is called so
# "ssh" is also the name of OpenSSH's program and a scheme of Git's addresses.
OTHER_MEANINGS = ("app/ssh/", "app/sources/remote/")
MODULES = sorted((ROOT / "app").rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
EVERY = (*CATALOGUE.values(), MEMORY, SAMPLE_OBJECTS)


def foreign(path: Path) -> bool:
    """Whether a module lies outside the kinds' folders, and means kinds where it says their names."""
    shown = path.relative_to(ROOT).as_posix()
    return not shown.startswith(OTHER_MEANINGS) and not shown.startswith(tuple(FOLDERS))


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Every text that a module holds, with its line."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def test_the_folder_of_each_kind_exists() -> None:
    assert [folder for folder in FOLDERS if not (ROOT / folder).is_dir()] == []


def test_no_module_outside_its_folder_names_a_kind() -> None:
    named = [
        f"{path.relative_to(ROOT)}:{line} {text!r}"
        for path in MODULES if foreign(path)
        for line, text in texts(path) if text in NAMES
    ]  # fmt: skip
    assert named == [], "read the kind's description there; if the word means something else, rename the kind"


def test_no_module_outside_its_folder_knows_what_only_a_kind_has() -> None:
    shared = ("app/ssh/", "app/targets/files/")
    named = [
        f"{path.relative_to(ROOT)}:{line} {text!r}"
        for path in MODULES if foreign(path) and not path.relative_to(ROOT).as_posix().startswith(shared)
        for line, text in texts(path) if set(re.split(r"[.\s]", text)) & OWN_FIELDS and " " not in text
    ]  # fmt: skip
    assert named == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_no_template_names_a_kind(path: Path) -> None:
    found = re.findall(r"""["'](\w+)["']""", path.read_text("utf-8"))
    assert set(found) & (NAMES | OWN_FIELDS) == set()


def every_field(kind: TargetKind) -> Iterator[TargetField]:
    for section in kind.sections():
        yield from section.fields


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.name)
def test_a_description_is_complete(kind: TargetKind) -> None:
    names = {field.name for field in kind.fields}
    identity = {name for _, name, _, _ in Formatter().parse(kind.identity) if name}
    assert identity <= names, "identity names fields"
    parts = {kind.address.host, kind.address.port, kind.address.user, kind.address.path}
    assert parts - {""} <= names, "the address fills fields"
    assert kind.runs_on, "it may run somewhere"
    assert kind.help.endswith("."), "one sentence"
    for field in every_field(kind):
        assert field.label, field.name
        assert (field.type is FieldType.CHOICE) == bool(field.choices), field.name
        assert field.type is not FieldType.NUMBER or field.low < field.high, field.name
        assert not (field.credential and field.pin), field.name
    for section in kind.sections():
        beside = {field.name for field in section.fields}
        for field in section.fields:
            assert {field.when[0] if field.when else field.name} <= beside
            assert set(field.pin.of if field.pin else ()) <= beside
        assert section.place == TARGET or section.noun, "a group has a noun"


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.name)
def test_what_openapi_shows_as_an_example_is_allowed(kind: TargetKind) -> None:
    (example,) = target_schemas(KindCatalogue([kind]))["TargetBody"]["examples"]
    assert example.pop("kind") == kind.name
    reader = FieldReader(example, TARGET)
    read_options(reader, kind.fields)
    assert reader.errors == {}, "a required text field has a placeholder: it is the example"


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.name)
def test_the_example_of_an_address_is_read_back_and_written_the_same(kind: TargetKind) -> None:
    example = kind.address.example.replace(":port", ":2222")
    found = kind.address.read(example)
    assert found is not None
    assert kind.address.write(found) == example
    assert not any(one.address.read(example) is not None for one in EVERY if one is not kind)


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.name)
@given(data=st.data())
def test_whatever_is_written_on_one_line_is_read_back_the_same(kind: TargetKind, data: st.DataObject) -> None:
    form, text = kind.address, st.text(min_size=1)
    hosts = (st.sampled_from(["Kite", "a?b", "a/b", "a@b", "a:1", "a#b", "a%41b", "::1", "[x]", " a "]) | text).map(
        lambda host: host.lower() if form.hostname else host
    )
    values = {
        form.host: hosts,
        form.port: st.integers(1, 65535),
        form.user: text,
        form.path: (st.sampled_from(["a?b", "a#b", "a%20b", "a b ", "c://d", "/e", "f\tg"]) | text).map("/".__add__),
    }
    required = {field.name for field in kind.fields if field.required}
    found = {
        name: data.draw(values[name]) for name in values if name and (name in required or data.draw(st.booleans()))
    }
    written = form.write(found)
    assert form.read(written) == {
        name: value for name, value in found.items() if (name, value) != (form.port, form.usual_port)
    }
    assert not any(one.address.read(written) is not None for one in EVERY if one is not kind)


def test_only_a_machine_is_called_the_same_in_capitals() -> None:
    assert CATALOGUE.located("ssh://deploy@WEB1.example.com/srv/Shop")["host"] == "web1.example.com"
    assert SAMPLE_OBJECTS.address.read("sample://Kite") == {"name": "Kite"}
    for text in ("sample://a?b", "sample://a#b", "sample://a@b", "sample://a:1", "sample://a/b", "sample://"):
        assert SAMPLE_OBJECTS.address.read(text) is None, "part of it would be lost"


def test_something_may_run_on_either_side() -> None:
    assert all(CATALOGUE.that_run_on(side) for side in (RunsOn.SERVER, RunsOn.AGENT))
