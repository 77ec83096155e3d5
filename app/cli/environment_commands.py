"""`pushpull env …`: the registry."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli import output
from app.client import Client, Failure
from app.domain.errors import InvalidInput
from app.domain.specification.target_kind import Pin
from app.wording.visible_text import visible

Name = Annotated[str, typer.Argument(metavar="ENV", help="Name of the environment.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
File = Annotated[str | None, typer.Option("--file", "-f", help="Specification as JSON; '-' reads standard input.")]
Pairs = Annotated[list[str] | None, typer.Option("--set", help="Any field: policy.self_heal=true (repeatable).")]

group = typer.Typer(no_args_is_help=True, help="Register, show, edit and remove environments.")


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(group, name="env")


@group.command("list")
def list_(
    search: Annotated[str, typer.Argument(help="Part of a name.")] = "",
    mode: Annotated[str, typer.Option(help="push or pull.")] = "",
    sync: Annotated[str, typer.Option(help="Synced, OutOfSync or Unknown.")] = "",
    as_json: AsJson = False,
) -> None:
    """List environments."""
    items = list(Client().pages("/environments", search=search, mode=mode, sync=sync))
    if as_json:
        output.as_json({"items": items, "next": None})
        return
    columns = ("NAME", "MODE", "SYNC", "HEALTH", "LIVE", "SINCE", "")
    output.table(columns, [output.environment_row(one) for one in items])


@group.command("show")
def show_(name: Name, as_json: AsJson = False) -> None:
    """Show one environment."""
    one = Client().call("GET", f"/environments/{name}")
    if as_json:
        output.as_json(one)
        return
    status = one["status"]
    lines = {
        "source": f"{one['source']['repo_url']} {one['source']['ref']} {one['source']['path'] or '/'}",
        "target": json.dumps(one["target"]),
        "pinned": ", ".join(text for _, text in _pinned(one)) or "-",
        "mode": output.SIGNS[one["mode"]],
        "agent": _agent(one),
        "sync": f"{status['sync']} {status.get('divergence') or ''}",
        "health": status["health"],
        "live": f"{output.short(status['revision'])} {status['subject']} since {status['live_since'] or '-'}",
        "hold": json.dumps(status["hold"]) if status.get("hold") else "none",
        "last": f"{status.get('last_outcome') or '-'} {status.get('last_reason') or ''}",
    }
    for key, value in lines.items():
        output.say(f"{key:<8}{visible(value.strip())}")


def _pinned(one: dict[str, Any]) -> Iterator[tuple[Pin, str]]:
    """What was looked up at the target and pinned, as people compare it."""
    from app.targets.target_registry import CATALOGUE

    target = one["target"]
    kind = CATALOGUE.get(target["kind"])
    for field in kind.fields if kind else ():
        if field.pin and target.get(field.name):
            yield field.pin, f"{target[field.fingerprint]} ({target[field.name].split()[0]})"


def _tell_pinned(one: dict[str, Any]) -> None:
    for pin, fingerprint in _pinned(one):
        output.say(f"  {pin.hint.format(fingerprint)}")


def _agent(one: dict[str, Any]) -> str:
    if one["runs_on"] != "agent":
        return "-"
    return f"{one['agent']}, heard {output.ago(one['status']['heard_at'])}" if one["agent"] else "none is enrolled"


def _spec(file: str | None, pairs: list[str] | None) -> dict[str, Any]:
    spec: dict[str, Any] = {}
    if file:
        try:
            spec = json.loads(sys.stdin.read() if file == "-" else Path(file).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise Failure(f"--file {file}: {error}", 2) from None
    for pair in pairs or ():
        _put(spec, pair)
    return spec


def _put(spec: dict[str, Any], pair: str) -> None:
    key, equals, text = pair.partition("=")
    if not equals or not key:
        raise Failure(f"--set {pair}: write it as field=value", 2)
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    place = spec
    *parents, last = key.split(".")
    for parent in parents:
        place = place.setdefault(parent, {})
    place[last] = value


@group.command("add")
def add(
    name: Annotated[str | None, typer.Argument(metavar="[ENV]")] = None,
    repo: Annotated[str, typer.Option(help="Address of the repository.")] = "",
    ref: Annotated[str, typer.Option(help="Branch, tag or commit.")] = "",
    path: Annotated[str, typer.Option(help="Directory in the repository.")] = "",
    target: Annotated[str, typer.Option(help="Directory to deliver to, or ssh://user@host:port/path.")] = "",
    credential: Annotated[
        str,
        typer.Option("--credential", "--ssh-credential", help="Stored credential (SSH key) to reach the target with."),
    ] = "",
    mode: Annotated[str, typer.Option(help="push or pull.")] = "",
    runs_on: Annotated[str, typer.Option(help="server or agent.")] = "",
    file: File = None,
    set_: Pairs = None,
    as_json: AsJson = False,
) -> None:
    """Register an environment, from options, a file, or both."""
    given = {"name": name, "mode": mode, "source.repo_url": repo, "source.ref": ref, "source.path": path}
    given["runs_on"] = runs_on
    pairs = [f"{key}={json.dumps(value)}" for key, value in given.items() if value]
    if target:
        pairs += [f"target.{key}={json.dumps(value)}" for key, value in _located(target, credential).items()]
    made = Client().call("POST", "/environments", _spec(file, pairs + (set_ or [])))
    if as_json:
        output.as_json(made)
        return
    typer.echo(f"registered {made['name']} ({made['mode']})")
    _tell_pinned(made)


def _located(text: str, credential: str = "") -> dict[str, Any]:
    """The target that an address names, with a stored credential to reach it, as fields of its kind."""
    from app.targets.target_registry import CATALOGUE

    try:
        found = CATALOGUE.located(text)
    except InvalidInput as problem:
        raise Failure(f"--target {text}: {problem.fields['target']}", 2) from None
    if not credential:
        return found
    field = next((one.name for one in CATALOGUE[found["kind"]].fields if one.credential), None)
    if field is None:
        raise Failure(f"--credential {credential}: a target such as {text} needs none", 2)
    return {**found, field: credential}


@group.command("edit")
def edit(name: Name, file: File = None, set_: Pairs = None, as_json: AsJson = False) -> None:
    """Change fields of an environment; everything else stays."""
    change = _spec(file, set_)
    if not change:
        raise Failure("nothing to change: give --set field=value or --file", 2)
    made = Client().call("PATCH", f"/environments/{name}", change)
    if as_json:
        output.as_json(made)
        return
    typer.echo(f"changed {made['name']}")
    if "target" in change:
        _tell_pinned(made)
    for line in made["left_behind"]:
        typer.echo(f"  {line}")


@group.command("switch")
def switch(
    name: Name,
    to: Annotated[str, typer.Option(help="push or pull.")] = "",
    runs_on: Annotated[str, typer.Option(help="server or agent.")] = "",
    target: Annotated[str, typer.Option(help="The same place: /srv/shop or ssh://user@host/srv/shop.")] = "",
    agent: Annotated[str, typer.Option(help="Id of the agent that takes over.")] = "",
    reason: Annotated[str, typer.Option("--message", "-m", help="Why.")] = "",
    set_: Pairs = None,
    as_json: AsJson = False,
) -> None:
    """Switch between push and pull, or between this server and an agent, without delivering anything anew."""
    given = {"mode": to, "runs_on": runs_on, "agent": agent, "reason": reason}
    change = {**_spec(None, set_), **{key: value for key, value in given.items() if value}}
    if target:
        change["target"] = {**_located(target), **change.get("target", {})}
    made = Client().call("POST", f"/environments/{name}/switches", change)
    if as_json:
        output.as_json(made)
        return
    typer.echo(f"switched {made['name']}: {made['mode']}, runs on {made['runs_on']}")
    _tell_pinned(made)
    for line in (*made["switch"]["effects"], *made["switch"]["carried"], *made["switch"]["left_behind"]):
        typer.echo(f"  {line}")


@group.command("rm")
def rm(name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False) -> None:
    """Forget an environment. Delivered files and the ledger stay."""
    if not yes:
        typer.confirm(f"Forget {name}? Its files and its ledger stay.", abort=True)
    Client().call("DELETE", f"/environments/{name}")
    typer.echo(f"forgot {name}")
