"""What the commands print: tables and lines for people, JSON for scripts."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.wording import short_names
from app.wording.times import duration, exact, relative
from app.wording.visible_text import LINES, UNSEEN, visible

if TYPE_CHECKING:  # a server's process never loads it
    from rich.console import Console

SIGNS = {"push": "→ push", "pull": "← pull"}
TONES = {
    "Synced": "green", "Healthy": "green", "succeeded": "green",
    "OutOfSync": "yellow", "Progressing": "yellow", "queued": "yellow", "running": "yellow",
    "Degraded": "red", "Missing": "red", "failed": "red", "error": "red",
}  # fmt: skip


def prepare() -> None:
    """Let every text be written: what the terminal's encoding has no sign for as an escape, and nowhere where standard
    output is closed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def console() -> Console:
    """Standard output. What goes to a file or a pipe has room for whole lines."""
    from rich.console import Console

    room = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 240
    return Console(soft_wrap=True, highlight=False, width=room)


def as_json(value: Any) -> None:
    """One JSON document on standard output."""
    text = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    sys.stdout.write(UNSEEN.sub(lambda match: match[0] if match[0] == "\n" else _in_json(match[0]), text))


def _in_json(c: str) -> str:
    return json.dumps(c)[1:-1] if c != "\x7f" else "\\u007f"


def say(text: str, *, err: bool = False) -> None:
    """Lines that hold words of others."""
    print(visible(text, LINES), file=sys.stderr if err else sys.stdout, flush=True)


def escape(text: str) -> str:
    """Text in which nothing is markup, and nothing steers the terminal."""
    from rich.markup import escape as escaped

    return escaped(visible(text))


def toned(word: str | None) -> str:
    """A status word in its colour."""
    text = escape(str(word or "-"))
    tone = TONES.get(str(word))
    return f"[{tone}]{text}[/]" if tone else text


def short(sha: str | None) -> str:
    """The first 8 characters."""
    return short_names.short(sha) if sha else "-"


def ago(moment: str | None) -> str:
    """How long ago, roughly."""
    return relative(datetime.fromisoformat(moment)) if moment else "-"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A plain table; cells may hold markup made by `toned`."""
    from rich.table import Table

    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:  # an id is there to be copied: it is never broken over lines
        made.add_column(column, overflow="fold", no_wrap=column == "ID")
    for row in rows:
        made.add_row(*row)
    console().print(made)


def environment_row(one: dict[str, Any]) -> list[str]:
    """An environment as a line."""
    status = one["status"]
    live = f"{short(status['revision'])} {escape(status.get('subject') or '')}"[:60]
    sync = toned(status["sync"]) + (f" ({status['divergence']})" if status.get("divergence") else "")
    held = "held" if status.get("hold") else ""
    name = escape(one["name"])
    return [name, SIGNS[one["mode"]], sync, toned(status["health"]), live, ago(status.get("live_since")), held]


def operation_line(one: dict[str, Any]) -> str:
    """An operation's end in one line."""
    changes = one["changes"]
    parts = [toned(one["phase"]), escape(str(one.get("outcome") or "")), short(one.get("revision"))]
    if any(changes.get(name) for name in ("created", "updated", "deleted")):
        parts.append(f"+{changes['created']} ~{changes['updated']} -{changes['deleted']}")
    return "  ".join(part for part in parts if part) + (f"  {escape(one['reason'])}" if one.get("reason") else "")


def stage_line(stage: dict[str, Any]) -> str:
    """A finished stage with its duration; of an instant, such as a commit's, when it was."""
    start, end = (datetime.fromisoformat(stage[name]) for name in ("started_at", "finished_at"))
    return f"  {stage['name']:<10} {exact(end) if start == end else duration(end - start)}"
