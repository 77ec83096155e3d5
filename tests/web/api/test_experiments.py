"""A twin experiment on a real server, from its beginning to its report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.domain.experiments.experiment_parameters import read_parameters
from app.domain.experiments.experiment_plan import StepKind, plan
from tests.support.server import LiveServer

Json = dict[str, Any]
TINY: Json = {
    "profile": "quick", "seed": 11, "commits": 6, "spacing_s": 0.3, "build_s": 0.1, "fault_s": 1.0, "faults": [],
}  # fmt: skip


def until(server: LiveServer, id: str, reached: Callable[[Json], bool]) -> Json:
    """Look at an experiment until it is as wanted, at most for half a minute."""
    deadline = time.monotonic() + 30
    while True:
        one: Json = server.call("GET", f"/experiments/{id}")
        if reached(one):
            return one
        assert time.monotonic() < deadline, one
        time.sleep(0.05)


def ended(server: LiveServer, id: str) -> Json:
    return until(server, id, lambda one: one["phase"] != "running")


def interruptions(server: LiveServer, id: str) -> Any:
    with server.installation.store.read() as tx:
        return tx.experiments.get(id).progress.interruptions


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with LiveServer(tmp_path_factory.mktemp("experiments"), log_level="error") as running:
        yield running


@pytest.fixture(scope="module")
def done(server: LiveServer) -> Json:
    """A small experiment without faults, at its end."""
    return ended(server, server.call("POST", "/experiments", TINY, status=202)["id"])


def test_both_twins_get_every_commit_and_rest_at_the_end(server: LiveServer, done: Json) -> None:
    assert (done["phase"], done["reason"], done["steps_done"]) == ("finished", "", done["steps"] == 12 and 12)
    live = set()
    for mode, name in done["environments"].items():
        one = server.call("GET", f"/environments/{name}")
        assert (one["mode"], one["labels"]["twin"]) == (mode, mode)
        assert (one["policy"]["auto_sync"], one["policy"]["self_heal"]) == (False, False)
        live.add(one["status"]["revision"])
    assert len(live) == 1, "both have the last commit"
    deployed = {
        name: server.call("GET", "/operations", environment=name, outcome="deployed", limit=50)["items"]
        for name in done["environments"].values()
    }
    triggers = {one["trigger"] for one in deployed[done["environments"]["push"]]}
    assert triggers == {"pipeline"}
    assert {one["trigger"] for one in deployed[done["environments"]["pull"]]} == {"schedule"}
    tokens = server.call("GET", "/tokens")["items"]
    assert [one["revoked_at"] is not None for one in tokens if one["name"].startswith("experiment-")] == [True]


def test_an_experiment_is_listed_and_a_wrong_one_refused(server: LiveServer, done: Json) -> None:
    assert [one["id"] for one in server.call("GET", "/experiments")["items"]] == [done["id"]]
    server.call("POST", "/experiments", {"faults": ["meteor"]}, status=422)
    server.call("POST", "/experiments", {"commits": 2, "faults": ["drift"]}, status=422)
    server.call("POST", f"/experiments/{done['id']}/stops", status=409)
    server.call("POST", f"/experiments/{done['id']}/resumptions", status=409)
    server.call("GET", "/experiments/01KATV2Q8Z3V8M6D3T0F8Y1N4R", status=404)


def test_it_stands_still_and_goes_on_also_after_a_restart(tmp_path: Path) -> None:
    with LiveServer(tmp_path, log_level="error") as first:
        id = first.call("POST", "/experiments", TINY, status=202)["id"]
        until(first, id, lambda one: one["steps_done"] >= 3)
        stopped = first.call("POST", f"/experiments/{id}/stops", status=202)
        assert stopped["phase"] == "stopped"
        before = until(first, id, lambda one: bool(interruptions(first, id)))["steps_done"]
        first.call("POST", f"/experiments/{id}/resumptions", status=202)
        until(first, id, lambda one: one["steps_done"] > before)
    with LiveServer(tmp_path, log_level="error") as second:
        assert ended(second, id)["phase"] == "finished"
        with second.installation.store.read() as tx:
            steps, progress = tx.experiments.steps(id), tx.experiments.get(id).progress
        made = plan(11, read_parameters({name: value for name, value in TINY.items() if name != "seed"}))
        commits = {step.number for step in made if step.kind is StepKind.COMMIT}
        revisions = [record.data["revision"] for record in steps if record.number in commits]
        assert (len(steps), len(set(revisions))) == (len(made), len(commits)), "each commit was made once"
        assert [end is not None for _, end in progress.interruptions] == [True, True]
        assert second.call("DELETE", f"/experiments/{id}", status=204) is None
        names = [one["name"] for one in second.call("GET", "/environments")["items"]]
        assert names == []
        assert second.call("GET", f"/experiments/{id}")["removed_at"]
        assert second.call("GET", "/operations", limit=1)["items"], "the ledger stays"
        until(second, id, lambda one: not list((tmp_path / "data" / "experiments").glob("*")))
    assert list((tmp_path / "live" / "experiments").glob("*")) == []
