"""The past that the demo makes up: told by the same rules for both modes, the same from the same seed, and labelled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.config import Settings
from app.demo.chance import Chance
from app.demo.demo_environments import MODES
from app.demo.past_commits import past_steps
from app.demo.seeded_past import DAYS, write_past
from app.domain.audit import Verification
from app.domain.identity import SYSTEM
from app.domain.operation import Operation, StageName
from app.laboratory.bundled_repository import BundledRepository
from app.laboratory.bundled_site import HISTORY
from app.main import build
from app.ports import OperationFilter

pytestmark = pytest.mark.thorough
NOW = datetime.now(UTC).replace(microsecond=0)
NOTE = "made up by the test"


def told(folder: Path, seed: int) -> tuple[list[Operation], dict[str, tuple[int, int]], Verification]:
    """All operations, {measure: (n of push, n of pull)}, and whether the audit log holds."""
    repository = BundledRepository(folder / "git")
    commits = repository.create(past_steps(NOW, Chance(seed), DAYS), len(HISTORY) - 1)
    settings = Settings(
        data_dir=folder / "data", source_roots=str(folder / "git"), target_roots=str(folder / "servers")
    )
    write_past(settings, repository.path, commits[len(HISTORY) :], NOW, Chance(seed), NOTE)
    installation = build(settings)
    try:
        with installation.store.read() as tx:
            operations = list(tx.operations.page(OperationFilter(), 1000, None).items)
        found = installation.queries.comparison.compare(SYSTEM, "30d")
        counts = {row.heading.key: (row.push.n, row.pull.n) for row in found.rows}
        return operations, counts, installation.use_cases.audit.verify_stored()
    finally:
        installation.stop()


def test_both_modes_live_by_the_same_rules(tmp_path: Path) -> None:
    operations, counts, checked = told(tmp_path, 7)
    assert min(counts["lead_time"]) >= 20
    assert min(counts["time_in_drift"]) >= 5
    assert counts["time_in_drift"][0] == counts["time_in_drift"][1]
    assert min(counts["time_to_restore"]) >= 5
    assert counts["time_to_restore"][0] == counts["time_to_restore"][1]
    assert min(counts["recovery"]) >= 1
    assert checked.valid
    assert {one.environment for one in operations} == set(MODES)
    assert all(NOTE in one.reason for one in operations)
    ended = [one.finished_at for one in operations if one.finished_at]
    assert len(ended) == len(operations)
    assert min(ended) < NOW - timedelta(days=DAYS - 2)
    assert max(ended) < NOW


def test_pipelines_take_twenty_to_ninety_seconds_and_vary(tmp_path: Path) -> None:
    waits = []
    for one in told(tmp_path, 3)[0]:
        committed, noticed = one.stage(StageName.COMMITTED), one.stage(StageName.NOTICED)
        if one.trigger.value == "pipeline" and committed and noticed:
            waits.append((noticed.started_at - committed.started_at).total_seconds())
    assert min(waits) >= 20
    assert max(waits) < 91
    assert max(waits) - min(waits) > 20


def test_the_same_seed_tells_the_same(tmp_path: Path) -> None:
    def plot(folder: str, seed: int) -> list[tuple[str, str, str | None, str]]:
        return [
            (one.environment, one.trigger.value, one.revision, one.created_at.isoformat(timespec="seconds"))
            for one in told(tmp_path / folder, seed)[0]
        ]

    assert plot("one", 7) == plot("two", 7) != plot("three", 8)
