"""The command line as people and pipelines call it: a process, its words and its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.repo import GitRepo
from tests.support.server import LiveServer

ROOT = Path(__file__).resolve().parents[2]
SECRET = "pp_not-a-token-at-all"


@dataclass
class Run:
    """A finished command."""

    code: int
    out: str
    err: str


def pushpull(*arguments: str | Path, **variables: str) -> Run:
    done = subprocess.run(
        [sys.executable, "-m", "app", *map(str, arguments)], cwd=ROOT, env={**os.environ, **variables},
        capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return Run(done.returncode, done.stdout, done.stderr)


@dataclass
class Place:
    """A server with one delivered environment, and the command line on it."""

    server: LiveServer
    repo: GitRepo
    first: str

    def run(self, *arguments: str | Path, token: str = "") -> Run:
        return pushpull(*arguments, PUSHPULL_URL=self.server.url, PUSHPULL_TOKEN=token or self.server.token)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with LiveServer(tmp_path_factory.mktemp("cli")) as server:
        repo = server.repo("shop")
        server.environment("shop", repo)
        first = str(repo.sha("main"))
        server.sync("shop", revision=first)
        yield Place(server, repo, first)


def test_a_push_waits_until_the_revision_is_live(place: Place) -> None:
    sha = place.repo.commit({"site/index.html": "two\n"})
    done = place.run("push", "shop", "--revision", sha, "--wait")
    assert (done.code, done.err) == (0, "")
    assert (place.server.live / "shop" / "index.html").read_text() == "two\n"
    assert place.run("push", "shop", "--revision", "e" * 40, "--wait").code == 1


def test_a_push_that_is_not_healthy_fails(place: Place) -> None:
    place.server.environment(
        "ill", place.repo, policy={"health_check": {"kind": "command", "command": ["false"], "deadline_s": 0.1}}
    )
    done = place.run("push", "ill", "--wait", "--json")
    assert done.code == 1
    assert json.loads(done.out)["phase"] == "failed"


def test_drift_is_an_exit_code_and_a_rollback_ends_it(place: Place) -> None:
    live = place.server.live / "shop" / "style.css"
    live.write_text("edited by hand\n")
    assert place.run("refresh", "shop").code == 1
    drifted = place.run("drift", "shop", "--json")
    assert drifted.code == 1
    assert [one["path"] for one in json.loads(drifted.out)["items"]] == ["style.css"]
    assert place.run("rollback", "shop", place.first, "-m", "by test").code == 0
    assert live.read_text() == "body {}\n"
    assert place.run("resume", "shop").code == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("push", "nobody", "--wait"), 1),
        (("env", "show", "nobody"), 1),
        (("rollback", "shop"), 2),
        (("no-such-command",), 2),
        (("env", "add", "x", "--repo", "/etc", "--target", "/etc"), 1),
    ],
)
def test_what_cannot_be_is_said_in_words(place: Place, arguments: tuple[str, ...], code: int) -> None:
    done = place.run(*arguments)
    assert (done.code, done.out) == (code, "")
    assert done.err


def test_a_wrong_token_and_a_server_that_is_away_are_told_apart(place: Place) -> None:
    refused = place.run("env", "list", token=SECRET)
    assert refused.code == 2
    assert SECRET not in refused.out + refused.err
    away = pushpull("env", "list", PUSHPULL_URL="http://127.0.0.1:9", PUSHPULL_TOKEN=SECRET)
    assert (away.code, "cannot be reached" in away.err) == (3, True)


def test_an_export_is_verified_without_the_server(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    assert place.run("audit", "export", "-o", file).code == 0
    assert pushpull("audit", "verify", file).code == 0
    lines = file.read_text().splitlines()
    entry = json.loads(lines[2])
    lines[2] = json.dumps({**entry, "actor": "user:mallory"})
    file.write_text("\n".join(lines))
    found = pushpull("audit", "verify", file, "--json")
    assert (found.code, json.loads(found.out)["first_bad"]) == (1, entry["seq"])


def test_a_worker_needs_a_database_that_can_be_shared(tmp_path: Path) -> None:
    done = pushpull("worker", PUSHPULL_DATA_DIR=str(tmp_path))
    assert (done.code, "PostgreSQL" in done.err) == (2, True)


def test_wrong_settings_are_named(tmp_path: Path) -> None:
    done = pushpull("serve", PUSHPULL_DATA_DIR=str(tmp_path), PUSHPULL_PORT="many")
    assert (done.code, "PUSHPULL_PORT" in done.err) == (2, True)


def test_a_revision_that_only_a_working_copy_knows_is_refused_with_a_hint(place: Place) -> None:
    before = place.server.call("GET", "/operations")["items"][0]["id"]
    done = place.run("push", "shop", "--revision", "HEAD~1")
    assert done.code == 2
    assert "a commit id, a branch or a tag of the environment's repository" in done.err
    assert "$(git rev-parse 'HEAD~1')" in done.err
    assert place.server.call("GET", "/operations")["items"][0]["id"] == before


def test_what_is_wrong_with_a_field_is_said_once(place: Place) -> None:
    done = place.run("env", "edit", "shop", "--set", "policy.interval_s=0")
    assert done.code == 1
    assert done.err.count("interval_s") == 1, done.err


def test_what_looks_like_a_number_stays_text_where_text_is_meant(place: Place) -> None:
    assert place.run("env", "edit", "shop", "--set", "labels.version=1.10", "--set", "policy.interval_s=3601").code == 0
    shown = place.server.call("GET", "/environments/shop")
    assert (shown["labels"]["version"], shown["policy"]["interval_s"]) == ("1.10", 3601)


def test_a_hold_has_a_reason(place: Place) -> None:
    place.server.environment("held", place.repo)
    assert place.run("hold", "held").code == 0
    assert place.server.call("GET", "/environments/held")["status"]["hold"]["reason"] == "held from the command line"
    blank = place.run("hold", "held", "--reason", " ")
    assert blank.code == 1
    assert "reason is required" in blank.err


def test_an_enrollment_token_is_all_that_is_printed_and_the_commands_stand_beside_it(place: Place) -> None:
    sent = {"name": "edge", "mode": "pull", "runs_on": "agent", "source": {"repo_url": "https://git.example.org/t/s.git"},
            "target": {"kind": "directory", "path": "/srv/edge"}}  # fmt: skip
    assert place.server.http.post("/api/v1/environments", json=sent).status_code == 201
    made = place.run("agent", "token", "edge")
    assert made.code == 0, made.err
    assert made.out.startswith("ppe_")
    assert len(made.out.split()) == 1
    assert f"pushpull agent enroll --server {place.server.url} --data-dir /var/lib/pushpull-agent" in made.err
    assert "pushpull agent run" in made.err
    assert made.out.strip() not in made.err


def test_what_happened_is_told_by_history_operations_and_events(place: Place) -> None:
    place.server.environment("told", place.repo)
    done = place.run("push", "told", "--wait")
    assert done.code == 0, done.err
    id = done.out.split()[1]
    assert f"{place.server.url}/operations/{id}" in done.out
    assert id in [one["id"] for one in json.loads(place.run("operations", "list", "told", "--json").out)["items"]]
    assert "live" in place.run("history", "told").out
    assert place.run("operations", "logs", id, "--follow").code == 0
    assert "succeeded" in place.run("operations", "show", id).out
    told = [json.loads(line) for line in place.run("events", "told", "--json").out.splitlines()]
    assert [one["id"] for one in told] == sorted(one["id"] for one in told)
    newest = place.server.call("GET", "/events?environment=told&newest=true&limit=1")["items"]
    assert told[-1]["id"] == newest[0]["id"]
    assert place.run("terminate", id).code == 1


def test_the_way_back_after_one_delivery_says_why_there_is_none(place: Place) -> None:
    place.server.environment("once", place.repo)
    assert place.run("push", "once", "--wait").code == 0
    refused = place.run("rollback", "once", "--last-good")
    assert (refused.code, "only revision that was ever live" in refused.err) == (1, True)


def test_a_revision_that_does_not_exist_is_said_without_waiting_for_it(place: Place) -> None:
    refused = place.run("push", "shop", "-r", "doesnotexist")
    assert refused.code == 1
    assert "doesnotexist" in refused.out


def test_a_secret_is_replaced_where_it_is(place: Place, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("glpat-old\n")
    new.write_text("glpat-new\n")
    added = place.run("credential", "add", "git-read", "--kind", "token", "--username", "bot", "--file", old)
    assert added.code == 0, added.err
    assert place.run("credential", "replace", "git-read", "--file", new).code == 0
    kept = json.loads(place.run("credential", "list", "--json").out)["items"]
    assert [(one["name"], one["kind"]) for one in kept] == [("git-read", "token")]
    odd = place.server.http.put("/api/v1/credentials/git-read", json={"password": "x"})
    assert (odd.status_code, "password" in odd.text) == (422, True)
    assert place.server.http.put("/api/v1/credentials/nothing", json={"token": "x"}).status_code == 404
    assert place.run("credential", "remove", "git-read").code == 0


def test_drift_is_accepted_and_counted_again(place: Place) -> None:
    assert place.run("ignore", "add", "shop", "uploads/*", "-m", "customers upload there").code == 0
    assert "customers upload there" in place.run("ignore", "list", "shop").out
    assert place.run("ignore", "remove", "shop", "uploads/*").code == 0
    assert json.loads(place.run("ignore", "list", "shop", "--json").out)["items"] == []


def test_a_profile_is_used_until_somebody_logs_out(place: Place, tmp_path: Path) -> None:
    home = {"XDG_CONFIG_HOME": str(tmp_path), "PUSHPULL_URL": "", "PUSHPULL_TOKEN": ""}
    token = tmp_path / "token"
    token.write_text(place.server.token + "\n")
    refused = pushpull("login", "http://127.0.0.1:9", "--token-file", token, **home)
    assert refused.code == 3
    made = pushpull("login", place.server.url, "--profile", "here", "--token-file", token, **home)
    assert made.code == 0, made.err
    assert place.server.token not in made.out + made.err
    kept = tmp_path / "pushpull" / "profiles.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert pushpull("env", "show", "shop", **home).code == 0
    assert pushpull("env", "show", "shop", "--profile", "here", **home).code == 0
    elsewhere = pushpull("env", "show", "shop", "--url", "http://127.0.0.1:9", **home)
    assert elsewhere.code == 3
    wins = pushpull("env", "show", "shop", **{**home, "PUSHPULL_TOKEN": SECRET})
    assert wins.code == 2
    kept.chmod(0o644)
    assert "chmod 600" in pushpull("env", "list", **home).err
    kept.chmod(0o600)
    assert pushpull("logout", **home).code == 0
    assert place.server.token not in kept.read_text()


def test_an_environment_is_shown_in_words(place: Place) -> None:
    place.run("hold", "shop", "-m", "the database moves")
    shown = place.run("env", "show", "shop").out
    assert place.run("resume", "shop").code == 0
    assert "{" not in shown
    assert "the database moves" in shown
    assert "until somebody resumes" in " ".join(shown.split())  # a terminal's width may wrap it anywhere
    for width in ("40", "80"):
        lines = pushpull(
            "env", "list", PUSHPULL_URL=place.server.url, PUSHPULL_TOKEN=place.server.token, COLUMNS=width
        ).out
        assert [line for line in lines.splitlines() if line != line.rstrip() or len(line) > int(width)] == []


def test_a_plan_tells_what_a_delivery_would_do_and_changes_nothing(place: Place) -> None:
    place.server.environment("planned", place.repo, mode="push")
    assert place.run("push", "planned", "--wait").code == 0
    same = place.run("plan", "planned", "--detailed-exitcode")
    assert (same.code, "nothing would change" in same.out) == (0, True)
    sha = place.repo.commit({"site/index.html": "planned\n", "site/.env": "API_TOKEN=hunter2secret\n"})
    live = place.server.live / "planned"
    before = {path: path.read_bytes() for path in live.rglob("*") if path.is_file()}
    place.run("hold", "planned", "-m", "the database moves")
    asked = place.run("plan", "planned", "--detailed-exitcode")
    assert asked.code == 5, asked.err
    assert sha[:8] in asked.out
    assert "+planned" in asked.out
    assert "the database moves" in asked.out
    assert "hunter2secret" not in asked.out
    found = json.loads(place.run("plan", "planned", "-r", sha, "--json").out)
    assert [one["revision"] for one in found["commits"]] == [sha]
    assert {one["path"]: one["action"] for one in found["items"]} == {"index.html": "update", ".env": "create"}
    assert {path: path.read_bytes() for path in live.rglob("*") if path.is_file()} == before
    assert place.run("plan", "planned", "-r", "doesnotexist").code == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("env", "list", "--mode", "puhs"), "mode must be push or pull"),
        (("env", "add", "x", "--set", "nonsense=1"), "nonsense is no field here"),
        (
            ("env", "add", "x", "--set", "source.repo_ulr=/x"),
            "source.repo_ulr is no field here; did you mean repo_url?",
        ),
        (("env", "add", "--set", "mode=pull"), "name is required"),
    ],
)
def test_what_is_wrong_with_a_request_is_said_in_our_own_words(
    place: Place, arguments: tuple[str, ...], said: str
) -> None:
    refused = place.run(*arguments)
    assert (refused.code, said in refused.err) == (1, True), refused.err
    assert "Input should" not in refused.err


def test_what_others_deliver_is_registered_and_shown_in_their_name(place: Place) -> None:
    made = place.run("env", "add", "billing", "--external", "argocd", "--called", "pay")
    assert (made.code, made.out.splitlines()[0]) == (0, "registered billing (pull)")
    assert "/environments/billing/pipeline" in made.out
    shown = place.run("env", "show", "billing").out
    assert "delivered by argocd, which calls it pay" in shown
    refused = place.run("push", "billing")
    assert (refused.code == 0, "delivered by Argo CD" in refused.err) == (False, True)


def test_what_if_and_advice_are_told_in_words_and_as_json(place: Place) -> None:
    told = place.run("what-if", "shop", "--interval", "20")
    assert (told.code, "not known" in told.out, "5 are needed" in told.out) == (0, True, True)
    advised = place.run("advice", "shop")
    assert advised.code == 0
    assert advised.out.startswith("No advice: not enough measured")
    assert "not measured yet; commits that are pulled would" in " ".join(advised.out.split())
    assert json.loads(place.run("advice", "shop", "--json").out)["choice"] is None
