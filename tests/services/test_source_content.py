"""Submodules and attributes on the whole walk: what is delivered is what is compared, kept, rolled back and written
back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from app.domain.environment import Content
from app.domain.identity import SYSTEM
from app.domain.operation import Outcome, Phase
from app.domain.status import Divergence, SyncStatus
from app.git import stoppable
from app.services.environments.rollback import RollbackWish
from app.services.environments.write_back import WriteBackWish
from tests.support.installation import ME, Installation
from tests.support.repo import GitRepo, submodule

MODULES = '[submodule "lib"]\n\tpath = deploy/lib\n\turl = ../lib.git\n'
ATTRIBUTES = "*.bat text eol=crlf\n/deploy/docs export-ignore\n"


@pytest.fixture(autouse=True)
def worker() -> Iterator[None]:
    """As in a worker, where operations may ask the network."""
    with stoppable(lambda: False):
        yield


@pytest.fixture
def library(here: Installation) -> GitRepo:
    """A submodule of the repository, at its first commit."""
    made = GitRepo(here.folder / "lib.git")
    first = made.commit({"a.c": "1\n"})
    here.repo.commit({
        ".gitmodules": MODULES, ".gitattributes": ATTRIBUTES, "deploy/lib": submodule(first), "deploy/run.bat": "go\n",
        "deploy/docs/index": "d", "deploy/app.env": None,
    }, "first with a submodule")  # fmt: skip
    return made


def edit(here: Installation, **source: object) -> None:
    here.use_cases.registration.edit("shop", {"source": source}, ME)


def test_what_is_delivered_is_what_is_compared_and_rolled_back(here: Installation, library: GitRepo) -> None:
    target = here.register("push")
    edit(here, submodules=True, attributes=True)
    assert here.environment().source.content == Content(submodules=True, attributes=True)
    first = here.push()
    assert first.phase is Phase.SUCCEEDED, first.reason
    assert (target / "run.bat").read_bytes() == b"go\r\n"
    assert (target / "lib" / "a.c").read_bytes() == b"1\n"
    assert not (target / "docs").exists()
    assert not here.queries.state.read(SYSTEM, "shop").undelivered
    assert here.refresh().outcome is Outcome.COMPARED
    assert here.environment().status.sync is SyncStatus.SYNCED

    (target / "lib" / "a.c").write_bytes(b"by hand\n")
    here.refresh()
    assert here.environment().status.drift_count == 1

    second = library.commit({"a.c": "2\n", "b.c": "b"})
    here.repo.commit({"deploy/lib": submodule(second)}, "newer library")
    assert here.push().changes.updated == 1
    assert (target / "lib" / "a.c").read_bytes() == b"2\n"
    assert (target / "lib" / "b.c").read_bytes() == b"b"

    shutil.rmtree(library.path)  # the mirrors have what was delivered
    here.use_cases.rollback.back("shop", RollbackWish(first.revision, reason="worse"), ME)
    (back,) = here.run()
    assert (back.phase, back.outcome) == (Phase.SUCCEEDED, Outcome.ROLLED_BACK), back.reason
    assert (target / "lib" / "a.c").read_bytes() == b"1\n"
    assert not (target / "lib" / "b.c").exists()


def test_a_submodule_that_cannot_be_fetched_delivers_nothing(here: Installation, library: GitRepo) -> None:
    target = here.register("push")
    assert here.push().phase is Phase.SUCCEEDED
    shutil.rmtree(library.path)
    edit(here, submodules=True)
    here.repo.commit({"deploy/index.html": "two\n"})
    ended = here.push()
    assert ended.phase is not Phase.SUCCEEDED
    assert "'deploy/lib'" in ended.reason
    assert "source.submodules" in ended.reason
    assert (target / "index.html").read_text() == "one\n"


def test_a_choice_changes_what_is_asked_for_at_the_next_look(here: Installation, library: GitRepo) -> None:
    target = here.register("push")
    here.push()
    assert (target / "run.bat").read_bytes() == b"go\n"
    assert {one.kind for one in here.queries.state.read(SYSTEM, "shop").undelivered} == {"submodule"}
    edit(here, attributes=True, submodules=True)
    here.refresh()
    status = here.environment().status
    assert (status.sync, status.divergence) == (SyncStatus.OUT_OF_SYNC, Divergence.NEW_REVISION)
    assert here.push(allow_older=True).outcome is not Outcome.NO_OP
    assert (target / "run.bat").read_bytes() == b"go\r\n"
    edit(here, attributes=False, submodules=False)
    assert here.environment().source.content == Content()
    here.push()
    assert (target / "run.bat").read_bytes() == b"go\n"
    assert not (target / "lib").exists()


def test_a_converted_file_is_written_back_in_the_repositorys_form(here: Installation, library: GitRepo) -> None:
    target = here.register("push")
    edit(here, attributes=True)
    here.push()
    (target / "run.bat").write_bytes(b"go\r\nfaster\r\n")
    here.refresh()
    written = here.use_cases.drift.write_back("shop", WriteBackWish(), ME)
    here.run()
    assert here.repo.git("show", f"{written.revision.sha}:deploy/run.bat") == "go\nfaster"
    status = here.environment().status
    assert (status.revision, status.sync, status.drift_count) == (written.revision.sha, SyncStatus.SYNCED, 0)
