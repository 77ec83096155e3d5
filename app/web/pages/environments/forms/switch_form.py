"""The section "Switch" of an environment's settings: it shows the changes and what carries over before the switch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

from app.domain.environment import Environment, Mode, RunsOn
from app.domain.errors import InvalidInput, Problem
from app.domain.specification.kind_catalogue import KindCatalogue
from app.domain.specification.target_kind import FieldWords, TargetKind
from app.services.environments.switching import SwitchPlan
from app.web.pages.form_fields import line
from app.web.rendering import links
from app.web.requests.visit import Visit

MOVE = "move_"
LONGEST = 2000
OTHER = {Mode.PUSH: Mode.PULL, Mode.PULL: Mode.PUSH}


@dataclass(frozen=True, slots=True)
class Choice:
    """A proposed switch. `change`: the fields that the form sends; `prospect`: its plan, None if that is not known."""

    label: str
    sure: str
    change: Mapping[str, str]
    prospect: SwitchPlan | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to confirm a server before a switch to it: its fingerprints, and the fields to send again."""

    question: str
    words: str
    again: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SwitchForm:
    """What environments/_switch.html gets. `place`: the same place as the other side reaches it, as far as known;
    `forms`: how an address is written there; `beside`: inputs for what no address says, by name."""

    mode: Choice
    runs_on: Choice
    to_agent: bool
    place: str
    forms: str
    beside: tuple[tuple[str, FieldWords], ...]
    agents: tuple[tuple[str, str], ...]
    compared: str
    asked: Asked | None = None


def switch_form(visit: Visit, one: Environment, asked: Asked | None = None) -> SwitchForm:
    """Both switches, with what they would do."""
    to, agent = OTHER[one.mode].value, one.runs_on is RunsOn.SERVER
    runs_on = (RunsOn.AGENT if agent else RunsOn.SERVER).value
    words = "an agent" if agent else "this server"
    moves = _prospect(visit, one, {"runs_on": runs_on})
    kinds = visit.queries.targets.kinds()
    there = kinds.that_run_on(RunsOn.AGENT if agent else RunsOn.SERVER)
    return SwitchForm(
        mode=Choice(f"Switch to {to}", f"Switch {one.name} to {to}", {"mode": to}, _prospect(visit, one, {"mode": to})),
        runs_on=Choice(f"Move the work to {words}", f"Move {one.name} to {words}", {"runs_on": runs_on}, moves),
        to_agent=agent,
        place=kinds.address(moves.after.target) if moves else kinds.path(one.target),
        forms=_forms(there, "there" if agent else "here"),
        beside=tuple(_beside(there)),
        agents=_agents(visit),
        compared=links.with_query("/compare", {"environment": one.name, "window": "all"}),
        asked=asked,
    )


def _forms(kinds: Iterable[TargetKind], where: str) -> str:
    """The accepted forms of an address: "A directory here, or ssh://user@host/path"."""
    words = ", or ".join(one.address.short if one.address.scheme else f"{one.address.short} {where}" for one in kinds)
    return words[:1].upper() + words[1:]


def _beside(kinds: Iterable[TargetKind]) -> Iterator[tuple[str, FieldWords]]:
    """What a target needs besides its address, the same name of several kinds once."""
    seen = set[str]()
    for one in (one for kind in kinds for one in kind.fields):
        if one.beside and one.name not in seen:
            seen.add(one.name)
            yield f"{MOVE}{one.name}", one.beside


def _prospect(visit: Visit, one: Environment, change: Mapping[str, Any]) -> SwitchPlan | None:
    try:
        return visit.use_cases.switching.prospect(one.name, change)
    except Problem:
        return None  # it needs another target first: then the form asks for it


def _agents(visit: Visit) -> tuple[tuple[str, str], ...]:
    return tuple((one.id, one.name) for one in visit.queries.agents.enrolled(visit.who))


@dataclass(frozen=True, slots=True)
class Sent:
    """The fields of both forms; those of a move begin with `move_`. `beside`: fields of the target that its address
    does not say, by their names in the kind."""

    mode: str = ""
    runs_on: str = ""
    switch_reason: str = ""
    move_mode: str = ""
    move_target: str = ""
    move_agent: str = ""
    move_reason: str = ""
    beside: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, kinds: KindCatalogue, form: Mapping[str, Any]) -> Self:
        """The fields that a browser sent. Raises InvalidInput for a text that is too long."""
        names = {one.name for kind in kinds.values() for one in kind.fields if one.beside or one.pin}
        own = {one.name for one in fields(cls)} - {"beside"}
        given = {name: str(text) for name, text in form.items() if isinstance(text, str)}
        wrong = {name: f"must be at most {LONGEST} characters" for name, text in given.items() if len(text) > LONGEST}
        if wrong:
            raise InvalidInput(fields=wrong)
        texts = {name: line(text) for name, text in given.items()}
        beside = {name: texts[f"{MOVE}{name}"] for name in names if texts.get(f"{MOVE}{name}")}
        return cls(**{name: text for name, text in texts.items() if name in own}, beside=beside)

    def change(self, kinds: KindCatalogue) -> dict[str, Any]:
        """The requested switch as a change of the specification. Raises InvalidInput."""
        given = {"mode": self.mode or self.move_mode, "runs_on": self.runs_on}
        change: dict[str, Any] = {key: text for key, text in given.items() if text}
        return {**change, "target": {**kinds.located(self.move_target), **self.beside}} if self.move_target else change

    def again(self, **beside: str) -> dict[str, str]:
        """The same fields to send again, with these values beside the address."""
        own = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "beside"}
        texts = own | {f"{MOVE}{name}": text for name, text in {**self.beside, **beside}.items()}
        return {name: text for name, text in texts.items() if text}
