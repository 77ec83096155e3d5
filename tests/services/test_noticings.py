"""Every noticed commit has one end, whoever noticed it, or is what the environment should have and has not."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

from app.comparison import Question
from app.domain.errors import Problem
from app.domain.events import EventType
from app.domain.identity import SYSTEM
from app.domain.noticing import CommitEnd, Noticer, Noticing
from app.domain.operation import Operation, OperationKind, Outcome, Request, StageName, Trigger
from app.domain.webhook import ReceivedBody
from app.services.environments.rollback import RollbackWish
from tests.services.test_webhook_hints import SECRET, announce
from tests.support.installation import ME, PIPELINE, Installation

WHO = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")


def noticed(here: Installation, name: str = "shop") -> dict[str, Noticing]:
    """{revision: what is known of it}, the first that was noticed first."""
    with here.store.read() as tx:
        page = tx.noticings.page(tx.environments.get(name).id, 1000, None)
    return {one.revision: one for one in reversed(page.items)}


def change(here: Installation, text: str) -> str:
    return here.repo.commit({"deploy/index.html": f"{text}\n"})


# --- one by one ---
def test_a_commit_that_a_refresh_noticed_and_a_newer_one_overtook_is_superseded(here: Installation) -> None:
    here.register("pull")
    here.poll()
    overtaken = change(here, "two")
    here.refresh()
    newest = change(here, "three")
    here.poll()
    found = noticed(here)[overtaken]
    assert (found.noticed_by, found.ending, found.superseded_by) == (Noticer.REFRESH, CommitEnd.SUPERSEDED, newest)
    (told,) = here.events(EventType.DECISION)
    assert (told.data["outcome"], told.data["revision"], told.data["by"]) == ("superseded", overtaken, newest)
    assert noticed(here)[newest].ending is CommitEnd.DEPLOYED


def test_the_comparison_counts_what_was_overtaken_after_a_refresh(here: Installation) -> None:
    here.register("pull")
    here.poll()
    change(here, "two")
    here.refresh()
    change(here, "three")
    here.poll()
    rows = here.queries.comparison.behind(SYSTEM, Question(), "never_deployed", "pull").rows
    assert [one.note for one in rows if one.value] == ["was noticed, and overtaken before a delivery began"]


def test_commits_of_a_merged_branch_were_never_on_the_way(here: Installation) -> None:
    here.register("pull")
    here.poll()
    first = here.repo.sha("main")
    aside = here.repo.commit({"deploy/aside": "x"}, branch="side", onto=first)
    below = change(here, "two")
    tree = here.repo.git("rev-parse", f"{below}^{{tree}}").strip()
    merge = here.repo.git(*WHO, "commit-tree", tree, "-p", below, "-p", aside, "-m", "merge").strip()
    here.repo.branch("main", merge)
    here.poll()
    ends = {sha: (one.seen, one.ending) for sha, one in noticed(here).items()}
    assert ends[below] == (False, CommitEnd.SUPERSEDED)
    assert aside not in ends
    assert ends[merge][1] in (CommitEnd.DEPLOYED, CommitEnd.FILTERED)


def test_what_is_held_is_deployed_once_the_hold_ends(here: Installation) -> None:
    here.register("pull")
    here.poll()
    here.use_cases.holds.hold("shop", "freeze", None, ME)
    sha = change(here, "two")
    here.refresh()
    here.poll()
    here.poll()
    assert noticed(here)[sha].ending is CommitEnd.HELD
    assert [outcome for outcome, _ in here.decisions()] == ["held"]
    here.use_cases.holds.resume("shop", ME)
    here.run()
    assert noticed(here)[sha].ending is CommitEnd.DEPLOYED


def test_what_failed_is_not_told_as_held_afterwards(here: Installation) -> None:
    here.register("pull")
    here.poll()
    here.use_cases.registration.edit("shop", {"policy": {"hooks": {"pre": [["false"]]}}}, ME)
    sha = change(here, "two")
    (failed,) = here.poll()
    here.use_cases.holds.hold("shop", "look into it", None, ME)
    here.poll()
    found = noticed(here)[sha]
    assert (found.ending, found.operation) == (CommitEnd.FAILED, failed.id)
    assert "held" not in [outcome for outcome, _ in here.decisions()]


def test_another_ref_leaves_nothing_without_an_end(here: Installation) -> None:
    here.register("pull", auto_sync=False)
    waiting = here.repo.git("rev-parse", "main")
    here.poll()
    assert noticed(here)[waiting].ending is None
    here.repo.branch("other", waiting)
    here.use_cases.registration.edit("shop", {"source": {"ref": "other"}}, ME)
    assert noticed(here)[waiting].ending is CommitEnd.REFUSED


def test_when_a_commit_was_pushed_is_what_the_provider_says_unless_that_lies_ahead(here: Installation) -> None:
    here.register("pull")
    here.use_cases.webhooks.set_secret("shop", SECRET, ME)
    here.poll()
    told = []
    for seconds in (-2, 30):
        sha = change(here, str(seconds))
        pushed = int(here.clock.at.timestamp()) + seconds
        body = json.dumps({"ref": "refs/heads/main", "after": sha, "repository": {"pushed_at": pushed}}).encode()
        proof = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"x-hub-signature-256": proof, "x-github-delivery": str(seconds), "x-github-event": "push"}
        stored, _ = here.use_cases.webhooks.receive("github", "shop", ReceivedBody.of(body), headers, None)
        here.use_cases.webhooks.handle(stored)
        found = noticed(here)[sha].pushed_at
        told.append(found.timestamp() - pushed if found else None)
    assert told == [0, None]


def test_a_commit_that_says_it_is_older_than_its_parent_has_no_date(here: Installation) -> None:
    here.register("pull")
    here.poll()
    line = here.clock.at.timestamp()
    here.repo.commit({"deploy/index.html": "two\n"}, when=int(line) - 10)
    here.poll()
    odd = here.repo.commit({"deploy/index.html": "three\n"}, when=int(line) - 3600)
    (ended,) = here.poll()
    assert (ended.revision, ended.stage(StageName.COMMITTED)) == (odd, None)
    assert noticed(here)[odd].committed_at is None


# --- whatever happens ---
class Walk:
    """A random walk of one environment. Steps may be refused: that is a step as well."""

    def __init__(self, here: Installation, mode: str, seed: int) -> None:
        self.here, self.chance, self.texts = here, Random(seed), 0
        here.register(mode, interval_s=5)
        here.use_cases.webhooks.set_secret("shop", SECRET, ME)
        self.steps: tuple[Callable[[], object], ...] = (
            self.commit, self.commit, self.commit, self.rewrite, self.poll, self.poll, here.run, self.refresh,
            self.scheduled, self.push, self.push_older, self.manual, self.webhook, self.hold, self.resume, self.back,
            self.restart, self.stop,
        )  # fmt: skip

    def step(self) -> None:
        self.here.clock.pass_(self.chance.choice((0.5, 3, 12)))
        try:
            self.chance.choice(self.steps)()
        except Problem:
            pass

    def commit(self) -> None:
        for _ in range(self.chance.choice((1, 1, 2))):
            self.texts += 1
            path = "README" if self.chance.random() < 0.2 else "deploy/index.html"
            self.here.repo.commit({path: f"{self.texts}\n"})

    def rewrite(self) -> None:
        self.texts += 1
        line = self.here.repo.git("rev-list", "--first-parent", "main").split()
        parent = line[min(2, len(line) - 1)]
        self.here.repo.commit({"deploy/index.html": f"rewritten {self.texts}\n"}, onto=parent)

    def poll(self) -> None:
        self.here.use_cases.poller.poll(self.here.url)

    def refresh(self) -> None:
        self.here.refresh()

    def scheduled(self) -> None:
        self.here.ask(Request(OperationKind.REFRESH, Trigger.SCHEDULE, str(ME)))

    def _ask(self, trigger: Trigger, wanted: str | None) -> Operation:
        actor = PIPELINE if trigger is Trigger.PIPELINE else ME
        return self.here.ask(Request(OperationKind.SYNC, trigger, str(actor), wanted=wanted), actor=actor)

    def push(self) -> None:
        self._ask(Trigger.PIPELINE, self.chance.choice((None, self.here.repo.sha("main"))))

    def push_older(self) -> None:
        line = self.here.repo.git("rev-list", "--first-parent", "-n", "4", "main").split()
        self._ask(Trigger.PIPELINE, self.chance.choice(line))

    def manual(self) -> None:
        self._ask(Trigger.MANUAL, None)

    def webhook(self) -> None:
        announce(self.here, self.here.repo.git("rev-parse", "main"))

    def hold(self) -> None:
        self.here.use_cases.holds.hold("shop", "freeze", None, ME)

    def resume(self) -> None:
        self.here.use_cases.holds.resume("shop", ME)

    def back(self) -> None:
        self.here.use_cases.rollback.back("shop", RollbackWish(reason="bad"), ME)

    def restart(self) -> None:
        self.here.claim("gone")
        self.here.use_cases.queue.recover(None)

    def stop(self) -> None:
        with self.here.store.read() as tx:
            active = tx.operations.active(self.here.environment().id)
        if active:
            self.here.use_cases.queue.terminate(active.id, ME)


def wrong(here: Installation) -> list[str]:
    """What is not as it must be."""
    environment, found = here.environment(), noticed(here)
    with here.store.read() as tx:
        active = [*tx.operations.queued(environment.id), tx.operations.active(environment.id)]
    busy = {name for one in active if one for name in (one.revision, one.request.wanted)}
    open_ = [one.revision for one in found.values() if one.ending is None]
    told = [one.data["revision"] for one in here.events(EventType.REVISION_NOTICED)]
    superseded = Counter(
        one.data["revision"]
        for one in here.events(EventType.DECISION)
        if one.data["outcome"] == "superseded" and "revision" in one.data
    )
    return [
        *(f"{sha} has no end" for sha in open_ if sha != environment.status.noticed and sha not in busy),
        *(f"{sha} was told and is not on record" for sha in told if sha not in found),
        *(f"{sha} was superseded {times} times" for sha, times in superseded.items() if times > 1),
        *(
            f"{sha} ended before it was noticed"
            for sha, one in found.items()
            if one.ended_at and one.ended_at < one.noticed_at
        ),
    ]


def on_the_way(here: Installation) -> set[str]:
    """Commits between the first noticed one and the present head."""
    first = here.events(EventType.REVISION_NOTICED)[0].data["revision"]
    return set(here.repo.git("rev-list", "--first-parent", f"{first}..main").split())


@pytest.mark.parametrize("way", ["push", "pull"])
@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.thorough) for seed in range(2, 8))])
def test_whatever_happens_each_noticed_commit_has_one_end(here: Installation, way: str, seed: int) -> None:
    walk = Walk(here, way, seed)
    walk.poll()
    for _ in range(30):
        walk.step()
        assert wrong(here) == []
    walk.resume()
    for _ in range(3):
        here.poll()
    assert wrong(here) == []
    found, head = noticed(here), here.environment().status.noticed
    assert {sha for sha, one in found.items() if one.ending is None} <= {head}
    assert on_the_way(here) <= found.keys()
    brought = {here.operation(one.operation).outcome for one in found.values() if one.ending is CommitEnd.DEPLOYED}
    assert brought <= {Outcome.DEPLOYED, Outcome.ROLLED_BACK}
