"""Experiments, their leases, and the steps that were done."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from app.domain.audit import timestamp
from app.domain.errors import ExperimentNotFound
from app.domain.experiments.experiment import Experiment, ExperimentPhase, Progress, StepRecord
from app.domain.experiments.experiment_parameters import ExperimentParameters, FaultKind
from app.ports import Page
from app.store import tables
from app.store.rows import readable, sound

x, s = tables.experiments, tables.experiment_steps
_PLAIN = ("id", "seed", "created_at", "created_by", "version", "reason", "finished_at", "removed_at")
RUNNING = ExperimentPhase.RUNNING.value


class SqlExperiments:
    """Implements the port ExperimentStore."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def add(self, experiment: Experiment) -> None:
        values = {name: getattr(experiment, name) for name in _PLAIN}
        stored = {"parameters": experiment.parameters.as_dict(), "progress": _progress_json(experiment.progress)}
        self._db.execute(insert(x).values(**values, **stored, phase=experiment.phase.value))

    def get(self, id: str) -> Experiment:
        row = self._db.execute(select(x).where(x.c.id == id)).first()
        if row is None:
            raise ExperimentNotFound(f"There is no experiment '{id[:26]}'.")
        return _experiment(sound(row))

    def page(self, limit: int, after: str | None) -> Page[Experiment]:
        query = select(x).order_by(x.c.id.desc()).limit(limit + 1)
        rows = self._db.execute(query.where(x.c.id < after) if after else query).all()
        found = readable(rows[:limit], _experiment, "experiments")
        return Page(found, rows[limit - 1].id if len(rows) > limit else None)

    def running(self) -> Experiment | None:
        row = self._db.execute(select(x).where(x.c.phase == RUNNING).order_by(x.c.id).limit(1)).first()
        return _experiment(sound(row)) if row else None

    def twins(self) -> frozenset[int]:
        found = (row.progress.get("twins", {}) for row in self._db.execute(select(x.c.progress)))
        return frozenset(id for twins in found for id in twins.values())

    def move(self, id: str, phase: ExperimentPhase, reason: str, at: datetime) -> None:
        ended = at if phase.final else None
        self._db.execute(
            update(x).where(x.c.id == id).values(phase=phase.value, reason=reason[:2000], finished_at=ended)
        )

    def removed(self, id: str, at: datetime) -> None:
        self._db.execute(update(x).where(x.c.id == id).values(removed_at=at))

    def claim(self, worker: str, at: datetime, silent_since: datetime) -> Experiment | None:
        found = self.running()
        if found is None:
            return None
        free = or_(x.c.worker.is_(None), x.c.worker == worker, x.c.heartbeat_at < silent_since)
        taken = self._db.execute(
            update(x).where(x.c.id == found.id, x.c.phase == RUNNING, free).values(worker=worker, heartbeat_at=at)
        )
        return found if taken.rowcount else None

    def renew(self, id: str, worker: str, at: datetime, progress: Progress) -> bool:
        mine = and_(x.c.id == id, x.c.phase == RUNNING, x.c.worker == worker)
        values = {"heartbeat_at": at, "progress": _progress_json(progress)}
        return bool(self._db.execute(update(x).where(mine).values(**values)).rowcount)

    def release(self, id: str, worker: str, progress: Progress) -> None:
        self._db.execute(
            update(x)
            .where(x.c.id == id, x.c.worker == worker)
            .values(worker=None, heartbeat_at=None, progress=_progress_json(progress))
        )

    def put_step(self, id: str, record: StepRecord) -> None:
        self._db.execute(delete(s).where(s.c.experiment == id, s.c.number == record.number))
        self._db.execute(insert(s).values(experiment=id, number=record.number, at=record.at, data=dict(record.data)))

    def steps(self, id: str) -> tuple[StepRecord, ...]:
        rows = self._db.execute(select(s.c.number, s.c.at, s.c.data).where(s.c.experiment == id).order_by(s.c.number))
        return readable(rows, lambda row: StepRecord(row.number, row.at, row.data), "experiment_steps")


def _experiment(row: Any) -> Experiment:
    values = {name: getattr(row, name) for name in _PLAIN}
    faults = tuple(FaultKind(one) for one in row.parameters["faults"])
    parameters = ExperimentParameters(**{**row.parameters, "faults": faults})
    return Experiment(
        **values, parameters=parameters, phase=ExperimentPhase(row.phase), progress=_progress(row.progress)
    )


def _progress_json(progress: Progress) -> dict[str, Any]:
    return {
        "position_s": progress.position_s,
        "port": progress.port,
        "twins": dict(progress.twins),
        "began_at": _text(progress.began_at),
        "interruptions": [[_text(one) for one in pair] for pair in progress.interruptions],
        "requests": {mode: dict(counts) for mode, counts in progress.requests.items()},
    }


def _progress(found: Any) -> Progress:
    return Progress(
        found["position_s"],
        found["port"],
        found["twins"],
        _moment(found["began_at"]),
        tuple((datetime.fromisoformat(start), _moment(end)) for start, end in found["interruptions"]),
        found["requests"],
    )


def _text(moment: datetime | None) -> str | None:
    return timestamp(moment) if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
