"""A webhook is a hint: whatever it says, what Git says the environment's full ref points at is delivered."""

from __future__ import annotations

import hashlib
import hmac
import json
from itertools import count
from pathlib import Path

import pytest

from app.domain.events import EventType
from app.domain.operation import Operation, Outcome, Phase, Trigger
from app.domain.webhook import ReceivedBody
from app.domain.webhook.hook_names import repository_hook
from app.ports import Delivery
from tests.support.installation import ME, Installation

SECRET = "s" * 32
NUMBERS = count()


def announce(here: Installation, sha: str, ref: str = "refs/heads/main", hook: str = "shop") -> Delivery:
    body = json.dumps({"ref": ref, "after": sha}).encode()
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"x-hub-signature-256": signature, "x-github-delivery": f"d{next(NUMBERS)}", "x-github-event": "push"}
    stored, _ = here.use_cases.webhooks.receive("github", hook, ReceivedBody.of(body), headers, "10.0.0.1")
    return here.use_cases.webhooks.handle(stored)


def outlast(here: Installation) -> list[Operation]:
    """Let every delivery that waits be looked at until it is over; what ran meanwhile."""
    ended = here.run()
    for _ in range(12):
        here.clock.pass_(301)
        here.use_cases.webhooks.handle_due()
        ended += here.run()
    return ended


def ready(here: Installation, mode: str, ref: str = "main") -> Path:
    place = here.register(mode, ref=ref, auto_sync=mode == "pull")
    here.use_cases.webhooks.set_secret("shop", SECRET, ME)
    here.deliver(mode)
    return place / "index.html"


@pytest.fixture
def off_main(here: Installation) -> str:
    """A commit that no commit of main leads to."""
    return here.repo.commit({"deploy/index.html": "unreviewed\n"}, branch="hotfix", onto=here.repo.sha("main"))


def test_a_tag_is_not_taken_for_the_branch_of_its_name(here: Installation, mode: str, off_main: str) -> None:
    page = ready(here, mode)
    reviewed = page.read_text()
    here.repo.tag("main", off_main)
    announced = announce(here, off_main, "refs/tags/main")
    assert outlast(here) == []
    assert page.read_text() == reviewed
    assert "filtered" in announced.decision
    assert "refs/heads/main" in announced.decision


def test_nor_is_a_branch_taken_for_the_tag(here: Installation, off_main: str) -> None:
    here.repo.tag("v1")
    here.repo.branch("heads/v1", off_main)
    page = ready(here, "push", "v1")
    reviewed = page.read_text()
    announce(here, off_main, "refs/heads/heads/v1")
    assert outlast(here) == []
    assert page.read_text() == reviewed


@pytest.mark.parametrize("ref", ["main", "refs/heads/main", "heads/main", "HEAD"])
def test_a_ref_may_be_written_in_every_way(here: Installation, mode: str, ref: str) -> None:
    page = ready(here, mode, ref)
    sha = here.repo.commit({"deploy/index.html": "two\n"})
    announce(here, sha)
    (ended,) = here.run()
    assert (ended.revision, page.read_text()) == (sha, "two\n")
    assert here.run() == []


def test_a_commit_that_another_branch_holds_is_not_delivered(here: Installation, mode: str, off_main: str) -> None:
    page = ready(here, mode)
    reviewed = page.read_text()
    announce(here, off_main)
    assert outlast(here) == []
    assert page.read_text() == reviewed
    outcome, reason = here.decisions()[-1]
    assert outcome == "failed", "only the followed ref is fetched, so nobody knows where that commit is"
    assert reason.startswith(f"gave up: {off_main[:8]} is not to be seen yet; refs/heads/main is at ")


def test_an_old_delivery_again_does_not_bring_back_what_was_pushed_away(here: Installation, mode: str) -> None:
    page = ready(here, mode)
    kept = str(here.repo.sha("main"))
    leaked = here.repo.commit({"deploy/index.html": "password\n"})
    announce(here, leaked)
    here.run()
    here.repo.branch("main", kept)
    clean = here.repo.commit({"deploy/index.html": "clean\n"})
    announce(here, clean)
    assert outlast(here)[-1].revision == clean
    announce(here, leaked)
    assert outlast(here) == []
    assert page.read_text() == "clean\n"


def test_a_branch_that_was_reset_is_followed_back(here: Installation, mode: str) -> None:
    page = ready(here, mode)
    before, text = str(here.repo.sha("main")), page.read_text()
    bad = here.repo.commit({"deploy/index.html": "bad\n"})
    announce(here, bad)
    here.run()
    here.repo.branch("main", before)
    announce(here, before)
    (ended,) = here.run()
    assert (ended.phase, ended.outcome, page.read_text()) == (Phase.SUCCEEDED, Outcome.DEPLOYED, text)


def test_a_pipeline_may_bring_the_commit_to_which_the_branch_was_reset(here: Installation) -> None:
    page = ready(here, "push")
    before, text = str(here.repo.sha("main")), page.read_text()
    here.push(here.repo.commit({"deploy/index.html": "bad\n"}))
    assert here.push(before).outcome is Outcome.SUPERSEDED
    here.repo.branch("main", before)
    assert here.push(before).outcome is Outcome.DEPLOYED
    assert page.read_text() == text


