"""`pushpull demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.kept_imports import kept


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(demo)


def demo(
    data_dir: Annotated[Path, typer.Option(help="Folder of the demo; emptied at each start.")] = Path("demo"),
    host: Annotated[str, typer.Option(help="Address to listen on.", envvar="PUSHPULL_HOST")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on, 0 for any.", envvar="PUSHPULL_PORT")] = 8000,
    pause: Annotated[
        float,
        typer.Option(min=0.01, help="Seconds between the things that happen; at 40, pipelines take 20 to 90 s."),
    ] = 40.0,
    experiment: Annotated[bool, typer.Option(help="Begin with a short experiment of push against pull.")] = True,
    seed: Annotated[int, typer.Option(help="What the made-up past and the story are drawn from.")] = 7,
) -> None:
    """Make a repository and three environments with a past of fourteen days, and go on living until stopped.

    Examples:
        pushpull demo --port 8400
    """
    with kept():
        from app.demo.run import DemoPlan, run

    run(DemoPlan(data_dir.resolve(), host, port, pause, seed, experiment), typer.echo)
