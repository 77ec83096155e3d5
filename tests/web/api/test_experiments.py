"""A twin experiment on a real server, from its beginning to its report."""

from __future__ import annotations

import html
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.domain.experiments.experiment_parameters import FaultKind, read_parameters
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
def disturbed(server: LiveServer, done: Json) -> Json:
    """One with every fault, some seconds long, at its end."""
    asked = {**TINY, "seed": 5, "commits": 27, "spacing_s": 0.45, "interval_s": 1, "faults": list(FaultKind)}
    return ended(server, server.call("POST", "/experiments", asked, status=202)["id"])


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
    assert all(one["revoked_at"] for one in tokens if one["name"].startswith("experiment-"))


def test_an_experiment_is_listed_and_a_wrong_one_refused(server: LiveServer, done: Json) -> None:
    assert done["id"] in [one["id"] for one in server.call("GET", "/experiments")["items"]]
    server.call("POST", "/experiments", {"faults": ["meteor"]}, status=422)
    server.call("POST", "/experiments", {"commits": 2, "faults": ["drift"]}, status=422)
    server.call("POST", f"/experiments/{done['id']}/stops", status=409)
    server.call("POST", f"/experiments/{done['id']}/resumptions", status=409)
    server.call("GET", "/experiments/01KATV2Q8Z3V8M6D3T0F8Y1N4R", status=404)


def report(server: LiveServer, id: str, format: str) -> str:
    answer = server.http.get(f"/api/v1/experiments/{id}/report", params={"format": format})
    assert answer.status_code == 200
    assert f".{format}" in answer.headers["content-disposition"]
    return answer.text


def test_without_faults_every_change_is_paired_and_nothing_goes_wrong(server: LiveServer, done: Json) -> None:
    told = json.loads(report(server, done["id"], "json"))
    rows = {row[0]: row for row in told["tables"][0]["rows"]}
    assert rows["Visible to out, every change"][1] == "6"
    assert [len(told["curves"][mode]) for mode in ("push", "pull")] == [6, 6]
    assert all(seconds > 0 for sample in told["curves"].values() for seconds in sample)
    assert told["tables"][2]["rows"] == []
    operations = {id for row in told["tables"][1]["operations"] for id in row.values()}
    assert {server.call("GET", f"/operations/{id}")["outcome"] for id in operations} == {"deployed"}


def test_the_comparison_leaves_twins_out_unless_their_label_is_asked_for(server: LiveServer, done: Json) -> None:
    tail = done["environments"]["push"].split("-")[1]
    assert server.call("GET", "/comparison")["environments"] == {"push": 0, "pull": 0}
    asked = server.call("GET", "/comparison", labels=f"experiment={tail}")
    assert asked["environments"] == {"push": 1, "pull": 1}
    lead = next(row for row in asked["rows"] if row["key"] == "lead_time")
    assert lead["push"]["n"] >= 5


def command(server: LiveServer, *argv: str) -> subprocess.CompletedProcess[str]:
    here = {**os.environ, "PUSHPULL_URL": server.url, "PUSHPULL_TOKEN": server.token}
    return subprocess.run([sys.executable, "-m", "app", "experiment", *argv], env=here, capture_output=True, text=True)


@pytest.mark.thorough
def test_the_command_line_runs_one_and_tells_each_step(server: LiveServer, done: Json, tmp_path: Path) -> None:
    asked = ("--quick", "--seed", "4", "--commits", "2", "--spacing", "0.3", "--build", "0.1", "--no-faults")
    ran = command(server, "run", *asked)
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    assert lines[-1].startswith("finished; `pushpull experiment report ")
    assert any(line.endswith("4/4  the pipeline of change 2 is through") for line in lines)
    id = lines[-1].split()[4].strip("`")
    assert id in command(server, "list").stdout
    assert "Phase" in command(server, "show", id).stdout
    assert command(server, "report", id).stdout.startswith("# Push against pull")
    assert command(server, "report", id, "--format", "html", "--file", str(tmp_path / "report.html")).returncode == 0
    assert (tmp_path / "report.html").read_text("utf-8").startswith("<!doctype html>")
    assert command(server, "stop", id).returncode == 1
    assert command(server, "rm", id).returncode == 0