def test_deliveries_that_overtake_each_other_end_at_the_head(here: Installation) -> None:
    page = ready(here, "push")
    older = here.repo.commit({"deploy/index.html": "older\n"})
    newer = here.repo.commit({"deploy/index.html": "newer\n"})
    announce(here, newer)
    announce(here, older)
    assert [ended.revision for ended in here.run()] == [newer]
    assert page.read_text() == "newer\n"


def test_what_was_pushed_away_before_it_ran_is_passed_over(here: Installation) -> None:
    page = ready(here, "push")
    kept, text = str(here.repo.sha("main")), page.read_text()
    announce(here, here.repo.commit({"deploy/index.html": "leak\n"}))  # queued, and then
    here.repo.branch("main", kept)
    clean = here.repo.commit({"deploy/other.html": "clean\n"})
    announce(here, clean)
    assert [ended.outcome for ended in here.run()] == [Outcome.SUPERSEDED, Outcome.DEPLOYED]
    assert page.read_text() == text


def test_an_annotated_tag_stands_for_its_commit(here: Installation, mode: str) -> None:
    here.repo.tag("prod", annotated=True)
    ready(here, mode, "prod")
    here.poll()
    sha = here.repo.commit({"deploy/index.html": "two\n"})
    here.repo.tag("prod", annotated=True)
    announced = here.repo.git("rev-parse", "refs/tags/prod")
    announce(here, announced, "refs/tags/prod")
    assert [ended.revision for ended in here.run()] == [sha]
    announce(here, announced, "refs/tags/prod")
    assert here.run() == []
    here.poll()
    here.poll()
    assert here.events(EventType.WEBHOOK_MISSED) == []


def test_head_is_the_default_branch_that_git_names_now(here: Installation, mode: str) -> None:
    page = ready(here, mode, "HEAD")
    trunk = here.repo.commit({"deploy/index.html": "trunk\n"}, branch="trunk", onto=here.repo.sha("main"))
    here.repo.git("symbolic-ref", "HEAD", "refs/heads/trunk")
    announce(here, trunk, "refs/heads/trunk")
    assert [ended.revision for ended in here.run()] == [trunk]
    announce(here, here.repo.commit({"deploy/index.html": "main\n"}), "refs/heads/main")
    assert outlast(here) == []
    assert page.read_text() == "trunk\n"


def test_the_poll_follows_a_changed_default_branch(here: Installation) -> None:
    page = ready(here, "pull", "HEAD")
    here.repo.commit({"deploy/index.html": "trunk\n"}, branch="trunk", onto=here.repo.sha("main"))
    here.poll()
    here.repo.git("symbolic-ref", "HEAD", "refs/heads/trunk")
    here.poll()
    assert page.read_text() == "trunk\n"


def test_a_sync_asks_git_which_branch_is_the_default(here: Installation) -> None:
    page = ready(here, "push", "HEAD")
    here.repo.commit({"deploy/index.html": "trunk\n"}, branch="trunk", onto=here.repo.sha("main"))
    here.repo.git("symbolic-ref", "HEAD", "refs/heads/trunk")
    here.push()
    assert page.read_text() == "trunk\n"


def test_one_environment_in_trouble_does_not_stand_in_anothers_way(here: Installation) -> None:
    here.register("push", "a", ref="gone")
    here.register("push", "b")
    hook = repository_hook(here.repo.url)
    here.use_cases.webhooks.set_secret(hook, SECRET, ME)
    here.repo.tag("gone", here.repo.git("rev-parse", "main^{tree}"))
    body = {"push": {"changes": [
        {"new": {"type": kind, "name": name, "target": {"hash": here.repo.sha("main")}}}
        for kind, name in (("tag", "gone"), ("branch", "main"))
    ]}}  # fmt: skip
    raw = json.dumps(body).encode()
    headers = {
        "x-hub-signature": "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest(),
        "x-event-key": "repo:push",
    }
    stored, _ = here.use_cases.webhooks.receive("bitbucket", hook, ReceivedBody.of(raw), headers, None)
    here.use_cases.webhooks.handle(stored)
    assert [(one.environment, one.outcome) for one in here.run()] == [("b", Outcome.DEPLOYED)]
    assert "a tree" in " ".join(reason for _, reason in here.decisions())


def test_only_what_the_ref_needs_is_asked_of_the_network(here: Installation) -> None:
    ready(here, "push")
    sha = here.repo.commit({"deploy/index.html": "two\n"})
    here.repo.commit({"deploy/index.html": "other\n"}, branch="elsewhere")
    announce(here, sha)
    (ended,) = here.run()
    assert (ended.trigger, ended.revision) == (Trigger.WEBHOOK, sha)
    source = here.ports.sources.open(here.url)
    with pytest.raises(Exception, match="elsewhere"):
        source.resolve("elsewhere")
