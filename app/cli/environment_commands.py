"""`pushpull env …`: the registry."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli import output
from app.cli.connection.connecting import connected
from app.cli.surface.help_text import CommandGroup
from app.cli.words import environment_words
from app.client import Failure
from app.domain.environment import CONTENT, Content
from app.domain.errors import InvalidInput
from app.domain.external import SYSTEMS
from app.domain.specification.environment_fields import NAME
from app.domain.specification.target_kind import Pin
from app.wording.operation_words import also_delivered
from app.wording.visible_text import visible


def _name(value: str) -> str:
    if not NAME.match(value):
        raise Failure(f"'{value}' is no name of an environment: it has letters, digits, '.', '_' and '-' only", 2)
    return value


Name = Annotated[str, typer.Argument(metavar="ENV", callback=_name, help="Name of the environment.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
File = Annotated[str | None, typer.Option("--file", "-f", help="Specification as JSON; '-' reads standard input.")]
TEXTS = ("source.", "labels.")  # fields that are never numbers
Pairs = Annotated[list[str] | None, typer.Option("--set", help="Any field: policy.self_heal=true (repeatable).")]

DIVERGED = {"new_revision": ": Git has a newer revision", "drift": ": the target was changed outside Git"}

group = CommandGroup(help="Register, show, edit and remove environments.")


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(group, name="env")


@group.command("list")
def list_(
    search: Annotated[str, typer.Argument(metavar="[SEARCH]", help="Part of a name.")] = "",
    mode: Annotated[str, typer.Option(help="push or pull.")] = "",
    sync: Annotated[str, typer.Option(help="Synced, OutOfSync or Unknown.")] = "",
    as_json: AsJson = False,
) -> None:
    """List environments.

    Examples:
        pushpull env list
        pushpull env list shop --sync OutOfSync
    """
    items = list(connected().pages("/environments", search=search, mode=mode, sync=sync))
    if as_json:
        output.as_json({"items": items, "next": None})
        return
    columns = ("NAME", "MODE", "SYNC", "HEALTH", "LIVE", "SINCE", "")
    output.table(columns, [output.environment_row(one) for one in items])


@group.command("show")
def show_(name: Name, as_json: AsJson = False) -> None:
    """Show one environment in words.

    Examples:
        pushpull env show shop
    """
    one = connected().call("GET", f"/environments/{name}")
    if as_json:
        output.as_json(one)
        return
    status = one["status"]
    source = one["source"]
    place = f"{source['path'] or 'the whole tree'} of {source['repo_url'] or 'a repository not known here'}"
    output.fields({key: visible(value) for key, value in {
        "source": f"{place}, {source['ref']}{environment_words.reached_with(source.get('credential'))}",
        "also delivered": also_delivered(Content(*(source.get(name) is True for name in CONTENT))) or "-",
        "target": environment_words.target(one),
        "pinned": ", ".join(text for _, text in _pinned(one)) or "-",
        "mode": output.SIGNS[one["mode"]],
        "agent": environment_words.heard(one),
        "sync": f"{status['sync']}{DIVERGED.get(status.get('divergence'), '')}",
        "health": status["health"],
        "live": environment_words.live(status),
        "hold": environment_words.hold(status.get("hold")),
        "last": f"{status.get('last_outcome') or '-'} {status.get('last_reason') or ''}".strip(),
        "page": f"{connected().url}/environments/{one['name']}",
    }.items()})  # fmt: skip


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
    if key.startswith(TEXTS) and isinstance(value, bool | int | float):
        value = text  # "1.10" is a branch, and no number
    place = spec
    *parents, last = key.split(".")
    for parent in parents:
        place = place.setdefault(parent, {})
    place[last] = value


@group.command("add")
def add(
    name: Annotated[str | None, typer.Argument(metavar="[ENV]", help="Name of the environment.")] = None,
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
    external: Annotated[str, typer.Option(help=f"Who delivers instead, and tells: {', '.join(SYSTEMS)}.")] = "",
    called: Annotated[str, typer.Option(help="What that system calls this environment.")] = "",
    also: Annotated[
        list[str] | None,
        typer.Option("--with", help="Deliver lfs, submodules or attributes (eol, export-ignore) as well (repeatable)."),
    ] = None,
    file: File = None,
    set_: Pairs = None,
    as_json: AsJson = False,
) -> None:
    """Register an environment, from options, a file, or both.

    Examples:
        pushpull env add shop --repo https://git.example.org/shop.git --target /srv/shop
        pushpull env add web --repo https://git.example.org/web.git --target ssh://www@web/srv/www --credential web
        pushpull env add app --repo https://git.example.org/app.git --target /srv/app --with lfs --with submodules
        pushpull env add api --file api.json --set policy.self_heal=true --set source.ref=1.10
        pushpull env add billing --external argocd --called billing --repo https://git.example.org/billing.git
    """
    given = {"name": name, "mode": mode, "source.repo_url": repo, "source.ref": ref, "source.path": path}
    given |= {"runs_on": "external" if external else runs_on, "external.system": external, "external.name": called}
    pairs = [f"{key}={json.dumps(value)}" for key, value in given.items() if value]
    pairs += [f"source.{name}=true" for name in also or ()]
    if target:
        pairs += [f"target.{key}={json.dumps(value)}" for key, value in _located(target, credential).items()]
    made = connected().call("POST", "/environments", _spec(file, pairs + (set_ or [])))
    if as_json:
        output.as_json(made)
        return
    typer.echo(f"registered {made['name']} ({made['mode']})")
    if external:
        typer.echo(f"  connect it: {connected().url}/environments/{made['name']}/pipeline")
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
    """Change fields of an environment; everything else stays.

    Examples:
        pushpull env edit shop --set policy.interval_s=30
        pushpull env edit shop --set labels.version=1.10
    """
    change = _spec(file, set_)
    if not change:
        raise Failure("nothing to change: give --set field=value or --file", 2)
    made = connected().call("PATCH", f"/environments/{name}", change)
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
    """Switch between push and pull, or between this server and an agent, without delivering anything anew.

    Examples:
        pushpull env switch shop --to pull -m "no pipeline needs a key"
    """
    given = {"mode": to, "runs_on": runs_on, "agent": agent, "reason": reason}
    change = {**_spec(None, set_), **{key: value for key, value in given.items() if value}}
    if target:
        change["target"] = {**_located(target), **change.get("target", {})}
    made = connected().call("POST", f"/environments/{name}/switches", change)
    if as_json:
        output.as_json(made)
        return
    typer.echo(f"switched {made['name']}: {made['mode']}, runs on {made['runs_on']}")
    _tell_pinned(made)
    for line in (*made["switch"]["effects"], *made["switch"]["carried"], *made["switch"]["left_behind"]):
        typer.echo(f"  {line}")


@group.command("rm")
def rm(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Forget an environment. Delivered files and the ledger stay.

    Examples:
        pushpull env rm shop --yes
    """
    if not yes:
        typer.confirm(f"Forget {name}? Its files and its ledger stay.", abort=True)
    connected().call("DELETE", f"/environments/{name}")
    output.as_json({"removed": name}) if as_json else typer.echo(f"forgot {name}")
