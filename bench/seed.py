"""A database as a large installation has it after three months, written in bulk: no service could do it in time."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table

from app.domain.environment import Policy
from app.domain.specification.environment_fields import policy_dict
from app.store import open_engine, tables, upgrade
from app.store.columns import micros
from bench.loading import Rows, loader

REQUEST = (
    """{"noticed_at":null,"visible_after":null,"pipeline":null,"allow_older":false,"left_revision":null,"""
    """"retry_of":null,"reason":""}"""
)
DETAIL = '{"paths":[{"path":"app/index.html","action":"update"}],"unsupported":[]}'
DAY = timedelta(days=1)
SPAN = 90 * DAY
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TEAMS, TIERS = ("web", "data", "core", "edge"), ("prod", "stage", "test")
STAGES = ("committed", "visible", "noticed", "fetched", "planned", "applied", "healthy")
BAD = (("failed", "refused"), ("error", "failed"), ("superseded", "superseded"))
OUTCOMES = (("succeeded", "deployed"),) * 17 + BAD


class Seed:
    """`environments` environments with `each` operations, ending now."""

    def __init__(self, environments: int, each: int) -> None:
        self._count, self._each = environments, each
        self._now = datetime.now(UTC)
        self._chance = random.Random(7)  # the same every time

    def into(self, url: str) -> None:
        """Fill an empty database."""
        engine = open_engine(url)
        upgrade(engine)
        engine.dispose()
        with loader(url) as load:
            for table, rows in self._tables():
                load.fill(table, rows)

    def _tables(self) -> Iterator[tuple[Table, Rows]]:
        yield tables.environments, self._environments()
        yield tables.labels, self._labels()
        yield tables.operations, self._operations()
        yield tables.days, self._days()
        yield tables.history, self._history()
        yield tables.episodes, self._episodes()
        yield tables.events, self._events()

    def name(self, number: int) -> str:
        """Of an environment."""
        return f"{TEAMS[number % 4]}-{number:05d}-{TIERS[number % 3]}"

    def _at(self, back: timedelta) -> int:
        return micros(self._now - back)

    def _state(self, number: int) -> tuple[str, str, int]:
        """(sync, health, drifted files): one in a hundred needs somebody."""
        return {3: ("OutOfSync", "Healthy", 2), 7: ("OutOfSync", "Healthy", 0), 9: ("Synced", "Degraded", 0)}.get(
            number % 200, ("Synced", "Healthy", 0)
        )

    def _environments(self) -> Rows:
        policy = _text(policy_dict(Policy()))
        for number in range(self._count):
            sync, health, drifted = self._state(number)
            sha, seen = f"{number:040x}", self._at(timedelta(seconds=number % 300))
            live = self._at(timedelta(hours=number % 700))
            need = int(bool(drifted) or health == "Degraded")
            divergence = None if sync == "Synced" else "drift" if drifted else "new_revision"
            yield (
                number + 1, self.name(number), _mode(number), "server", None, None,
                f"https://git.example/shop-{number % 200}.git", "main", "deploy", None, "", "directory",
                _text({"path": f"/srv/{number}", "layout": "in_place"}), policy,
                _text({"team": TEAMS[number % 4], "tier": TIERS[number % 3]}), 60, self._at(SPAN), 1, None, None, None,
                need, sync, health, divergence, sha, f"Change {number}", "Ann Author", live, sha, live, sha,
                seen, self._at(-DAY), 40 + number % 900, drifted, None, "deployed", "3 paths differ", live, sha, 0, "",
            )  # fmt: skip

    def _labels(self) -> Rows:
        for number in range(self._count):
            yield number + 1, "team", TEAMS[number % 4]
            yield number + 1, "tier", TIERS[number % 3]

    def _operations(self) -> Rows:
        """In the order of their ids, as they were written."""
        step = SPAN / self._each / self._count
        for number in range(self._each * self._count):
            environment = number % self._count
            yield self._operation(number, environment, self._now - SPAN + number * step)

    def _operation(self, number: int, environment: int, at: datetime) -> tuple[Any, ...]:
        phase, outcome = OUTCOMES[number % 20]
        kind = "refresh" if number % 5 == 4 else "sync"
        if kind == "refresh":
            phase, outcome = "succeeded", "compared"
        mode, started = _mode(environment), micros(at)
        trigger, by = ("pipeline", "token:ci") if mode == "push" else ("schedule", "system:schedule")
        second = 1_000_000
        took = 500_000 + number % 900 * 10_000
        text = at.isoformat()
        ends = tuple(started + took * part // 7 for part in range(-3, 5))
        return (
            _id(at, number), environment + 1, self.name(environment), mode, kind, trigger, phase, outcome,
            f"{number:040x}", f"{number - self._count:040x}", f"{number:040x}", "A change", "Ann Author", by,
            "3 paths differ from Git", started, started + second // 10, started + took, ends[0], ends[0], *ends[1:],
            False, REQUEST, f'[["planned","{text}","{text}"],["applied","{text}","{text}"]]',
            1, 2, 0, 40, 3, 3, None, None, None,
            DETAIL,
        )  # fmt: skip

    def _days(self) -> Rows:
        today = self._now.date()
        for number in range(self._count):
            for back in range(0, 60, 1 + number % 3):
                day = today - timedelta(days=back)
                yield number + 1, day, 1 + number % 4, int((number + back) % 40 == 0)

    def _history(self) -> Rows:
        for number in range(self._count * 3):
            environment, part = number // 3, number % 3
            live, left = self._at((3 - part) * DAY), None if part == 2 else self._at((2 - part) * DAY)
            yield (
                number + 1, environment + 1, f"{environment:040x}", "A change", "Ann Author", live, "a" * 40,
                live, left, True, _id(self._now - SPAN, number), "deployed", "token:ci", "pipeline",
            )  # fmt: skip

    def _episodes(self) -> Rows:
        for number in range(self._count):
            if number % 4:
                continue
            drifting = self._state(number)[2] > 0
            found = self._at(timedelta(hours=self._chance.randrange(5, 2000)))
            ended = None if drifting else found + 3_600_000_000
            yield (
                number + 1, number + 1, self.name(number), _mode(number), f"{number:040x}", found - 10, found, "[]", 2,
                None, "", ended, None if drifting else "healed", "" if drifting else "system:self-heal", None,
            )  # fmt: skip

    def _events(self) -> Rows:
        """Every tenth operation's end, and decisions."""
        for number in range(self._count * self._each // 10):
            at = self._now - SPAN + number * (SPAN / max(1, self._count * self._each // 10))
            environment = number % self._count
            kind = "decision" if number % 3 == 0 else "operation.finished"
            data = {"mode": _mode(environment), "outcome": "no_op", "trigger": "schedule", "kind": "sync"}
            yield (
                number + 1, micros(at), self.name(environment), environment + 1, None, kind, "no news", _text(data),
                None,
            )  # fmt: skip


def _mode(number: int) -> str:
    return "push" if number % 2 else "pull"


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _id(at: datetime, number: int) -> str:
    """Like a ULID: ten digits of time, then what makes it unique."""
    time, digits = int(at.timestamp() * 1000), []
    for _ in range(10):
        time, digit = divmod(time, 32)
        digits.append(DIGITS[digit])
    return f"{''.join(reversed(digits))}{number:016d}"
