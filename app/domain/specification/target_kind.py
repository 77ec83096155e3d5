"""A kind of target as data: its fields, its words, its address and what makes two targets the same place.

Form, command line, OpenAPI, switch, comparison and documentation read this description, so that no module outside a
kind's own folder names a kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from string import Formatter
from typing import Any

from app.domain.environment import RunsOn
from app.domain.specification.target_address import AddressForm

TARGET = "target"


class FieldType(StrEnum):
    """How a field's value is written: a line, a whole number, one of some words, or an object with fields."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    GROUP = "group"


class Takes(StrEnum):
    """What a target is made to equal: files of a tree, or objects (JSON documents by key)."""

    FILES = "files"
    OBJECTS = "objects"


@dataclass(frozen=True, slots=True)
class FieldWords:
    """A field's label and its line of help, where they differ from the usual ones."""

    label: str
    help: str = ""


@dataclass(frozen=True, slots=True)
class Pin:
    """A value that is looked up at the place itself when it is not given, shown to a person, and kept from then on.

    `of`: the fields beside it whose address it belongs to, the first one required. `question`, `compare` and `title`
    are what a page asks; `hint` is what the command line says, with "{}" for the fingerprint."""

    of: tuple[str, ...]
    noun: str
    title: str
    question: str
    compare: str
    hint: str
    fingerprint: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class TargetField:
    """One field of a kind. A secret is never a field: a field with `credential` names a stored one of those kinds.

    `choices`: (value, words). `when`: another field and the value that it must have for this one to count. `row`:
    neighbours with the same row stand beside each other. `on_agent`: words where an agent does the work. `beside`:
    words where the field is asked for beside an address on one line. `noun`: what a group describes ("jump host")."""

    name: str
    label: str
    help: str = ""
    type: FieldType = FieldType.TEXT
    default: str | int | None = None
    placeholder: str = ""
    required: bool = False
    limit: int = 2000
    low: int = 0
    high: int = 0
    choices: tuple[tuple[str, str], ...] = ()
    when: tuple[str, str] | None = None
    row: str = ""
    on_agent: FieldWords | None = None
    beside: FieldWords | None = None
    credential: tuple[str, ...] = ()
    pin: Pin | None = None
    noun: str = ""
    fields: tuple[TargetField, ...] = ()

    def words(self, runs_on: RunsOn) -> FieldWords:
        """Label and help, by where the work is done."""
        return self.on_agent if self.on_agent and runs_on is RunsOn.AGENT else FieldWords(self.label, self.help)

    @property
    def fingerprint(self) -> str:
        """The read-only field that shows a pinned value as people compare it."""
        return f"{self.name}_fingerprint"


@dataclass(frozen=True, slots=True)
class Section:
    """Fields that stand together, and their dotted place: the target's own, and those of each group in it."""

    place: str
    noun: str
    fields: tuple[TargetField, ...]

    def options(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """This section's part of a target's options; empty where it is left out."""
        name = self.place.removeprefix(TARGET).removeprefix(".")
        found = options.get(name) if name else options
        return found if isinstance(found, Mapping) else {}


@dataclass(frozen=True, slots=True)
class CredentialUse:
    """A stored credential that a target names. `field`: where; `of`: what it is for ("target", "jump host"); `kinds`:
    the kinds of credential that fit."""

    field: str
    of: str
    name: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TargetFact:
    """What people want to know about a target: a title and a text. `pinned`: to be compared before it is trusted."""

    title: str
    text: str
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Leftover:
    """A sentence on what stays at an old place ("{place}") where a field has this value (or is left out and has it as
    default). `switched`: said only of a switch, which takes the rest along."""

    text: str
    when: tuple[str, str]
    switched: bool = False


@dataclass(frozen=True, slots=True)
class TargetKind:
    """A kind of target. `identity`: a text with fields in braces; targets for which it reads the same are one place,
    with one inventory, however they are reached. `nouns`: one and many of what is delivered. `runs_on`: where the work
    for such a target may be done."""

    name: str
    title: str
    help: str
    fields: tuple[TargetField, ...]
    identity: str
    address: AddressForm
    title_on_agent: str = ""
    takes: Takes = Takes.FILES
    nouns: tuple[str, str] = ("file", "files")
    runs_on: tuple[RunsOn, ...] = (RunsOn.SERVER,)
    leftovers: tuple[Leftover, ...] = ()

    def place(self, options: Mapping[str, Any]) -> str:
        """What the inventory belongs to: the same text for the same place."""
        named = (name for _, name, _, _ in Formatter().parse(self.identity) if name)
        return self.identity.format(**{name: self.value(options, name) for name in named})

    def value(self, options: Mapping[str, Any], name: str) -> Any:
        """A field's value, or its default."""
        return options.get(name) or next((one.default for one in self.fields if one.name == name), None)

    def title_on(self, runs_on: RunsOn) -> str:
        """The title, by where the work is done."""
        return self.title_on_agent if self.title_on_agent and runs_on is RunsOn.AGENT else self.title

    @property
    def place_field(self) -> str:
        """The field at which a mistake about the place itself is shown."""
        return f"{TARGET}.{self.address.path or self.address.host or 'kind'}"

    def leaves(self, options: Mapping[str, Any], switched: bool) -> Iterator[str]:
        """What stays at a place that is no longer this target's, in sentences with "{place}" for its address."""
        for one in self.leftovers:
            name, value = one.when
            if self.value(options, name) == value and (switched or not one.switched):
                yield one.text

    def sections(self) -> Iterator[Section]:
        """The target's own fields, then those of each group."""
        yield Section(TARGET, TARGET, tuple(one for one in self.fields if one.type is not FieldType.GROUP))
        for group in self.fields:
            if group.type is FieldType.GROUP:
                yield Section(f"{TARGET}.{group.name}", group.noun, group.fields)

    def credentials(self, options: Mapping[str, Any]) -> Iterator[CredentialUse]:
        """The credentials that a target is reached with."""
        for section in self.sections():
            given = section.options(options)
            for one in section.fields:
                if one.credential and given.get(one.name):
                    yield CredentialUse(
                        f"{section.place}.{one.name}", section.noun, str(given[one.name]), one.credential
                    )

    def pins(self, options: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
        """The pinned values of a target, each after the address that it belongs to."""
        for section in self.sections():
            given = section.options(options)
            for one in section.fields:
                if one.pin and given.get(one.name):
                    yield (*(given.get(name) for name in one.pin.of), given[one.name])

    def shared_with(self, other: TargetKind) -> Iterator[str]:
        """Fields that describe the same place in another kind: what both have, but not how it is logged in to."""
        theirs = {one.name for one in other.fields}
        for one in self.fields:
            if one.name in theirs and not one.credential and one.pin is None:
                yield one.name
