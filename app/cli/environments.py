"""`pushpull env …`: the registry."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli import show
from app.client import Client, Failure

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
        show.as_json({"items": items, "next": None})
        return
    columns = ("NAME", "MODE", "SYNC", "HEALTH", "LIVE", "SINCE", "")
    show.table(columns, [show.environment_row(one) for one in items])


@group.command("show")
def show_(name: Name, as_json: AsJson = False) -> None:
    """Show one environment."""
    one = Client().call("GET", f"/environments/{name}")
    if as_json:
        show.as_json(one)
        return
    status = one["status"]
    lines = {
        "source": f"{one['source']['repo_url']} {one['source']['ref']} {one['source']['path'] or '/'}",
        "target": json.dumps(one["target"]),
        "mode": show.SIGNS[one["mode"]],
        "agent": _agent(one),
        "sync": f"{status['sync']} {status.get('divergence') or ''}",
        "health": status["health"],
        "live": f"{show.short(status['revision'])} {status['subject']} since {status['live_since'] or '-'}",
        "hold": json.dumps(status["hold"]) if status.get("hold") else "none",
        "last": f"{status.get('last_outcome') or '-'} {status.get('last_reason') or ''}",
    }
    for key, value in lines.items():
        typer.echo(f"{key:<8}{value.strip()}")


def _agent(one: dict[str, Any]) -> str:
    if one["runs_on"] != "agent":
        return "-"
    return f"{one['agent']}, heard {show.ago(one['status']['heard_at'])}" if one["agent"] else "none is enrolled"


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
    target: Annotated[str, typer.Option(help="Directory to deliver to.")] = "",
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
        pairs += ['target.kind="directory"', f"target.path={json.dumps(target)}"]
    made = Client().call("POST", "/environments", _spec(file, pairs + (set_ or [])))
    show.as_json(made) if as_json else typer.echo(f"registered {made['name']} ({made['mode']})")


@group.command("edit")
def edit(name: Name, file: File = None, set_: Pairs = None, as_json: AsJson = False) -> None:
    """Change fields of an environment; everything else stays."""
    change = _spec(file, set_)
    if not change:
        raise Failure("nothing to change: give --set field=value or --file", 2)
    made = Client().call("PATCH", f"/environments/{name}", change)
    show.as_json(made) if as_json else typer.echo(f"changed {made['name']}")


@group.command("rm")
def rm(name: Name, yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False) -> None:
    """Forget an environment. Delivered files and the ledger stay."""
    if not yes:
        typer.confirm(f"Forget {name}? Its files and its ledger stay.", abort=True)
    Client().call("DELETE", f"/environments/{name}")
    typer.echo(f"forgot {name}")
