"""`pushpull experiment …`: push against pull by twins."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli import output
from app.cli.connection.connecting import connected
from app.cli.environment_commands import AsJson
from app.cli.surface.help_text import CommandGroup
from app.client import Client, Failure

LOOK_S = 0.5
group = CommandGroup(help="Push against pull, measured by twins that get the same commits and the same faults.")
ExperimentId = Annotated[str, typer.Argument(metavar="EXPERIMENT", help="Its id; `pushpull experiment list`.")]
Json = dict[str, Any]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(group, name="experiment")


@group.command("run")
def run(
    quick: Annotated[bool, typer.Option("--quick", help="About fifty seconds instead of four minutes.")] = False,
    seed: Annotated[int | None, typer.Option(help="The same seed makes the same plan; drawn unless given.")] = None,
    commits: Annotated[int | None, typer.Option(help="Commits that both twins get.")] = None,
    spacing: Annotated[float | None, typer.Option(help="Mean seconds between two commits.")] = None,
    interval: Annotated[int | None, typer.Option(help="Seconds between the pull twin's polls.")] = None,
    refresh_interval: Annotated[int | None, typer.Option(help="Seconds between both twins' drift scans.")] = None,
    build: Annotated[float | None, typer.Option(help="Median seconds of the imitated pipeline.")] = None,
    fault_length: Annotated[float | None, typer.Option(help="Seconds that a fault lasts at most.")] = None,
    delay: Annotated[float | None, typer.Option(help="Seconds that a slow network delays each request.")] = None,
    fault: Annotated[list[str] | None, typer.Option(help="What goes wrong; repeat it. All unless given.")] = None,
    no_faults: Annotated[bool, typer.Option("--no-faults", help="Nothing goes wrong.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Return at once; it goes on in the server.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run an experiment and follow it to its end. Ctrl+C leaves it running; `pushpull experiment stop` stops it.

    Examples:
        pushpull experiment run --quick --seed 7
        pushpull experiment run --commits 40 --interval 10 --fault git_outage --fault drift
    """
    client = connected()
    given: Json = {
        "seed": seed, "commits": commits, "spacing_s": spacing, "interval_s": interval,
        "refresh_interval_s": refresh_interval, "build_s": build, "fault_s": fault_length, "delay_s": delay,
        "faults": [] if no_faults else fault,
    }  # fmt: skip
    body = {
        "profile": "quick" if quick else "standard",
        **{name: value for name, value in given.items() if value is not None},
    }
    made = client.call("POST", "/experiments", body)
    if detach:
        output.as_json(made) if as_json else typer.echo(made["id"])
        return
    _followed(client, made, as_json)


def _followed(client: Client, made: Json, as_json: bool) -> None:
    """Tell every step until the end; fails unless the experiment was carried out."""
    ended = _follow(client, made, quiet=as_json)
    if as_json:
        output.as_json(ended)
    elif ended["phase"] == "finished":
        output.say(f"finished; `pushpull experiment report {ended['id']}` shows what was found")
    if ended["phase"] != "finished":
        raise Failure(f"experiment {ended['id']} is {ended['phase']}: {ended['reason']}")


def _follow(client: Client, one: Json, *, quiet: bool) -> Json:
    told = ""
    while True:
        line = _line(one)
        if line != told and not quiet:
            output.say(line)
            told = line
        if one["phase"] != "running":
            return one
        time.sleep(LOOK_S)
        one = client.call("GET", f"/experiments/{one['id']}")


def _line(one: Json) -> str:
    share = f"{one['steps_done']}/{one['steps']}"
    return f"{share:>9}  {one['now'] or 'makes the twins and delivers to them for the first time'}"


@group.command("list")
def list_(as_json: AsJson = False) -> None:
    """List experiments, newest first.

    Examples:
        pushpull experiment list
    """
    items = list(connected().pages("/experiments"))
    if as_json:
        output.as_json({"items": items, "next": None})
        return
    rows = [
        [
            one["id"],
            one["phase"],
            str(one["seed"]),
            f"{one['steps_done']}/{one['steps']}",
            output.ago(one["created_at"]),
        ]
        for one in items
    ]
    output.table(("ID", "PHASE", "SEED", "STEPS", "BEGUN"), rows)


@group.command("show")
def show(id: ExperimentId, as_json: AsJson = False) -> None:
    """Show an experiment: its parameters, its twins, and how far it is.

    Examples:
        pushpull experiment show 01KATV2Q8Z3V8M6D3T0F8Y1N4R
    """
    one = connected().call("GET", f"/experiments/{id}")
    if as_json:
        output.as_json(one)
        return
    asked = ", ".join(f"{name} {_in_words(value)}" for name, value in one["parameters"].items())
    fields = {"Phase": one["phase"], "Reason": one["reason"], "Seed": str(one["seed"]), "Parameters": asked,
              "Twins": ", ".join(one["environments"].values()), "Steps": _line(one).strip()}  # fmt: skip
    output.fields({name: value for name, value in fields.items() if value})


def _in_words(value: Any) -> str:
    return " ".join(value) or "none" if isinstance(value, list) else str(value)


@group.command("report")
def report(
    id: ExperimentId,
    format: Annotated[str, typer.Option(help="md, html or json.")] = "md",
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Where to; default is standard output.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write what an experiment found, as one file that needs nothing else.

    Examples:
        pushpull experiment report 01KATV2Q8Z3V8M6D3T0F8Y1N4R
        pushpull experiment report 01KATV2Q8Z3V8M6D3T0F8Y1N4R --format html --file report.html
    """
    content = b"".join(connected().stream(f"/experiments/{id}/report", format="json" if as_json else format))
    if file is None:
        typer.echo(content.decode("utf-8"), nl=False)
        return
    try:
        file.write_bytes(content)
    except OSError as error:
        raise Failure(f"--file {file}: {error.strerror}") from None
    output.say(f"wrote {file}")


@group.command("stop")
def stop(id: ExperimentId, as_json: AsJson = False) -> None:
    """Let an experiment stand still; it can be taken up again.

    Examples:
        pushpull experiment stop 01KATV2Q8Z3V8M6D3T0F8Y1N4R
    """
    one = connected().call("POST", f"/experiments/{id}/stops")
    output.as_json(one) if as_json else output.say(f"stopped {id} at step {one['steps_done']} of {one['steps']}")


@group.command("resume")
def resume(
    id: ExperimentId,
    detach: Annotated[bool, typer.Option("--detach", help="Return at once; it goes on in the server.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take an experiment up where it stood still, and follow it to its end.

    Examples:
        pushpull experiment resume 01KATV2Q8Z3V8M6D3T0F8Y1N4R
    """
    client = connected()
    one = client.call("POST", f"/experiments/{id}/resumptions")
    if detach:
        output.as_json(one) if as_json else typer.echo(id)
        return
    _followed(client, one, as_json)


@group.command("rm")
def rm(id: ExperimentId, as_json: AsJson = False) -> None:
    """Delete an experiment's twins and files. Its report and what the ledger holds stay.

    Examples:
        pushpull experiment rm 01KATV2Q8Z3V8M6D3T0F8Y1N4R
    """
    connected().call("DELETE", f"/experiments/{id}")
    output.as_json({"removed": id}) if as_json else output.say(f"removed the twins of {id}")
