"""What a twin experiment is made of: how many commits, how far apart, which faults, and how both twins are set up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from app.domain.specification.reader import FieldReader, wrong


class FaultKind(StrEnum):
    """What goes wrong in an experiment, for both twins at the same time."""

    BAD_COMMIT = "bad_commit"
    DRIFT = "drift"
    PIPELINE_OUTAGE = "pipeline_outage"
    LOST_WEBHOOK = "lost_webhook"
    GIT_OUTAGE = "git_outage"
    AGENT_DOWN = "agent_down"
    CONTROL_PLANE_DOWN = "control_plane_down"
    SLOW_NETWORK = "slow_network"
    EXPIRED_CREDENTIAL = "expired_credential"


IN_A_COMMIT = frozenset({FaultKind.BAD_COMMIT, FaultKind.LOST_WEBHOOK})
ROOM = 3  # commits for each fault, so that one is over before the next begins


@dataclass(frozen=True, slots=True)
class ExperimentParameters:
    """`commits`: how many both twins get; `spacing_s`: mean seconds between two of them, each gap drawn between half
    and one and a half of it; `interval_s`: of the pull twin's polls; `refresh_interval_s`: of both twins' drift scans;
    `build_s`: median seconds of the imitated pipeline; `fault_s`: how long a fault lasts at most; `delay_s`: added to
    each request while the network is slow; `self_heal`: whether both twins heal drift by themselves."""

    commits: int = 54
    spacing_s: float = 4.5
    interval_s: int = 5
    refresh_interval_s: int = 5
    build_s: float = 3.0
    fault_s: float = 14.0
    delay_s: float = 1.0
    self_heal: bool = True
    faults: tuple[FaultKind, ...] = tuple(FaultKind)

    @property
    def about_s(self) -> float:
        """About how many seconds the experiment takes."""
        return self.commits * self.spacing_s + 3.0 * self.interval_s

    def as_dict(self) -> dict[str, Any]:
        """The parameters as they are stored and shown."""
        return {one.name: getattr(self, one.name) for one in fields(self)} | {
            "faults": [str(one) for one in self.faults]
        }


QUICK = ExperimentParameters(
    commits=36, spacing_s=1.2, interval_s=2, refresh_interval_s=1, build_s=0.4, fault_s=3.0, delay_s=0.3,
    faults=(FaultKind.BAD_COMMIT, FaultKind.DRIFT, FaultKind.LOST_WEBHOOK, FaultKind.GIT_OUTAGE),
)  # fmt: skip
PROFILES: Mapping[str, ExperimentParameters] = {"standard": ExperimentParameters(), "quick": QUICK}
SEEDS = 2**53  # what every JSON reader takes for a whole number


def read_parameters(values: Mapping[str, Any]) -> ExperimentParameters:
    """Parameters out of a request: those of "profile" ("standard" unless told) with what else is given in their place.
    Raises InvalidInput."""
    reader = FieldReader(values)
    reader.known("profile", *(one.name for one in fields(ExperimentParameters)))
    auto = PROFILES[reader.choice("profile", "standard", tuple(PROFILES))]
    read = ExperimentParameters(
        commits=reader.number("commits", auto.commits, 1, 2000),
        spacing_s=reader.seconds("spacing_s", auto.spacing_s),
        interval_s=reader.number("interval_s", auto.interval_s, 1, 3600),
        refresh_interval_s=reader.number("refresh_interval_s", auto.refresh_interval_s, 1, 3600),
        build_s=reader.seconds("build_s", auto.build_s),
        fault_s=reader.seconds("fault_s", auto.fault_s),
        delay_s=reader.seconds("delay_s", auto.delay_s, 30),
        self_heal=reader.flag("self_heal", auto.self_heal),
        faults=_faults(reader, auto.faults),
    )
    if len(read.faults) * ROOM > read.commits:
        reader.wrong("commits", f"must be at least {ROOM} for each fault: {len(read.faults) * ROOM}")
    if reader.errors:
        raise wrong(reader.errors)
    return read


def _faults(reader: FieldReader, auto: tuple[FaultKind, ...]) -> tuple[FaultKind, ...]:
    """The faults, which may be named more than once: each time is one more of them."""
    if not reader.has("faults"):
        return auto
    found = reader.items("faults")
    unknown = [one for one in found if one not in list(FaultKind)]
    if unknown or len(found) > 100:
        reader.wrong("faults", f"must be a list of at most 100 of {', '.join(FaultKind)}")
        return ()
    return tuple(FaultKind(one) for one in found)
