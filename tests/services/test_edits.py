"""One rule of what an edit leaves known, for the server and for the agent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.environment import Environment, Mode, Policy, SourceSpec, Status, TargetSpec
from app.domain.status import SyncStatus
from app.services.environments.edits import edited
from app.targets.target_registry import CATALOGUE

KNOWN = Status(
    sync=SyncStatus.SYNCED, revision="a" * 40, noticed="b" * 40, webhook_judged="b" * 40, operation="OP",
    last_outcome="failed", last_reason="away", failures=2, drift_count=1, drift_episode=3,
)  # fmt: skip
BEFORE = Environment(
    7, "shop", Mode.PULL, SourceSpec("https://git.example/shop.git"),
    TargetSpec("directory", {"path": "/srv/shop", "layout": "releases", "keep_releases": 5}), status=KNOWN,
)  # fmt: skip


def after(**changed: object) -> Status:
    wanted = replace(BEFORE, **changed)  # type: ignore[arg-type]
    return edited(BEFORE, wanted, moved=CATALOGUE.moved(BEFORE.target, wanted.target))


@pytest.mark.parametrize("option", [{"keep_releases": 2}, {"layout": "releases"}])
def test_another_setting_of_the_same_place_keeps_what_is_live(option: dict[str, object]) -> None:
    status = after(target=TargetSpec("directory", {**BEFORE.target.options, **option}))
    assert (status.revision, status.noticed, status.operation) == (KNOWN.revision, KNOWN.noticed, "OP")
    assert (status.drift_count, status.drift_episode) == (1, 3)


@pytest.mark.parametrize("option", [{"path": "/srv/other"}, {"layout": "in_place"}])
def test_another_place_holds_nothing_of_ours_yet(option: dict[str, object]) -> None:
    status = after(target=TargetSpec("directory", {**BEFORE.target.options, **option}))
    assert (status.revision, status.sync, status.drift_episode) == (None, SyncStatus.UNKNOWN, None)
    assert (status.noticed, status.webhook_judged, status.operation) == (KNOWN.noticed, KNOWN.webhook_judged, "OP")


def test_another_source_is_noticed_anew_and_tried_again() -> None:
    status = after(source=SourceSpec("https://git.example/other.git"))
    assert (status.revision, status.noticed, status.webhook_judged) == (KNOWN.revision, None, None)
    assert (status.last_outcome, status.failures) == (None, 0)


def test_who_only_observes_from_now_on_has_no_drift_to_mend() -> None:
    status = after(policy=Policy(observe=True))
    assert (status.revision, status.sync, status.drift_count, status.drift_episode) == (
        KNOWN.revision, SyncStatus.UNKNOWN, 0, None,
    )  # fmt: skip
