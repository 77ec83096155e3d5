"""What happened: history, operations, events."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any

import typer

from app.cli import output
from app.cli.connection.connecting import connected
from app.cli.environment_commands import AsJson, Name
from app.cli.surface.help_text import ClientCommand, CommandGroup
from app.client import FINAL, Client, Failure

group = CommandGroup(help="Deliveries, rollbacks, heals and refreshes: list, show, logs, terminate.")
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many at most, the newest.")]
OperationName = Annotated[str, typer.Argument(metavar="OPERATION", help="Id of the operation.")]
OneEnvironment = Annotated[str, typer.Argument(metavar="[ENV]", help="Only those of this environment.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes; Ctrl-C ends it.")]
PAUSE_S = 1.0
PAGE = 100


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("history", cls=ClientCommand)(history)
    app.add_typer(group, name="operations")
    app.command("terminate", cls=ClientCommand)(terminate)
    app.command("events", cls=ClientCommand)(events)


def history(name: Name, limit: Limit = 20, as_json: AsJson = False) -> None:
    """List the revisions that were live, newest first; `pushpull rollback` takes any of them.

    Examples:
        pushpull history shop
        pushpull history shop --limit 5 --json
    """
    items = list(islice(connected().pages(f"/environments/{name}/revisions"), limit))
    if as_json:
        output.as_json({"items": items, "next": None})
        return
    rows = [_lived(one) for one in items]
    output.table(("REVISION", "SUBJECT", "STATE", "WENT LIVE", "TRIGGER", "BY"), rows)


def _lived(one: dict[str, Any]) -> list[str]:
    what = output.short(one["revision"]), output.cut(output.escape(one["subject"]), 50), _standing(one)
    return [*what, output.ago(one["live_at"]), one["trigger"], output.escape(one["initiated_by"])]


def _standing(one: dict[str, Any]) -> str:
    """What is known of a revision that was live."""
    bad = (
        f"bad: {output.escape(one['bad_reason'])}" if one["bad"] and one["bad_reason"] else "bad" if one["bad"] else ""
    )
    return ", ".join(
        word for word in ("live" if one["current"] else "", bad or ("good" if one["good"] else "")) if word
    )


@group.command("list")
def list_(
    environment: OneEnvironment = "",
    phase: Annotated[str, typer.Option(help="Such as running, succeeded or failed.")] = "",
    trigger: Annotated[str, typer.Option(help="Such as pipeline, schedule, manual or rollback.")] = "",
    revision: Annotated[str, typer.Option(help="Only those that delivered this revision.")] = "",
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List operations, newest first.

    Examples:
        pushpull operations list
        pushpull operations list shop --phase failed
    """
    found = connected().pages("/operations", environment=environment, phase=phase, trigger=trigger, revision=revision)
    items = list(islice(found, limit))
    if as_json:
        output.as_json({"items": items, "next": None})
        return
    rows = [[one["id"], output.escape(one["environment"]), one["kind"], one["trigger"], output.toned(one["phase"]),
             one["outcome"] or "", output.short(one["revision"] or one["wanted"]), output.ago(one["created_at"])]
            for one in items]  # fmt: skip
    output.table(("ID", "ENVIRONMENT", "KIND", "TRIGGER", "PHASE", "OUTCOME", "REVISION", "ASKED"), rows)


@group.command("show")
def show_(id: OperationName, as_json: AsJson = False) -> None:
    """Show one operation: what was asked, its stages, what changed and how it ended.

    Examples:
        pushpull operations show 01jq0c2k5m
    """
    one = _operation(connected(), id)
    if as_json:
        output.as_json(one)
        return
    stages = [output.stage_line(stage).strip() for stage in one["stages"] if stage["finished_at"]]
    output.fields({
        "operation": f"{one['id']}, {one['kind']} of {output.escape(one['environment'])}",
        "asked": f"{output.ago(one['created_at'])} by {output.escape(one['initiated_by'])} ({one['trigger']})",
        "revision": f"{output.short(one['from_revision'])} to {output.short(one['revision'] or one['wanted'])}  "
                    f"{output.escape(one['subject'])}".strip(),
        "end": output.operation_line(one),
        "stages": ", ".join(" ".join(line.split()) for line in stages) or "-",
    })  # fmt: skip


def _operation(client: Client, id: str) -> dict[str, Any]:
    if not id.isalnum():
        raise Failure(f"'{id}' is no id of an operation; `pushpull operations list` shows them", 2)
    found: dict[str, Any] = client.call("GET", f"/operations/{id}")
    return found


@group.command("logs")
def logs(id: OperationName, follow: Follow = False, as_json: AsJson = False) -> None:
    """Show what an operation did; with --follow to its end, and exit 0 only where it succeeded.

    With --json each entry is a document of its own, one a line.

    Examples:
        pushpull operations logs 01jq0c2k5m
        pushpull operations logs 01jq0c2k5m --follow
    """
    client = connected()
    shown: set[int] = set()
    while True:
        one = _operation(client, id)
        for entry in one["log"]:
            if entry["id"] not in shown:
                shown.add(entry["id"])
                _tell(entry, as_json)
        if not follow or one["phase"] in FINAL:
            break
        time.sleep(PAUSE_S / 2)
    if not as_json:
        output.line(output.operation_line(one))
    if follow and one["phase"] != "succeeded":
        raise typer.Exit(1)


def _tell(event: dict[str, Any], as_json: bool) -> None:
    if as_json:
        output.as_json_line(event)
        return
    where = f"{event['environment']}  " if event.get("environment") else ""
    output.say(f"{event['at'][:19].replace('T', ' ')}  {where}{event['type']}  {event['reason']}".rstrip())


def terminate(id: OperationName, as_json: AsJson = False) -> None:
    """Stop an operation: at once while it is queued, between two files while it runs.

    Examples:
        pushpull terminate 01jq0c2k5m
        pushpull operations terminate 01jq0c2k5m
    """
    client = connected()
    one = client.call("POST", f"/operations/{_operation(client, id)['id']}/termination")
    if as_json:
        output.as_json(one)
        return
    ended = one["phase"] in FINAL
    output.say(f"operation {id} is {one['phase']}" + ("" if ended else f"; it stops: pushpull operations logs {id} -f"))


group.command("terminate")(terminate)


def events(
    environment: OneEnvironment = "",
    follow: Follow = False,
    type: Annotated[list[str] | None, typer.Option("--type", help="Only such events (repeatable).")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """Show the newest events of the ledger, oldest first; with --follow also those that come.

    With --json each event is a document of its own, one a line.

    Examples:
        pushpull events shop
        pushpull events --follow --type operation.finished
    """
    client = connected()
    wanted: dict[str, Any] = {"environment": environment, "type": type or None}
    newest = client.call("GET", "/events", newest=True, limit=min(limit, PAGE), **wanted)["items"]
    for event in newest:
        _tell(event, as_json)
    if follow:
        for event in _coming(client, newest, wanted):
            _tell(event, as_json)


def _coming(client: Client, known: list[dict[str, Any]], wanted: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Events as they are written."""
    last = known[-1]["id"] if known else _last(client)
    while True:
        found = client.call("GET", "/events", after=last, limit=PAGE, **wanted)["items"]
        yield from found
        last = found[-1]["id"] if found else last
        if len(found) < PAGE:
            time.sleep(PAUSE_S)


def _last(client: Client) -> int:
    """The id of the newest event of all."""
    found = client.call("GET", "/events", newest=True, limit=1)["items"]
    return int(found[-1]["id"]) if found else 0