@pytest.mark.thorough
def test_each_fault_is_done_and_shows_in_the_ledger(server: LiveServer, disturbed: Json) -> None:
    assert (disturbed["phase"], disturbed["reason"]) == ("finished", "")
    told = json.loads(report(server, disturbed["id"], "json"))
    shown = {row[0]: row[2:] for row in told["tables"][2]["rows"]}
    assert len(shown) == len(FaultKind)
    assert all("not healthy" in side or "passed over" in side for side in shown["bad commit"])
    assert any("gone after" in side for side in shown["edit by hand"])
    # On a busy machine a short fault may fall between two looks of either twin.
    assert "refused" in "".join([*shown["Git outage"], *shown["expired credential"]])
    remarks = " ".join(row[4] for row in told["tables"][1]["rows"])
    assert "its pipeline never heard of the commit" in remarks
    assert "the control plane could not be reached" in remarks or "0 requests" in "".join(shown["control plane down"])
    names = disturbed["environments"]
    found = [server.call("GET", "/events", environment=name, limit=500)["items"] for name in names.values()]
    assert {"drift.detected", "drift.ended"} <= {one["type"] for events in found for one in events}
    failed = server.call("GET", "/operations", environment=names["push"], phase="failed")["items"]
    assert any("not healthy" in one["reason"] for one in failed)


@pytest.mark.thorough
def test_the_report_is_one_file_without_addresses_paths_and_secrets(server: LiveServer, disturbed: Json) -> None:
    forms = {form: report(server, disturbed["id"], form) for form in ("html", "md", "json")}
    hidden = (server.token, str(server.folder), "127.0.0.1", "http://", "https://")
    for form, text in forms.items():
        assert not [one for one in hidden if one in text], form
        assert f"seed {disturbed['seed']}" in text
        assert "27 changes" in text or "changes went both ways" in text
    assert "<script" not in forms["html"]
    assert "<link" not in forms["html"]
    assert forms["html"].count("<path class=") == 2
    assert forms["md"].startswith("# Push against pull")
    assert forms["md"].splitlines()[2] == json.loads(forms["json"])["answer"]


@pytest.mark.thorough
def test_the_pages_show_it_and_begin_another(server: LiveServer, disturbed: Json) -> None:
    with httpx.Client(base_url=server.url, timeout=30, headers={"Accept": "text/html"}) as person:
        person.post("/login", data={"name": "admin", "password": "correct horse battery"})
        listed = person.get("/compare/experiments")
        assert disturbed["id"] in listed.text
        assert f"/compare/experiments/{disturbed['id']}" in person.get("/compare").text
        page = person.get(f"/compare/experiments/{disturbed['id']}")
        answer = json.loads(report(server, disturbed["id"], "json"))["answer"]
        assert (page.status_code, html.escape(answer) in page.text) == (200, True)
        assert f"/environments/{disturbed['environments']['pull']}" in page.text
        for seed in ("x", "9" * 5_000):
            wrong = person.post("/compare/experiments", data={"profile": "quick", "seed": seed})
            assert (wrong.status_code, "must be a whole number" in wrong.text) == (422, True)
        begun = person.post("/compare/experiments", data={"profile": "quick", "seed": "3"})
        assert begun.status_code == 303
        place = begun.headers["location"]
        assert "So far" in person.get(place).text
        second = person.post("/compare/experiments", data={"profile": "quick"})
        assert (second.status_code, "is running" in second.text) == (422, True)
        assert person.post(f"{place}/stop").status_code == 303
        assert "It was stopped before its end" in person.get(place).text
        until(server, place.rpartition("/")[2], lambda _: person.post(f"{place}/remove").status_code == 303)


@pytest.mark.thorough
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
