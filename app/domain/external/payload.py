"""Reading what a system sent: fields that are needed are named where they are missing or wrong, others are left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Self

from app.domain.specification.reader import FieldReader

LONGEST_REASON, LONGEST_S = 500, 86_400 * 30
FIRST_YEAR, LAST_YEAR = 2000, 3000
_SPACED = re.compile(r" (?=[+-]\d\d:?\d\d\Z)")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+:@/-]{0,63}\Z")


class Payload(FieldReader):
    """A FieldReader for the documents of others: fields that are not known are no mistake."""

    def below(self, name: str) -> Self:
        """A nested object; empty where it is left out."""
        place = ".".join(part for part in (self._place, name) if part)
        found = self.values.get(name)
        return type(self)(found if found is not None else {}, place, self.errors)

    def of(self, values: object) -> Self:
        """Other values at the same place."""
        return type(self)(values, self._place, self.errors)

    def seconds_of(self, name: str) -> timedelta | None:
        """A time span in seconds, as a number or a text of one; None where it is left out or none."""
        found = self.values.get(name)
        try:
            seconds = float(found) if isinstance(found, int | float | str) and found != "" else -1.0
        except (ValueError, OverflowError):
            seconds = -1.0
        return timedelta(seconds=seconds) if 0 <= seconds < LONGEST_S else None

    def identity(self, name: str) -> str:
        """What something is called: a text or a whole number, as text; "" where it is left out."""
        found = self.values.get(name)
        if type(found) is int and abs(found) < 10**30:
            return str(found)
        return self.text(name, limit=200)

    def needed_choice(self, name: str, choices: Sequence[str]) -> str:
        """One of some words, which may not be left out."""
        if not self.has(name):
            self.wrong(name, f"is required: one of {', '.join(choices)}")
        return self.choice(name, choices[0], choices)

    def said(self, name: str) -> str:
        """A text for people, on one line and cut; "" for anything else."""
        found = self.values.get(name)
        line = " ".join("".join(c if c.isprintable() else " " for c in found).split()) if isinstance(found, str) else ""
        return line if len(line) <= LONGEST_REASON else line[: LONGEST_REASON - 1] + "…"

    def revision(self, name: str) -> str:
        """A revision: a commit, a version or a digest; "" and a mistake noted where there is none."""
        found = self.text(name, required=True, limit=200)
        if found and not _REVISION.match(found):
            self.wrong(name, "must be a commit, a version or a digest of at most 64 characters")
            return ""
        return found

    def time(self, name: str) -> datetime | None:
        """A time in RFC 3339, or as Git and Ruby write it; None where it is left out. Without a zone it is UTC."""
        found = _SPACED.sub("", self.text(name, limit=40).removesuffix(" UTC"))
        if not found:
            return None
        try:
            at = datetime.fromisoformat(found)
            moment = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
            if FIRST_YEAR <= moment.year <= LAST_YEAR:
                return moment
        except (ValueError, OverflowError):
            pass
        self.wrong(name, "must be a time such as 2026-11-23T15:04:05Z")
        return None

    def needed_time(self, name: str) -> datetime:
        """A time that may not be left out."""
        if not self.has(name):
            self.wrong(name, "is required")
        return self.time(name) or datetime.now(UTC).replace(year=FIRST_YEAR)
