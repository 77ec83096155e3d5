"""Nothing that was changed by hand is forgotten: episodes keep what they found, also where no refresh had seen it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.domain.errors import EpisodeNotFound, InvalidInput, NothingToWriteBack, SecretsNotIncluded
from app.domain.events import EventType
from app.domain.identity import SYSTEM as WHO
from app.domain.operation import Outcome
from app.domain.state.drift import DriftItem, DriftReport, Ending
from app.domain.state.episode_report import (
    CONTENT,
    CONTENTS,
    LETTERS,
    PATHS,
    WITH_CONTENTS,
    EpisodeReport,
    KeptContent,
    read_episode_report,
)
from app.domain.state.items import Item
from app.domain.state.plan import Action, Drift
from app.domain.status import SyncStatus
from app.queries.drift_queries import EpisodeRecord
from app.services.environments.write_back import WriteBackWish, WrittenBack
from app.store import tables
from tests.support.installation import ME, Installation


def delivered(here: Installation, mode: str, **policy: Any) -> Path:
    target = here.register(mode, **policy)
    here.deliver(mode)
    return target


def episodes(here: Installation) -> list[EpisodeRecord]:
    """All episodes with what they keep, oldest first."""
    page = here.queries.drift.all_episodes(WHO, "shop", 50, None)
    return [here.queries.drift.episode(WHO, one.id) for one in reversed(page.items)]


def diffs(found: EpisodeRecord) -> dict[str, str]:
    assert found.report is not None
    return {one.item.path: one.item.diff or "" for one in found.report.items}


def by_a_new_revision(here: Installation, mode: str) -> str:
    here.repo.commit({"deploy/index.html": "two\n"})
    return here.deliver(mode).id


def by_a_heal(here: Installation, mode: str) -> str:
    here.use_cases.drift.heal("shop", ME)
    return here.run()[-1].id


@pytest.mark.parametrize("overwrite", [by_a_new_revision, by_a_heal])
@pytest.mark.parametrize("seen", [True, False], ids=["a refresh saw it", "nobody saw it"])
def test_what_a_delivery_overwrites_is_kept_and_names_the_delivery(
    here: Installation, mode: str, seen: bool, overwrite: Any
) -> None:
    target = delivered(here, mode)
    good = here.environment().status.checked_at
    here.clock.pass_(60)
    (target / "index.html").write_text("the hotfix of three o'clock\n")
    if seen:
        here.refresh()
    here.clock.pass_(60)
    run = overwrite(here, mode)
    assert "hotfix" not in (target / "index.html").read_text()
    (found,) = episodes(here)
    assert "+the hotfix of three o'clock" in diffs(found)["index.html"]
    assert (found.episode.operation, found.operation and found.operation.id) == (run, run)
    assert found.episode.ending in (Ending.SUPERSEDED, Ending.HEALED)
    assert found.report is not None
    (change,) = found.report.items
    assert change.after == found.episode.last_good_at == good
    assert change.at >= found.episode.detected_at
    assert here.environment().status.sync is SyncStatus.SYNCED
    assert [one.type for one in here.events(EventType.DRIFT_DETECTED, EventType.DRIFT_ENDED)] == [
        EventType.DRIFT_DETECTED, EventType.DRIFT_ENDED,
    ]  # fmt: skip


def test_what_changed_after_the_last_refresh_of_an_open_episode_is_kept_too(here: Installation, mode: str) -> None:
    target = delivered(here, mode)
    (target / "index.html").write_text("first\n")
    here.refresh()
    (target / "index.html").write_text("then this\n")
    (target / "style.css").unlink(missing_ok=True)
    by_a_heal(here, mode)
    (found,) = episodes(here)
    assert "+then this" in diffs(found)["index.html"]


def test_it_is_written_down_before_the_target_is_touched(here: Installation, mode: str) -> None:
    hook = {"pre": [["false"]]}
    target = delivered(here, mode)
    here.use_cases.registration.edit("shop", {"policy": {"hooks": hook}}, ME)
    (target / "index.html").write_text("by hand\n")
    here.repo.commit({"deploy/index.html": "two\n"})
    ended = here.deliver(mode)
    assert ended.outcome is Outcome.FAILED
    assert (target / "index.html").read_text() == "by hand\n"
    (found,) = episodes(here)
    assert (found.episode.ended_at, "+by hand" in diffs(found)["index.html"]) == (None, True)
    assert (here.environment().status.drift_count, here.environment().status.drift_episode) == (1, found.episode.id)


def test_each_file_has_its_own_time_and_stays_when_it_is_put_right(here: Installation, mode: str) -> None:
    here.repo.commit({"deploy/a.txt": "a\n", "deploy/b.txt": "b\n"})
    target = delivered(here, mode)
    (target / "a.txt").write_text("changed a\n")
    here.refresh()
    first = here.environment().status.checked_at
    here.clock.pass_(100)
    (target / "b.txt").write_text("changed b\n")
    (target / "a.txt").write_text("a\n")
    here.refresh()
    (target / "b.txt").write_text("b\n")
    ended = here.refresh()
    (found,) = episodes(here)
    assert found.report is not None
    a, b = found.report.items
    assert (a.item.path, b.item.path, a.at, b.after) == ("a.txt", "b.txt", first, first)
    assert (b.at - a.at) > timedelta(seconds=99)
    assert (found.episode.ended_by, found.episode.operation) == ("outside", ended.id)


def test_secrets_stay_masked(here: Installation, mode: str) -> None:
    target = delivered(here, mode)
    (target / "index.html").write_text("API_TOKEN=abcd1234secret5678\n")
    by_a_heal(here, mode)
    with here.store.read() as tx:
        kept = tx.episodes.kept(episodes(here)[0].episode.id)
    assert "abcd1234secret5678" not in str(kept)


def test_ignoring_ends_it_and_the_rule_is_named(here: Installation, mode: str) -> None:
    target = delivered(here, mode)
    (target / "index.html").write_text("accepted\n")
    here.refresh()
    here.use_cases.drift.ignore("shop", ["index.*"], "they edit it", None, ME)
    here.run()
    (found,) = episodes(here)
    assert found.episode.ending is Ending.IGNORED
    assert [(one.owner, one.reason) for one in found.rules] == [(str(ME), "they edit it")]
    assert "+accepted" in diffs(found)["index.html"]


def item(path: str, diff: str | None) -> DriftItem:
    return DriftItem(path, Drift.CHANGED, Action.UPDATE, diff)


def test_a_report_is_bounded_and_keeps_what_it_showed(here: Installation) -> None:
    at = here.clock.now()
    many = DriftReport(items=tuple(item(f"{n:05}", "x" * 40_000) for n in range(PATHS + 50)), count=PATHS + 50)
    grown = EpisodeReport().grown(many, None, at)
    assert (len(grown.items), grown.count) == (PATHS, PATHS + 50)
    assert sum(len(one.item.diff or "") for one in grown.items) <= LETTERS
    assert read_episode_report(grown.as_dict()) == grown
    later = grown.grown(DriftReport(items=(item("00000", None),), count=1), at, here.clock.now())
    assert later == grown


# --- a branch of what was there ---
def branched(here: Installation, id: int, **wish: Any) -> WrittenBack:
    return here.use_cases.drift.branch_episode(id, WriteBackWish(**wish), ME)


@pytest.mark.parametrize("seen", [True, False], ids=["a refresh saw it", "nobody saw it"])
def test_what_was_overwritten_becomes_a_branch(here: Installation, mode: str, seen: bool) -> None:
    here.repo.commit({"deploy/gone.txt": "x\n", "deploy/tool": "#!/bin/sh\n"})
    target = delivered(here, mode)
    live = here.environment().status.revision
    (target / "index.html").write_bytes(b"the hotfix\0binary\n")
    (target / "gone.txt").unlink()
    (target / "tool").chmod(0o755)
    if seen:
        here.refresh()
    by_a_heal(here, mode)
    before = {one: one.stat().st_mtime_ns for one in target.rglob("*")}
    (found,) = episodes(here)
    done = branched(here, found.episode.id)
    assert (done.operation, done.branch) == (None, f"drift/shop-{found.episode.id}")
    assert done.revision.parents == (live,)
    assert here.repo.sha("main") == live
    assert here.repo.git("show", f"{done.branch}:deploy/index.html").rstrip("\n") == "the hotfix\0binary"
    assert "deploy/gone.txt" not in here.repo.git("ls-tree", "-r", "--name-only", done.branch)
    assert "100755" in here.repo.git("ls-tree", done.branch, "deploy/tool")
    assert {one: one.stat().st_mtime_ns for one in target.rglob("*")} == before
    (again,) = episodes(here)
    (told,) = again.written_back
    assert told.data["branch"] == done.branch


def test_secrets_are_left_out_of_the_branch_until_they_are_named(here: Installation, mode: str) -> None:
    target = delivered(here, mode)
    (target / "index.html").write_text("API_TOKEN=abcd1234secret5678\n")
    by_a_heal(here, mode)
    id = episodes(here)[0].episode.id
    with pytest.raises(SecretsNotIncluded):
        branched(here, id)
    done = branched(here, id, include_secrets=["index.html"])
    assert "abcd1234secret5678" in here.repo.git("show", f"{done.branch}:deploy/index.html")


def test_the_branch_is_never_the_one_that_is_followed(here: Installation, mode: str) -> None:
    target = delivered(here, mode)
    (target / "index.html").write_text("by hand\n")
    by_a_heal(here, mode)
    with pytest.raises(InvalidInput):
        branched(here, episodes(here)[0].episode.id, branch="main")


def test_contents_are_encrypted_and_bounded(here: Installation) -> None:
    target = delivered(here, "push")
    (target / "index.html").write_text("wanted by nobody else\n")
    here.refresh()
    id = episodes(here)[0].episode.id
    with here.store.engine.connect() as connection:
        (locked,) = connection.execute(select(tables.episode_contents.c.locked)).scalars()
    assert b"wanted" not in bytes(locked)
    big = [KeptContent(b"%d" % n, (Item(f"d{n}"), b"x" * (CONTENT - 1))) for n in range(12)]
    with here.store.write() as tx:
        tx.episodes.keep_contents(id, big)
        kept = tx.episodes.contents(id)
    assert sum(one.size for one in kept) <= CONTENTS
    assert kept[0].there == big[0].there
    for _ in range(WITH_CONTENTS):
        by_a_heal(here, "push")
        (target / "index.html").write_text("again\n")
        here.refresh()
    with here.store.read() as tx:
        assert tx.episodes.contents(id) == ()
        assert tx.episodes.contents(id + 1) != ()
        assert tx.episodes.kept(id) is not None


def test_an_episode_without_contents_says_so(here: Installation) -> None:
    delivered(here, "push")
    with here.store.write() as tx:
        old = tx.episodes.open_one(here.environment(), None, here.clock.now(), ("index.html",), 1)
    with pytest.raises(NothingToWriteBack, match="only their differences"):
        branched(here, old.id)
    with pytest.raises(EpisodeNotFound):
        branched(here, 999)
