"""Push, refresh, drift, roll back, hold, compare."""

from __future__ import annotations

import os
import re
from typing import Annotated, Any

import typer

from app.cli import output
from app.cli.connection.connecting import connected
from app.cli.connection.following import asked, begun, ended
from app.cli.environment_commands import AsJson, Name
from app.cli.surface.help_text import ClientCommand
from app.client import Client, Failure
from app.wording.quantities import secrets_in_words
from app.wording.visible_text import visible

LOST = ("failed", "error", "terminated", "superseded")
LOCAL = re.compile(r"[~^]|@\{|\A@\Z")  # in no name of a branch or tag, so it asks for reckoning
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Follow it to its end; default is not to.")]
Timeout = Annotated[float, typer.Option(help="Seconds to wait at most.")]
Reason = Annotated[str, typer.Option("--reason", "-m", help="Why; kept in the ledger.")]
HELD = "held from the command line"
OverrideHold = Annotated[bool, typer.Option("--override-hold", help="Also under a hold; whose it was is written down.")]
Paths = Annotated[list[str] | None, typer.Argument(metavar="[PATH...]", help="Drifted paths; default is all of them.")]
Expires = Annotated[str | None, typer.Option("--expires-at", help="RFC 3339 time at which the hold ends.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    for name, command in (
        ("push", push), ("refresh", refresh), ("drift", drift), ("heal", heal), ("write-back", write_back),
        ("rollback", rollback), ("hold", hold), ("resume", resume), ("compare", compare),
    ):  # fmt: skip
        app.command(name, cls=ClientCommand)(command)


def _pipeline() -> dict[str, str] | None:
    """The pipeline run that calls us, from the variables that GitHub, GitLab and Jenkins set."""
    env = os.environ
    if env.get("GITHUB_RUN_ID"):
        url = (
            f"{env.get('GITHUB_SERVER_URL', '')}/{env.get('GITHUB_REPOSITORY', '')}/actions/runs/{env['GITHUB_RUN_ID']}"
        )
        return {"url": url, "id": env["GITHUB_RUN_ID"]}
    if env.get("CI_PIPELINE_ID"):
        return {"url": env.get("CI_PIPELINE_URL", ""), "id": env["CI_PIPELINE_ID"]}
    if env.get("BUILD_TAG"):
        return {"url": env.get("BUILD_URL", ""), "id": env["BUILD_TAG"]}
    return None


def _end(client: Client, operation: dict[str, Any], wait: bool, timeout: float, as_json: bool) -> dict[str, Any]:
    """Show an operation (to its end, with `wait`) and return its last state."""
    return ended(client, operation, timeout, as_json) if wait else asked(client, operation, as_json)


def push(
    name: Name,
    revision: Annotated[
        str | None, typer.Option("--revision", "-r", help="Its repository's commit, branch or tag.")
    ] = None,
    wait: Wait = False,
    timeout: Timeout = 600,
    allow_older: Annotated[
        bool, typer.Option(help="Deliver an ancestor of the live revision, which a push environment refuses otherwise.")
    ] = False,
    reason: Reason = "",
    override_hold: OverrideHold = False,
    as_json: AsJson = False,
) -> None:
    """Deliver a revision. With --wait, exit 0 only where that revision is live and healthy.

    Without --wait it returns once the revision is found (after 5 s at the latest): exit 1 where there is no such
    revision, 0 where the delivery goes on by itself.

    Examples:
        pushpull push shop --wait
        pushpull push shop --revision $(git rev-parse HEAD) --wait
        pushpull plan shop --revision v1.5.0
    """
    _refuse_local(revision or "")
    client = connected()
    body = {"revision": revision, "pipeline": _pipeline(), "allow_older": allow_older, "reason": reason}
    body["override_hold"] = override_hold
    given = {key: value for key, value in body.items() if value}
    operation = client.call("POST", f"/environments/{name}/syncs", given)
    operation = _end(client, operation if wait else begun(client, operation), wait, timeout, as_json)
    if operation["phase"] in LOST or (wait and not _is_live(client, name, operation)):
        raise typer.Exit(1)


def _refuse_local(revision: str) -> None:
    """Refuse what only a working copy could tell; the server would look for a branch of that name in vain."""
    if LOCAL.search(revision):
        raise Failure(
            f"'{revision}' names no commit to the server: a revision is a commit id, a branch or a tag of the "
            "environment's repository.\n  Let your working copy say which commit it means: "
            f"--revision $(git rev-parse '{revision}')", 2
        )  # fmt: skip


def _is_live(client: Client, name: str, operation: dict[str, Any]) -> bool:
    """Whether the operation's revision is what runs now, and well."""
    if operation["phase"] != "succeeded":
        return False
    status = client.call("GET", f"/environments/{name}")["status"]
    return bool(status["revision"] == operation["revision"] and status["health"] == "Healthy")


def refresh(name: Name, timeout: Timeout = 600, as_json: AsJson = False) -> None:
    """Compare live with desired now; exit 0 only where they are equal.

    Examples:
        pushpull refresh shop
    """
    client = connected()
    operation = _end(client, client.call("POST", f"/environments/{name}/refreshes"), True, timeout, as_json)
    if operation["phase"] != "succeeded" or operation.get("outcome") == "out_of_sync":
        raise typer.Exit(1)


def drift(name: Name, as_json: AsJson = False) -> None:
    """Show what moved on the target since the last delivery; exit 0 only where nothing did.

    Examples:
        pushpull drift shop
    """
    found = connected().call("GET", f"/environments/{name}/drift")
    if as_json:
        output.as_json(found)
    else:
        for item in found["items"]:
            output.say(f"{item['change']:<8} {visible(item['path'])}")
            if item.get("diff"):
                output.say(item["diff"])
        if not found["items"]:
            typer.echo(f"no drift, as of {output.ago(found.get('checked_at'))}")
    if found["items"]:
        raise typer.Exit(1)


def heal(
    name: Name,
    paths: Paths = None,
    reason: Reason = "",
    override_hold: OverrideHold = False,
    wait: Wait = False,
    timeout: Timeout = 600,
    as_json: AsJson = False,
) -> None:
    """Make live equal the live revision again; what was changed by hand is overwritten.

    With paths only those are put right, and the drift of the others goes on.

    Examples:
        pushpull heal shop --wait
        pushpull heal shop nginx.conf logs/app.log -m "left over from the test"
    """
    client = connected()
    body: dict[str, Any] = {"paths": paths} if paths else {}
    body |= {"override_hold": True} if override_hold else {}
    body |= {"reason": reason} if reason else {}
    last = _end(client, client.call("POST", f"/environments/{name}/drift/heals", body), wait, timeout, as_json)
    if wait and last["phase"] != "succeeded":
        raise typer.Exit(1)


def write_back(
    name: Name,
    paths: Paths = None,
    branch: Annotated[str | None, typer.Option(help="Default is the environment's own branch.")] = None,
    message: Annotated[str, typer.Option("--message", "-m", help="Message of the commit.")] = "",
    include_secrets: Annotated[
        list[str] | None,
        typer.Option("--include-secrets", help="Path to publish although it looks like secrets."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Commit what drifted to Git, on the live revision. What looks like secrets is left out unless it is named.

    Examples:
        pushpull write-back shop -m "keep the hotfix"
        pushpull write-back shop nginx.conf --branch hotfix
    """
    body: dict[str, Any] = {"paths": paths or [], "message": message, "include_secrets": include_secrets or []}
    body |= {"branch": branch} if branch else {}
    done = connected().call("POST", f"/environments/{name}/drift/write-backs", body)
    if as_json:
        output.as_json(done)
        return
    follows = done["operation"]
    waits = done["waits"] or (f"Operation {follows['id']} records it as live." if follows else "")
    output.say(f"committed {done['revision'][:8]} to {done['branch']}{f'. {waits}' if waits else ''}")
    for one in done["left_out"]:
        output.say(f"left out  {one['path']}: {secrets_in_words(one['masked_lines'])} (--include-secrets publishes it)")


def rollback(
    name: Name,
    revision: Annotated[
        str | None, typer.Argument(metavar="[REVISION]", help="A revision of `pushpull history`.")
    ] = None,
    last_good: Annotated[bool, typer.Option("--last-good", help="The last revision that was live and well.")] = False,
    strategy: Annotated[str, typer.Option(help="pin or revert.")] = "pin",
    reason: Reason = "",
    expires_at: Expires = None,
    override_hold: OverrideHold = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow it to its end; default is to.")] = True,
    timeout: Timeout = 600,
    as_json: AsJson = False,
) -> None:
    """Go back to a revision and stay there; exit 0 only where it is live and healthy.

    Examples:
        pushpull rollback shop --last-good -m "checkout is broken"
        pushpull history shop
        pushpull rollback shop 3f2c1a9b
    """
    if bool(revision) == last_good:
        raise Failure("give either a REVISION or --last-good", 2)
    client = connected()
    body: dict[str, Any] = {"strategy": strategy, "reason": reason}
    body |= {"last_good": True} if last_good else {"revision": revision}
    if expires_at:
        body["expires_at"] = expires_at
    if override_hold:
        body["override_hold"] = True
    operation = _end(client, client.call("POST", f"/environments/{name}/rollbacks", body), wait, timeout, as_json)
    if wait and not _is_live(client, name, operation):
        raise typer.Exit(1)


def hold(
    name: Name,
    reason: Annotated[str, typer.Option("--reason", "-m", help="Why; shown to all who wonder.")] = HELD,
    expires_at: Expires = None,
    override_hold: OverrideHold = False,
    as_json: AsJson = False,
) -> None:
    """Stop automation of an environment.

    Examples:
        pushpull hold shop -m "the database moves" --expires-at 2027-01-31T18:00:00Z
    """
    body: dict[str, Any] = {"reason": reason} | ({"expires_at": expires_at} if expires_at else {})
    body |= {"override_hold": True} if override_hold else {}
    answer = connected().call("PUT", f"/environments/{name}/hold", body)
    output.as_json(answer) if as_json else typer.echo(f"{name} is on hold")


def resume(name: Name, as_json: AsJson = False) -> None:
    """Let automation go on.

    Examples:
        pushpull resume shop
    """
    answer = connected().call("DELETE", f"/environments/{name}/hold")
    output.as_json(answer or {}) if as_json else typer.echo(f"{name} goes on")


def compare(
    window: Annotated[str, typer.Option(help="24h, 7d, 30d, 90d or all.")] = "30d",
    labels: Annotated[str, typer.Option(help="key=value,key2=value2")] = "",
    environment: Annotated[str, typer.Option(help="Only this one, before and after it was switched.")] = "",
    as_json: AsJson = False,
) -> None:
    """Push against pull, measured by this installation.

    Examples:
        pushpull compare --window 7d
        pushpull compare --labels team=shop --json
    """
    found = connected().call("GET", "/comparison", window=window, labels=labels, environment=environment)
    if as_json:
        output.as_json(found)
        return
    for sentence in dict.fromkeys(part["sentence"] for part in (found["subject"], found["answer"]) if part):
        typer.echo(sentence)
    rows = [
        [row["title"], row["push"]["sentence"], row["pull"]["sentence"], row["verdict"]["text"]]
        for row in found["rows"]
    ]
    output.table(("CRITERION", "→ PUSH", "← PULL", "VERDICT"), rows)
