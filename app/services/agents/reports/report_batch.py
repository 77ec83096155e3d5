"""Batches of reports: parsed, checked against the hash chain, and sanitised for storage."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from app.domain.agents.protocol import Agent, Clocks, link_hash
from app.domain.errors import InvalidInput, ReportRefused
from app.domain.masking import mask

MOST = 1000  # reports in a batch
LONGEST = 40_000  # characters of one text: a masked diff
WIDEST, DEEPEST = 5000, 8
FURTHEST_S, FIRST_YEAR, LAST_YEAR = 1e10, 1970, 3000
LARGEST = 2**62
ACTOR = re.compile(r"((?:\bby |\A)(?:user|token|agent|system):[\w.-]{1,63}(?![\w.-]))")
PLAIN = 12  # shorter texts hold no secret worth masking
UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Arrived:
    """A received report. This version may not know its kind; its hash covers `data`."""

    seq: int
    at: datetime
    mono_s: float
    boot: str
    environment: int
    kind: str
    data: Mapping[str, Any]
    hash: str

    def follows(self, previous: str) -> bool:
        """Whether the report's hash is right for its content and the hash `previous`."""
        facts = (self.seq, self.at, self.mono_s, self.boot, self.environment, self.kind, self.data)
        return link_hash(previous, facts) == self.hash


@dataclass(frozen=True, slots=True)
class Batch:
    """Reports that were sent together, with the agent's clocks when they were. `fit`: their data as it may be kept."""

    sent_at: datetime
    mono_s: float
    boot: str
    offset_s: float | None
    offset_error_s: float | None
    reports: tuple[Arrived, ...]
    fit: tuple[Mapping[str, Any], ...]

    def clocks(self, now: datetime) -> Clocks:
        """The agent's clocks and ours. The measured offset counts, unless the batch itself shows that it is wrong."""
        gap = (now - self.sent_at).total_seconds()
        return Clocks(self.sent_at + timedelta(seconds=self.offset(gap)), self.sent_at, self.mono_s, self.boot)

    def offset(self, gap: float) -> float:
        """What to add to the agent's clock. A batch takes a while to arrive, but never arrives before it was sent."""
        error = self.offset_error_s or 0.0
        if self.offset_s is None or not -error - 1 <= gap - self.offset_s <= error + 30:
            return gap
        return self.offset_s


def read(body: Mapping[str, Any]) -> Batch:
    """A batch from its JSON. Raises InvalidInput: what cannot be read cannot be chained either."""
    listed = body.get("reports")
    if not isinstance(listed, list) or len(listed) > MOST:
        raise InvalidInput(fields={"reports": f"must be a list of at most {MOST}"})
    reports = tuple(_arrived(one, f"reports.{number}") for number, one in enumerate(listed))
    return Batch(
        sent_at=_time(body, "sent_at", ""),
        mono_s=_number(body, "mono_s", ""),
        boot=_text(body, "boot", ""),
        offset_s=_number(body, "offset_s", "") if body.get("offset_s") is not None else None,
        offset_error_s=abs(_number(body, "offset_error_s", "")) if body.get("offset_error_s") is not None else None,
        reports=reports,
        fit=tuple(fit(one.data) for one in reports),
    )


def new_ones(agent: Agent, reports: Sequence[Arrived]) -> int:
    """The number of leading reports that are stored already. Raises ReportRefused if the rest does not follow on."""
    for before, after in pairwise(reports):
        if after.seq != before.seq + 1:
            raise ReportRefused(f"Report {after.seq} came after {before.seq}: reports come in order, none left out.")
    known = [one for one in reports if one.seq <= agent.reported]
    if known and (known[-1].seq < agent.reported or known[-1].hash != agent.chain):
        raise ReportRefused(f"Report {known[-1].seq} was taken in already, and what came after it is known.")
    fresh = reports[len(known) :]
    if fresh and fresh[0].seq != agent.reported + 1:
        raise ReportRefused(f"Report {fresh[0].seq} does not follow on from {agent.reported}.")
    previous = agent.chain
    for one in fresh:
        if not one.follows(previous):
            raise ReportRefused(
                f"Report {one.seq} is not what its hash says, or does not follow on from the one before."
            )
        previous = one.hash
    return len(known)


def fit(value: Any, depth: int = 0) -> Any:
    """A JSON value safe to store and show: secrets masked, size bounded, control characters removed."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping) and depth < DEEPEST:
        return {clean(str(key))[:200]: fit(one, depth + 1) for key, one in list(value.items())[:WIDEST]}
    if isinstance(value, list) and depth < DEEPEST:
        return [fit(one, depth + 1) for one in value[:WIDEST]]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return value if math.isfinite(value) and abs(value) < LARGEST else None
    return None


def clean(text: str) -> str:
    """A text without control characters, cut and masked. Who did something ("by token:ci") is no secret."""
    cut = UNFIT.sub("", text[:LONGEST])
    if len(cut) <= PLAIN:
        return cut
    between = iter(ACTOR.split(cut))
    return mask(next(between)) + "".join(actor + mask(rest) for actor, rest in zip(between, between, strict=True))


def _arrived(one: Any, at: str) -> Arrived:
    if not isinstance(one, Mapping):
        raise InvalidInput(fields={at: "must be an object"})
    data = one.get("data")
    if not isinstance(data, Mapping):
        raise InvalidInput(fields={f"{at}.data": "must be an object"})
    _check_numbers(data, f"{at}.data")
    seq, environment = (_whole(one, name, at) for name in ("seq", "environment"))
    boot, kind, hash = (_text(one, name, at) for name in ("boot", "kind", "hash"))
    return Arrived(seq, _time(one, "at", at), _number(one, "mono_s", at), boot, environment, kind, data, hash)


def _check_numbers(data: Mapping[str, Any], at: str) -> None:
    """Raise InvalidInput for a number that no database and no page can hold; no agent of any version sends one."""
    waiting: list[Any] = [data]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, int | float) and not (math.isfinite(one) and abs(one) < LARGEST):
            raise InvalidInput(fields={at: "holds a number out of bounds"})


def _place(name: str, at: str) -> str:
    return f"{at}.{name}" if at else name


def _whole(values: Mapping[str, Any], name: str, at: str) -> int:
    found = values.get(name)
    if type(found) is not int or not 0 <= found < 2**62:
        raise InvalidInput(fields={_place(name, at): "must be a whole number"})
    return found


def _number(values: Mapping[str, Any], name: str, at: str) -> float:
    found = values.get(name)
    if type(found) not in (int, float) or not math.isfinite(found) or abs(found) > FURTHEST_S:  # type: ignore[arg-type]
        raise InvalidInput(fields={_place(name, at): "must be a number of seconds within 300 years"})
    return float(found)  # type: ignore[arg-type]


def _text(values: Mapping[str, Any], name: str, at: str) -> str:
    found = values.get(name)
    if not isinstance(found, str) or len(found) > 100:
        raise InvalidInput(fields={_place(name, at): "must be a short text"})
    return found


def _time(values: Mapping[str, Any], name: str, at: str) -> datetime:
    given = values.get(name)
    try:
        found = given if isinstance(given, datetime) else datetime.fromisoformat(_text(values, name, at))
        moment = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
        if FIRST_YEAR <= moment.year <= LAST_YEAR:  # with any offset that is taken in, it stays a time
            return moment
        raise ValueError
    except (ValueError, OverflowError):
        raise InvalidInput(fields={_place(name, at): "must be a time such as 2026-11-23T15:04:05Z"}) from None
