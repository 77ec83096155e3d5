"""What the commands print: tables and lines for people, JSON for scripts."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from app.cli.surface.plain_bytes import takes_all
from app.cli.surface.tables import drawn, fitted_lines, room, tone
from app.wording import short_names
from app.wording.times import duration, exact, relative
from app.wording.visible_text import LINES, UNSEEN, visible

SIGNS = {"push": "→ push", "pull": "← pull"}
TONES = {
    "Synced": "green", "Healthy": "green", "succeeded": "green",
    "OutOfSync": "yellow", "Progressing": "yellow", "queued": "yellow", "running": "yellow",
    "Degraded": "red", "Missing": "red", "failed": "red", "error": "red",
}  # fmt: skip


def as_json(value: Any) -> None:
    """One JSON document on standard output."""
    text = json.dumps(value, indent=2, ensure_ascii=not takes_all()) + "\n"
    sys.stdout.write(UNSEEN.sub(lambda match: match[0] if match[0] == "\n" else _in_json(match[0]), text))


def _in_json(c: str) -> str:
    return json.dumps(c)[1:-1] if c != "\x7f" else "\\u007f"


def say(text: str, *, err: bool = False) -> None:
    """Lines that hold words of others."""
    print(visible(text, LINES), file=sys.stderr if err else sys.stdout, flush=True)


def line(text: str) -> None:
    """A line of the command's own, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def as_json_line(value: Any) -> None:
    """One JSON document on one line, for what goes on and on."""
    sys.stdout.write(
        UNSEEN.sub(lambda match: _in_json(match[0]), json.dumps(value, ensure_ascii=not takes_all())) + "\n"
    )
    sys.stdout.flush()


def escape(text: str) -> str:
    """Text in which nothing steers the terminal."""
    return visible(text)


def toned(word: str | None) -> str:
    """A status word in its colour."""
    text = escape(str(word or "-"))
    name = TONES.get(str(word))
    return tone(text, name) if name else text


def short(sha: str | None) -> str:
    """The first 8 characters."""
    return short_names.short(sha) if sha else "-"


def cut(text: str, letters: int) -> str:
    """A text of so many letters at most."""
    return text if len(text) <= letters else f"{text[: letters - 1]}…"


def ago(moment: str | None) -> str:
    """How long ago, roughly."""
    return relative(datetime.fromisoformat(moment)) if moment else "-"


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A plain table; cells may be `toned`."""
    for text in drawn(columns, rows, room()):
        line(text)


def fields(lines: Mapping[str, str]) -> None:
    """Names with their values, one under the other."""
    label = max(map(len, lines)) + 2
    for name, value in lines.items():
        for number, text in enumerate(fitted_lines(value, label)):
            line(f"{'' if number else name:{label}}{text}".rstrip())


def environment_row(one: dict[str, Any]) -> list[str]:
    """An environment as a line."""
    status = one["status"]
    live = f"{short(status['revision'])} {cut(escape(status.get('subject') or ''), 50)}"
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
