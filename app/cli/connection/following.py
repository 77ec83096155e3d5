"""An operation on its way: what is told of it, until its end or until nobody waits any more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from app.cli import output
from app.cli.surface.exit_codes import INTERRUPTED
from app.client import FINAL, Client, Failure
from app.wording.operation_words import stage_begun

ACCEPTED_S = 5.0  # within which a revision that does not exist is usually found out


def ended(client: Client, operation: dict[str, Any], timeout_s: float, as_json: bool) -> dict[str, Any]:
    """Follow an operation to its end, telling its stages as they end; its last state."""
    id = operation["id"]
    if not as_json:
        output.say(f"operation {id}  {client.url}/operations/{id}")
    last = operation
    try:
        for state in _told(client, id, timeout_s, as_json):
            last = state
    except KeyboardInterrupt:
        more = f"pushpull operations logs {id} --follow"
        stop = f"pushpull terminate {id}"
        raise Failure(f"operation {id} goes on; follow it with: {more}\n  Stop it with: {stop}", INTERRUPTED) from None
    output.as_json(last) if as_json else output.line(output.operation_line(last))
    return last


def _told(client: Client, id: str, timeout_s: float, as_json: bool) -> Iterator[dict[str, Any]]:
    news = FollowedOperation()
    for last in client.follow(id, timeout_s):
        for line in () if as_json else news.of(last):
            output.say(line)
        yield last


class FollowedOperation:
    """What was told of an operation that is followed, so that each stage and each line of its log is told once."""

    def __init__(self) -> None:
        self._stages: set[str] = set()
        self._event = 0

    def of(self, operation: dict[str, Any]) -> list[str]:
        """The stages that ended, those that go on, and the log's lines, which were not told yet, as they came."""
        ended = [one for one in operation["stages"] if one["finished_at"] and one["name"] not in self._stages]
        self._stages |= {one["name"] for one in ended}
        found = [(one["finished_at"], output.stage_line(one)) for one in ended]
        for event in operation["log"]:
            if event["id"] > self._event:
                found += [(event["at"], f"  {line}") for line in self._lines(event)]
                self._event = event["id"]
        return [line for _, line in sorted(found, key=lambda one: datetime.fromisoformat(one[0]))]

    def _lines(self, event: dict[str, Any]) -> list[str]:
        if event["type"] == "operation.log":
            return str(event["reason"]).split("\n")
        begun = event["type"] == "operation.stage" and event["reason"] not in self._stages
        return [f"{stage_begun(event['reason'])} …"] if begun else []


def asked(client: Client, operation: dict[str, Any], as_json: bool) -> dict[str, Any]:
    """Tell that an operation was asked for, and how to follow it, without waiting for its end."""
    id = operation["id"]
    if as_json:
        output.as_json(operation)
        return operation
    why = f": {operation['reason']}" if operation["reason"] else ""
    output.say(f"operation {id} is {operation['phase']}{why}")
    if operation["phase"] not in FINAL:
        output.say(f"  {client.url}/operations/{id}\n  Follow it: pushpull operations logs {id} --follow")
    return operation


def begun(client: Client, operation: dict[str, Any]) -> dict[str, Any]:
    """An operation once its revision is found or it ended, within `ACCEPTED_S`; what waits for something is not waited
    for."""
    deadline, one = time.monotonic() + ACCEPTED_S, operation
    while one["phase"] not in FINAL and not one["reason"] and not _found(one) and time.monotonic() < deadline:
        time.sleep(0.1)
        one = client.call("GET", f"/operations/{one['id']}")
    return one


def _found(operation: dict[str, Any]) -> bool:
    """Whether what is to be delivered is known."""
    return bool(operation["revision"]) or any(
        one["name"] == "planned" or (one["name"] == "fetched" and one["finished_at"]) for one in operation["stages"]
    )
