"""Writing back: on the live revision, in nobody's way, through no hold, and without secrets that nobody meant."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import (
    InvalidInput,
    NothingToWriteBack,
    SecretsNotIncluded,
    WriteBackConflict,
    WriteBackNotPossible,
)
from app.domain.events import EventType
from app.domain.operation import Outcome, Phase
from app.domain.status import Divergence, SyncStatus
from app.services.environments.rollback import RollbackWish
from app.services.environments.write_back import WriteBackWish, WrittenBack
from tests.support.installation import ME, Installation

SECRET = "API_TOKEN=abcd1234secret5678\n"


def drifted(here: Installation, mode: str, files: dict[str, str] | None = None, **more: Any) -> Path:
    """An environment whose target was edited by hand, and compared since."""
    target = here.register(mode, **more)
    here.deliver(mode)
    for path, content in (files or {"index.html": "by hand\n"}).items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_text(content)
    here.refresh()
    return target


def written(here: Installation, *paths: str, **wish: Any) -> WrittenBack:
    return here.use_cases.drift.write_back("shop", WriteBackWish(paths, **wish), ME)


def files_of(target: Path) -> dict[str, tuple[str, int]]:
    return {str(one.relative_to(target)): (one.read_text(), one.stat().st_mtime_ns) for one in target.rglob("*.*")}


def test_the_live_revision_is_the_parent_so_that_a_merge_keeps_both_sides(here: Installation, mode: str) -> None:
    drifted(here, mode)
    live = here.environment().status.revision
    here.repo.commit({"deploy/index.html": "a colleague's\n"}, "theirs")
    done = written(here, branch="proposal")
    assert done.revision.parents == (live,)
    assert "merge" in done.waits
    merged = here.repo.git("merge-tree", "--write-tree", "main", "proposal", check=False)
    assert "CONFLICT" in merged
    assert "deploy/index.html" in merged


def test_a_newer_commit_on_the_same_file_is_in_the_way_and_is_named(here: Installation, mode: str) -> None:
    target = drifted(here, mode)
    theirs = here.repo.commit({"deploy/index.html": "a colleague's\n"}, "Prices of May")
    here.repo.commit({"README": "elsewhere\n"}, "later")
    before = files_of(target)
    with pytest.raises(WriteBackConflict, match=rf"index\.html' was changed on main by {theirs[:8]}.*Prices of May"):
        written(here)
    assert here.repo.git("show", "main:deploy/index.html") == "a colleague's"
    assert files_of(target) == before
    assert here.run() == []


@pytest.mark.thorough
@pytest.mark.parametrize(
    "theirs",
    [
        {"deploy/index.html": None},
        {"deploy/index.html": None, "deploy/index.html/below": "x\n"},
        {"deploy": "a file now\n"},
    ],
    ids=["deleted", "a directory now", "a file above"],
)
def test_what_took_the_files_place_is_in_the_way_too(here: Installation, theirs: dict[str, str | None]) -> None:
    drifted(here, "push")
    here.repo.commit(theirs, "theirs")
    tip = here.repo.sha("main")
    with pytest.raises(WriteBackConflict):
        written(here)
    assert here.repo.sha("main") == tip


def test_a_newer_commit_elsewhere_is_kept_and_not_delivered_by_it(here: Installation) -> None:
    target = drifted(here, "push")
    head = here.repo.commit({"deploy/new.html": "new\n"}, "theirs")
    before = files_of(target)
    done = written(here)
    assert done.revision.parents == (head,)
    assert (done.operation, "not live yet" in done.waits) == (None, True)
    assert here.repo.git("show", "main:deploy/index.html") == "by hand"
    assert here.repo.git("show", "main:deploy/new.html") == "new"
    assert here.run() == []
    assert files_of(target) == before


@pytest.mark.thorough
def test_the_same_change_on_both_sides_is_nothing_to_write_back(here: Installation, mode: str) -> None:
    drifted(here, mode)
    here.repo.commit({"deploy/index.html": "by hand\n"}, "the same")
    with pytest.raises(NothingToWriteBack, match="holds exactly this already"):
        written(here)


def test_under_a_hold_it_is_recorded_only(here: Installation, mode: str) -> None:
    target = drifted(here, mode)
    here.repo.commit({"deploy/new.html": "new\n"}, "waits for the hold's end")
    here.use_cases.holds.hold("shop", "stocktaking", None, ME)
    before = files_of(target)
    done = written(here)
    assert (done.operation, here.repo.sha("main")) == (None, done.revision.sha)
    assert f"on hold by {ME} (stocktaking)" in done.waits
    assert here.poll() == []
    assert files_of(target) == before
    (told,) = here.events(EventType.DRIFT_WRITTEN_BACK)
    assert (told.data["revision"], told.data["paths"]) == (done.revision.sha, ["index.html"])
    here.use_cases.holds.resume("shop", ME)
    if mode == "push":
        here.push()
    here.run()
    assert here.environment().status.revision == done.revision.sha
    assert (target / "index.html").read_text() == "by hand\n"


@pytest.mark.thorough
def test_it_never_ends_a_rollback(here: Installation, mode: str) -> None:
    here.register(mode)
    good = here.deliver(mode).revision
    here.clock.pass_(1)
    bad = here.deliver(mode, here.repo.commit({"deploy/new.html": "broken\n"})).revision
    here.use_cases.rollback.back("shop", RollbackWish(good, reason="broken"), ME)
    here.run()
    (here.servers / "shop" / "index.html").write_text("by hand\n")
    here.refresh()
    with pytest.raises(WriteBackNotPossible, match="rolled back"):
        written(here)
    assert here.repo.sha("main") == bad
    assert written(here, branch="mine").revision.parents == (good,)
    here.poll()
    assert here.environment().status.revision == good


def test_what_is_not_written_back_stays_as_it_is(here: Installation, mode: str) -> None:
    target = drifted(here, mode, {"index.html": "by hand\n", "app.env": "also by hand\n"})
    before = files_of(target)
    done = written(here, "index.html")
    here.run()
    assert files_of(target) == before
    status = here.environment().status
    assert (status.revision, status.sync, status.divergence) == (
        done.revision.sha, SyncStatus.OUT_OF_SYNC, Divergence.DRIFT,
    )  # fmt: skip
    assert status.drift_count == 1
    here.refresh()
    assert [one["path"] for one in here.report()["items"]] == ["app.env"]
    with here.store.read() as tx:
        (episode,) = tx.episodes.page(None, 9, None).items
    assert (episode.ended_at, episode.paths) == (None, ("app.env",))


def test_what_looks_like_secrets_is_left_out_until_it_is_named(here: Installation, mode: str) -> None:
    target = drifted(here, mode, {"index.html": "by hand\n", "app.env": SECRET})
    assert {one["path"]: one.get("secret_lines", 0) for one in here.report()["items"]} == {
        "app.env": 1, "index.html": 0,
    }  # fmt: skip
    before = files_of(target)
    done = written(here)
    assert [(one.path, one.secret_lines) for one in done.left_out] == [("app.env", 1)]
    assert "abcd1234" not in here.repo.git("log", "-p", "main")
    here.run()
    assert files_of(target) == before
    with pytest.raises(SecretsNotIncluded, match=r"app\.env"):
        written(here)
    done = written(here, include_secrets=["app.env"])
    assert here.repo.git("show", f"{done.revision.sha}:deploy/app.env") == SECRET.strip()
    here.run()
    assert here.environment().status.sync is SyncStatus.SYNCED


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("db_password", b"correct horse\n"),
        (
            "id_ed25519",
            b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
        ),
        ("app.ini", "password = s3cr3t-Value-91\n".encode("utf-16")),
        ("app.bin", b"\0\1PASSWORD=s3cr3t-Value-91\n"),
        ("dump.sql", b"x" * 1_000_000 + b"\npassword=s3cr3t-Value-91\n"),
    ],
    ids=["a secret's file", "a key", "UTF-16", "half binary", "large"],
)
def test_what_the_diff_cannot_show_is_not_published_unseen(here: Installation, path: str, content: bytes) -> None:
    here.repo.commit({f"deploy/{path}": "as it was\n"})
    target = drifted(here, "push")
    (target / path).write_bytes(content)
    here.refresh()
    done = written(here)
    assert [one.path for one in done.left_out] == [path]


def test_a_secret_that_git_holds_already_keeps_no_file_back(here: Installation) -> None:
    drifted(here, "push", {"app.env": "PASSWORD=hunter2\nPORT=81\n"})
    done = written(here)
    assert done.left_out == ()
    assert here.repo.git("show", "main:deploy/app.env") == "PASSWORD=hunter2\nPORT=81"


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["kim", "Käthe Ärmel", "ana@example.org", "<>", "a <b@c>"])
def test_the_author_is_a_person_with_an_address(here: Installation, name: str) -> None:
    from app.domain.actor import user

    drifted(here, "push")
    done = here.use_cases.drift.write_back("shop", WriteBackWish(branch="mine"), user(name))
    raw = here.repo.git("cat-file", "commit", done.revision.sha)
    address = re.search(r"^author .+ <(.*)> \d+ \+0000$", raw, re.MULTILINE)
    assert address is not None
    assert re.fullmatch(r"[A-Za-z0-9._%+-]+@[a-z.]+\.[a-z]+", address[1])
    assert here.repo.git("fsck", "--strict") == ""


@pytest.mark.thorough
@pytest.mark.parametrize("wanted", ["refs/heads/main", "HEAD", "main"])
def test_a_branch_under_another_name_is_that_branch(here: Installation, wanted: str) -> None:
    drifted(here, "push", ref=wanted)
    here.run()
    done = written(here)
    assert (done.branch, here.repo.sha("refs/heads/main")) == ("main", done.revision.sha)
    assert here.repo.git("for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert done.operation is not None


@pytest.mark.thorough
@pytest.mark.parametrize("wanted", ["prod", "refs/tags/prod", "{sha}", "{short}"])
def test_without_a_branch_to_follow_one_has_to_be_named(here: Installation, wanted: str) -> None:
    here.repo.tag("prod", annotated=True)
    sha = str(here.repo.sha("main"))
    drifted(here, "pull", ref=wanted.format(sha=sha, short=sha[:7]))
    with pytest.raises(InvalidInput) as refused:
        written(here)
    assert list(refused.value.fields) == ["branch"]
    assert here.repo.git("for-each-ref", "--format=%(refname)", "refs/heads") == "refs/heads/main"
    assert written(here, branch="proposal").operation is None


def test_what_is_no_branch_never_becomes_one(here: Installation) -> None:
    here.repo.tag("prod", annotated=True)
    sha = str(here.repo.sha("main"))
    drifted(here, "push")
    for wanted in ("prod", "refs/tags/prod", "tags/prod", "refs/heads/prod", sha, sha.upper(), sha[:7],
                   "refs/remotes/origin/main", "heads/main", "refs/tags/new", "refs/heads/HEAD"):  # fmt: skip
        with pytest.raises(InvalidInput) as refused:
            written(here, branch=wanted)
        assert list(refused.value.fields) == ["branch"], wanted
        assert here.repo.git("for-each-ref", "--format=%(refname)", "refs/heads") == "refs/heads/main", wanted


def test_a_reverting_rollback_of_a_tag_makes_no_branch(here: Installation) -> None:
    here.repo.tag("prod")
    here.register("pull", ref="prod")
    first = here.poll()[0].revision
    here.repo.commit({"deploy/index.html": "two\n"})
    here.repo.tag("prod")
    here.clock.pass_(1)
    here.poll()
    with pytest.raises(InvalidInput, match="'prod' is a tag") as refused:
        here.use_cases.rollback.back("shop", RollbackWish(first, "revert"), ME)
    assert list(refused.value.fields) == ["strategy"]
    assert here.repo.git("for-each-ref", "--format=%(refname)", "refs/heads") == "refs/heads/main"


def test_a_branch_that_is_gone_does_not_come_back(here: Installation) -> None:
    here.repo.branch("line")
    drifted(here, "pull", ref="line")
    here.repo.delete_branch("line")
    with pytest.raises(InvalidInput):
        written(here)
    assert here.repo.sha("line") is None


def test_an_ended_sync_says_who_wrote_what_back(here: Installation, mode: str) -> None:
    drifted(here, mode)
    done = written(here)
    (recorded,) = here.run()
    assert (recorded.phase, recorded.outcome) == (Phase.SUCCEEDED, Outcome.FILTERED)
    (ended,) = here.events(EventType.DRIFT_ENDED)
    assert (ended.data["revision"], ended.data["by"]) == (done.revision.sha, str(ME))
    assert ended.reason == f"written back by {ME} as {done.revision.short}"
