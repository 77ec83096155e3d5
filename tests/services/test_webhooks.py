"""Webhooks: authenticated, stored once, acted on, and never ahead of what can be seen."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from app.domain.errors import InvalidInput, NotFound, SignatureMismatch
from app.domain.operation import Outcome, Phase, Trigger
from app.domain.webhook import ReceivedBody
from app.domain.webhook.hook_names import repository_hook
from app.ports import AuditFilter, Delivery
from tests.support.installation import ME, Installation

SECRET = "s" * 32
EMPTY = ReceivedBody.of(b"{}")


def announce(
    here: Installation, sha: str, *, ref: str = "refs/heads/main", id: str = "1", hook: str = "shop"
) -> Delivery:
    body = json.dumps({"ref": ref, "after": sha}).encode()
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"x-hub-signature-256": signature, "x-github-delivery": id, "x-github-event": "push"}
    stored, new = here.use_cases.webhooks.receive("github", hook, ReceivedBody.of(body), headers, "10.0.0.1")
    return here.use_cases.webhooks.handle(stored) if new else stored


def ready(here: Installation, mode: str) -> None:
    here.register(mode)
    here.use_cases.webhooks.set_secret("shop", SECRET, ME)
    here.deliver(mode)


def test_an_announced_commit_is_delivered_to_a_push_environment(here: Installation) -> None:
    ready(here, "push")
    sha = here.repo.commit({"deploy/index.html": "two\n"})
    assert announce(here, sha).state == "handled"
    (ended,) = here.run()
    assert (ended.trigger, ended.outcome, ended.revision) == (Trigger.WEBHOOK, Outcome.DEPLOYED, sha)


def test_for_a_pull_environment_it_only_nudges_the_poll(here: Installation) -> None:
    ready(here, "pull")
    sha = here.repo.commit({"deploy/index.html": "two\n"})
    announce(here, sha)
    (ended,) = here.run()
    assert (ended.trigger, ended.revision) == (Trigger.SCHEDULE, sha)
    assert ("nudged", "the poll was brought forward") in here.decisions()


def test_the_same_delivery_twice_acts_once(here: Installation) -> None:
    ready(here, "push")
    sha = here.repo.commit({"deploy/index.html": "two\n"})
    announce(here, sha)
    here.run()
    assert announce(here, sha).decision.startswith("shop: operation")
    assert here.run() == []


@pytest.mark.thorough
def test_the_same_commit_in_another_delivery_is_a_recorded_no_op(here: Installation) -> None:
    ready(here, "push")
    sha = here.repo.commit({"deploy/index.html": "two\n"})
    announce(here, sha)
    here.run()
    announce(here, sha, id="2")
    assert here.run() == []
    assert here.decisions()[-1] == ("no_op", f"{sha[:8]} is live already")


def test_a_webhook_that_is_ahead_waits_for_its_commit(here: Installation, mode: str) -> None:
    ready(here, mode)
    at = here.repo.sha("main")
    sha = here.repo.commit({"deploy/index.html": "two\n"})
    here.repo.branch("main", str(at))  # announced, not yet visible
    here.repo.git("reflog", "expire", "--expire=now", "--all")
    waiting = announce(here, sha)
    if waiting.state != "waiting":
        pytest.skip("this git server hands out commits that no branch shows")
    assert here.run() == []
    assert here.decisions()[-1][0] == "waiting"
    here.repo.branch("main", sha)
    here.clock.pass_(1)
    assert here.use_cases.webhooks.handle_due() == 1
    (ended,) = here.run()
    assert ended.revision == sha


@pytest.mark.thorough
def test_a_webhook_whose_commit_never_appears_is_given_up_in_the_ledger(here: Installation, mode: str) -> None:
    ready(here, mode)
    announce(here, "e" * 40)
    before = len(here.decisions())
    for _ in range(20):
        here.clock.pass_(301)
        here.use_cases.webhooks.handle_due()
    ((outcome, reason),) = here.decisions()[before:]
    assert (outcome, reason[:7]) == ("failed", "gave up")
    assert here.run() == []


def test_a_delivery_without_news_is_a_decision_too(here: Installation) -> None:
    ready(here, "push")
    body = b'{"zen": "Speak like a human."}'
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"x-hub-signature-256": signature, "x-github-event": "ping"}
    stored, _ = here.use_cases.webhooks.receive("github", "shop", ReceivedBody.of(body), headers, None)
    here.use_cases.webhooks.handle(stored)
    assert here.decisions()[-1] == ("filtered", "nothing to do for 'ping'")


def test_other_refs_are_filtered_with_the_reason(here: Installation, mode: str) -> None:
    ready(here, mode)
    announce(here, "a" * 40, ref="refs/heads/feature")
    assert here.run() == []
    outcome, reason = here.decisions()[-1]
    assert outcome == "filtered"
    assert "refs/heads/feature" in reason


def test_one_hook_serves_all_environments_of_a_repository(here: Installation) -> None:
    here.register("push", "one")
    here.register("push", "two")
    hook = repository_hook(here.repo.url)
    here.use_cases.webhooks.set_secret(hook, SECRET, ME)
    announce(here, str(here.repo.sha("main")), hook=hook)
    assert {ended.environment for ended in here.run()} == {"one", "two"}


def test_a_wrong_signature_is_refused_and_audited(here: Installation) -> None:
    ready(here, "push")
    headers = {"x-hub-signature-256": "sha256=" + "0" * 64}
    with pytest.raises(SignatureMismatch):
        here.use_cases.webhooks.receive("github", "shop", ReceivedBody.of(b"{}"), headers, "10.6.6.6")
    with here.store.read() as tx:
        (entry,) = tx.audit.page(AuditFilter(action="webhook.refused"), 9, None).items
    assert entry.ip == "10.6.6.6"


def test_an_unknown_hook_looks_like_a_wrong_signature(here: Installation) -> None:
    ready(here, "push")
    with pytest.raises(SignatureMismatch) as unknown:
        here.use_cases.webhooks.receive(
            "github", "nobody", ReceivedBody.of(b"{}"), {"x-hub-signature-256": "sha256=0"}, None
        )
    with pytest.raises(SignatureMismatch) as known:
        here.use_cases.webhooks.receive(
            "github", "shop", ReceivedBody.of(b"{}"), {"x-hub-signature-256": "sha256=0"}, None
        )
    assert unknown.value.detail == known.value.detail


def test_the_secret_of_another_kind_of_credential_opens_nothing(here: Installation) -> None:
    here.register("push")
    here.use_cases.keyring.add("deploy-token", "token", {"token": SECRET}, ME)
    with pytest.raises(SignatureMismatch):
        announce(here, "a" * 40, hook="deploy-token")


def test_an_unknown_provider_is_named(here: Installation) -> None:
    with pytest.raises(NotFound, match="github"):
        here.use_cases.webhooks.receive("svn", "shop", ReceivedBody.of(b"{}"), {}, None)


def test_a_malformed_body_is_refused_only_after_it_is_authenticated(here: Installation) -> None:
    ready(here, "push")
    body = b"{" * 1000
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    with pytest.raises(InvalidInput):
        here.use_cases.webhooks.receive(
            "github", "shop", ReceivedBody.of(body), {"x-hub-signature-256": signature}, None
        )


def test_a_poison_delivery_does_not_stop_the_others(here: Installation) -> None:
    ready(here, "push")
    sha = here.repo.commit({"deploy/index.html": "two\n"})
    for id, announced in (("bad", "e" * 40), ("good", sha)):
        body = json.dumps({"ref": "refs/heads/main", "after": announced}).encode()
        signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"x-hub-signature-256": signature, "x-github-delivery": id}
        here.use_cases.webhooks.receive("github", "shop", ReceivedBody.of(body), headers, None)
    here.clock.pass_(31)  # nobody acted on them
    assert here.use_cases.webhooks.handle_due() == 2
    assert sha in [ended.revision for ended in here.run()]


def test_a_webhook_that_never_came_is_noticed_by_the_poll(here: Installation, mode: str) -> None:
    ready(here, mode)
    announce(here, here.repo.commit({"deploy/index.html": "two\n"}))
    here.run()
    here.poll()
    lost = here.repo.commit({"deploy/index.html": "three\n"})
    here.poll()
    here.poll()
    from app.domain.events import EventType

    (missed,) = here.events(EventType.WEBHOOK_MISSED)
    assert missed.data["revision"] == lost


def test_a_lost_webhook_is_repaired_where_that_is_wanted(here: Installation) -> None:
    here.register("push", auto_sync=True)
    here.use_cases.webhooks.set_secret("shop", SECRET, ME)
    here.push()
    announce(here, str(here.repo.sha("main")))
    here.poll()
    lost = here.repo.commit({"deploy/index.html": "three\n"})
    ended = [*here.poll(), *here.poll()]
    assert [(one.revision, one.trigger, one.request.webhook_missed) for one in ended] == [
        (lost, Trigger.SCHEDULE, True)
    ]


def test_a_delivery_sent_again_is_acted_on_where_nothing_came_of_it(here: Installation) -> None:
    ready(here, "push")
    place = here.servers / "shop"
    sha = here.repo.commit({"deploy/new": "two\n"})
    (place / "new").mkdir()
    (place / "new" / "theirs").write_text("not ours\n")
    announce(here, sha)
    assert [ended.phase for ended in here.run()] == [Phase.FAILED]
    (place / "new" / "theirs").unlink()
    (place / "new").rmdir()
    assert announce(here, sha).state == "handled"
    assert [ended.outcome for ended in here.run()] == [Outcome.DEPLOYED]
    announce(here, sha)
    assert here.run() == []


def test_what_was_given_up_may_be_sent_again(here: Installation, mode: str) -> None:
    ready(here, mode)
    at = str(here.repo.sha("main"))
    sha = here.repo.commit({"deploy/index.html": "two\n"}, branch="wip")
    here.repo.branch("wip", at)
    here.repo.git("reflog", "expire", "--expire=now", "--all")
    announce(here, sha)
    for _ in range(12):
        here.clock.pass_(301)
        here.use_cases.webhooks.handle_due()
    assert here.run() == []
    here.repo.branch("main", sha)
    assert announce(here, sha).state == "handled"
    assert [ended.revision for ended in here.run()] == [sha]
