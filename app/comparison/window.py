"""Which part of the ledger is compared: a window back from now, and labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.domain.errors import InvalidInput

WINDOWS: Mapping[str, timedelta | None] = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
    "all": None,
}
DEFAULT = "30d"
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
MAX_LABELS = 20


@dataclass(frozen=True, slots=True)
class Window:
    """From `since` (included) to `until` (not included)."""

    name: str
    since: datetime
    until: datetime

    @property
    def title(self) -> str:
        """As it reads in a sentence: "in the last 7 days"."""
        hours = WINDOWS[self.name]
        if hours is None:
            return "since the first record"
        return "in the last 24 hours" if self.name == "24h" else f"in the last {hours.days} days"


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be compared, as it was asked. `window`: "24h", "7d", "30d", "90d" or "all", "" means "30d"; `labels`:
    "team=web,tier=1"; `environment`: a name, to compare that one with itself; `until`: the window's end, so that a
    question can be asked again later and be answered the same (None: now)."""

    window: str = ""
    labels: str = ""
    environment: str = ""
    until: datetime | None = None


def parse_window(text: str, now: datetime) -> Window:
    """ "24h", "7d", "30d", "90d" or "all"; "" means "30d". Raises InvalidInput (field "window")."""
    name = text.strip().lower() or DEFAULT
    if name not in WINDOWS:
        problem = f"must be one of {', '.join(WINDOWS)}"
        raise InvalidInput(f"window {problem}; '{text[:40]}' is not.", fields={"window": problem})
    length = WINDOWS[name]
    return Window(name, BEGINNING if length is None else now - length, now)


def parse_labels(text: str) -> Mapping[str, str]:
    """ "team=web,tier=front" as {"team": "web", "tier": "front"}; "" as {}. Raises InvalidInput (field "labels")."""
    labels: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        key, sign, value = (piece.strip() for piece in part.partition("="))
        if not (key and sign and value):
            _refuse(f"'{part[:60]}' is not of the form key=value")
        if labels.setdefault(key, value) != value:
            _refuse(f"'{key[:60]}' is given twice with different values; no environment can carry both")
    if len(labels) > MAX_LABELS:
        _refuse(f"{len(labels)} are given, at most {MAX_LABELS} are accepted")
    return labels


def _refuse(problem: str) -> None:
    mend = "write them as key=value, with commas between them, such as team=web,tier=front"
    raise InvalidInput(f"labels: {problem}; {mend}.", fields={"labels": f"{problem}; {mend}"})
