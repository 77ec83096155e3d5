"""What Git servers asked for over HTTP: to be left alone for a while (429 and 503 with Retry-After).

Git does not tell of the header, but its trace does. The trace holds headers only, with secrets taken out by git, goes
to a private file, and is read only where git failed.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path

from app.domain.errors import Problem, SourceBusy
from app.processes import private_folder
from app.wording.times import duration

LONGEST_S, SHORTEST_S = 3600.0, 1.0  # a server may ask for more, and is asked again all the same
_READ = 65_536  # bytes of a trace, the last ones
_STATUS = re.compile(r"<= recv header: http/[0-9.]+ ([0-9]{3})", re.IGNORECASE)
_HEADER = re.compile(r"<= recv header: (retry-after|date): *([^\r\n]{1,100})", re.IGNORECASE)
Caller = tuple[str, str | None]  # a server, and the credential that it knows us by


class Courtesy:
    """Until when each server wants to be left alone, by credential; in seconds that nobody can set."""

    def __init__(self) -> None:
        self._turn, self._until = threading.Lock(), dict[Caller, float]()

    @contextmanager
    def heeded(self, caller: Caller, variables: Mapping[str, str]) -> Iterator[dict[str, str]]:
        """Variables for one git command that talks to a server. Raises SourceBusy, also instead of what the command
        ended in, while the server wants to be left alone."""
        with self._turn:
            left = self._until.get(caller, 0.0) - time.monotonic()
        if left > 0:
            raise busy(left)
        with _traced(variables) as (traced, trace):
            try:
                yield traced
            except Problem:
                seconds = wished(trace)
                if seconds is None:
                    raise
                with self._turn:
                    self._until[caller] = time.monotonic() + seconds
                raise busy(seconds) from None


def busy(seconds: float) -> SourceBusy:
    """That a server wants to be left alone for some seconds more."""
    mend = f"The Git server asks to wait for {duration(round(seconds) or 1)} before it is asked again."
    problem = SourceBusy(mend, fields={"source.repo_url": mend})
    problem.pause_s = seconds
    return problem


@contextmanager
def _traced(variables: Mapping[str, str]) -> Iterator[tuple[dict[str, str], Path]]:
    """Variables that let one git command write down the headers that it hears, and the file that they go to."""
    with private_folder() as folder:
        trace = folder / "http"
        yield {**variables, "GIT_TRACE_CURL": str(trace), "GIT_TRACE_CURL_NO_DATA": "1"}, trace


def wished(trace: Path) -> float | None:
    """Seconds for which the last answer of a trace, a 429 or 503, asks to wait; None where it does not say."""
    try:
        with trace.open("rb") as file:
            file.seek(max(0, trace.stat().st_size - _READ))
            said = file.read(_READ).decode("latin-1")
    except OSError:
        return None
    answers = list(_STATUS.finditer(said))
    if not answers or answers[-1][1] not in ("429", "503"):
        return None
    headers = {name.lower(): value.strip() for name, value in _HEADER.findall(said, answers[-1].start())}
    return pause_wished(headers.get("retry-after", ""), headers.get("date", ""))


def pause_wished(after: str, date: str) -> float | None:
    """Seconds that an answer's headers Retry-After and Date ask to wait, within bounds; None where they do not say."""
    seconds = _seconds(after, date)
    return None if seconds is None else min(LONGEST_S, max(SHORTEST_S, seconds))


def _seconds(after: str, date: str) -> float | None:
    """Retry-After in seconds; a time of day counts from the server's own Date, as its clock is not ours."""
    if re.fullmatch(r"[0-9]{1,9}", after):
        return float(after)
    try:
        return (parsedate_to_datetime(after) - parsedate_to_datetime(date)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
