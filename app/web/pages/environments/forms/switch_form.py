"""The section "Switch" of an environment's settings: what would change and what carries over, then one click more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.domain.environment import Environment, Mode, RunsOn
from app.domain.errors import Problem
from app.domain.specification.target_address import address, place
from app.services.environments.switching import SwitchPlan
from app.web.pages.form_fields import Line, line
from app.web.pages.visit import Visit
from app.web.rendering import links

OTHER = {Mode.PUSH: Mode.PULL, Mode.PULL: Mode.PUSH}


@dataclass(frozen=True, slots=True)
class Choice:
    """A switch that is a click away. `change`: what is sent; `prospect`: what it would do, where that is known."""

    label: str
    sure: str
    change: Mapping[str, str]
    prospect: SwitchPlan | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A server that somebody has to recognise before a switch to it: what it shows, and what to send once more."""

    told: str
    again: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SwitchForm:
    """What environments/_switch.html gets. `place`: the same place as the other side reaches it, as far as known."""

    mode: Choice
    runs_on: Choice
    to_agent: bool
    place: str
    agents: tuple[tuple[str, str], ...]
    compared: str
    asked: Asked | None = None


def switch_form(visit: Visit, one: Environment, asked: Asked | None = None) -> SwitchForm:
    """Both switches, with what they would do."""
    to, agent = OTHER[one.mode].value, one.runs_on is RunsOn.SERVER
    runs_on = (RunsOn.AGENT if agent else RunsOn.SERVER).value
    words = "an agent" if agent else "this server"
    moves = _prospect(visit, one, {"runs_on": runs_on})
    return SwitchForm(
        mode=Choice(f"Switch to {to}", f"Switch {one.name} to {to}", {"mode": to}, _prospect(visit, one, {"mode": to})),
        runs_on=Choice(f"Move the work to {words}", f"Move {one.name} to {words}", {"runs_on": runs_on}, moves),
        to_agent=agent,
        place=address(moves.after.target) if moves else str(one.target.option("path") or ""),
        agents=_agents(visit),
        compared=links.with_query("/compare", {"environment": one.name, "window": "all"}),
        asked=asked,
    )


def _prospect(visit: Visit, one: Environment, change: Mapping[str, Any]) -> SwitchPlan | None:
    try:
        return visit.use_cases.switching.prospect(one.name, change)
    except Problem:
        return None  # it needs another target first: then the form asks for it


def _agents(visit: Visit) -> tuple[tuple[str, str], ...]:
    return tuple((one.id, one.name) for one in visit.queries.agents.enrolled(visit.who))


@dataclass(frozen=True, slots=True)
class Sent:
    """The fields of both forms; those of a move begin with `move_`."""

    mode: Line = ""
    runs_on: Line = ""
    switch_reason: Line = ""
    move_mode: Line = ""
    move_target: Line = ""
    move_agent: Line = ""
    move_credential: Line = ""
    move_host_key: Line = ""
    move_reason: Line = ""

    def change(self) -> dict[str, Any]:
        """What is wanted. Raises InvalidInput."""
        given = {"mode": line(self.mode or self.move_mode), "runs_on": line(self.runs_on)}
        change: dict[str, Any] = {key: text for key, text in given.items() if text}
        if not line(self.move_target):
            return change
        given = {"credential": line(self.move_credential), "host_key": line(self.move_host_key)}
        return {**change, "target": {**place(self.move_target), **{key: text for key, text in given.items() if text}}}
