"""State belongs to its key: a poll's to the credential, a hook's to the hook and to its lifetime."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator

import pytest

from app.domain.errors import CredentialExists, InvalidInput, RevisionNotFound, SignatureMismatch
from app.domain.events import EventType
from app.domain.operation import Outcome
from app.domain.status import ConditionKind
from app.domain.webhook import ReceivedBody
from app.domain.webhook.hook_names import repository_hook
from app.services.environments.rollback import RollbackWish
from tests.support.gitserver import GitServer
from tests.support.installation import ME, Installation

SECRET = "s" * 32
URL = "https://git.example.org/shop.git"


def announce(here: Installation, hook: str, secret: str = SECRET, id: str = "1") -> str:
    body = json.dumps({"ref": "refs/heads/main", "after": here.repo.sha("main")}).encode()
    signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"x-hub-signature-256": signature, "x-github-event": "push", "x-github-delivery": id}
    stored, new = here.use_cases.webhooks.receive("github", hook, ReceivedBody.of(body), headers, None)
    return (here.use_cases.webhooks.handle(stored) if new else stored).state


def test_a_hooks_secret_touches_no_credential_of_its_name(here: Installation) -> None:
    here.use_cases.keyring.add("shop", "token", {"token": "glpat-secret"}, ME)
    here.register("push")
    here.use_cases.webhooks.set_secret("shop", SECRET, ME)
    with here.store.read() as tx:
        assert (tx.credentials.get("shop").kind, tx.credentials.secret("shop")["token"]) == ("token", "glpat-secret")
    here.use_cases.keyring.remove("shop", ME)
    assert announce(here, "shop") == "handled"


@pytest.mark.parametrize("whose", ["own", "repository's"])
def test_a_hook_that_was_deleted_does_not_live_on_in_a_later_one(here: Installation, whose: str) -> None:
    here.register("push")
    hook = "shop" if whose == "own" else repository_hook(here.url)
    here.use_cases.webhooks.set_secret(hook, SECRET, ME)
    announce(here, hook)
    here.run()
    here.use_cases.registration.remove("shop", ME)
    here.register("push")
    with pytest.raises(SignatureMismatch):
        announce(here, hook)
    here.use_cases.webhooks.set_secret(hook, "t" * 32, ME)
    with pytest.raises(SignatureMismatch):
        announce(here, hook)
    assert announce(here, hook, "t" * 32) == "handled"  # the same id: another hook's
    assert [ended.outcome for ended in here.run()] == [Outcome.DEPLOYED]


def test_a_repositorys_hook_lives_as_long_as_somebody_uses_it(here: Installation) -> None:
    here.register("push", "one")
    here.register("push", "two")
    hook = repository_hook(here.url)
    here.use_cases.webhooks.set_secret(hook, SECRET, ME)
    here.use_cases.registration.remove("one", ME)
    assert announce(here, hook) == "handled"
    other = here.folder / "other.git"
    here.repo.path.rename(other)
    here.use_cases.registration.edit("two", {"source": {"repo_url": str(other)}}, ME)
    take = here.use_cases.webhooks.receive
    with pytest.raises(SignatureMismatch):
        take("github", hook, ReceivedBody.of(b"{}"), {"x-hub-signature-256": "x"}, None)
    with here.store.read() as tx:
        assert tx.hook_secrets.get(hook) is None


def test_no_environment_has_the_name_of_a_repositorys_hook(here: Installation) -> None:
    with pytest.raises(InvalidInput) as refused:
        here.register("push", repository_hook(URL))
    assert "name" in refused.value.fields


def test_a_secret_that_is_taken_away_opens_nothing(here: Installation) -> None:
    here.register("push")
    assert here.use_cases.webhooks.store_secret("shop", SECRET, ME).kind == "webhook-secret"
    with pytest.raises(CredentialExists):
        here.use_cases.webhooks.store_secret("shop", "t" * 32, ME)
    here.use_cases.webhooks.remove_secret("shop", ME)
    with pytest.raises(SignatureMismatch):
        announce(here, "shop")


@pytest.mark.parametrize(
    "secret", [" " + SECRET, SECRET + "\n", "a\tb" * 9, "x", "x" * 501, "\ud800" * 20, "a\x00" * 9]
)
def test_a_secret_that_no_delivery_could_match_is_refused_at_once(here: Installation, secret: str) -> None:
    here.register("push")
    with pytest.raises(InvalidInput) as refused:
        here.use_cases.webhooks.set_secret("shop", secret, ME)
    assert "secret" in refused.value.fields


@pytest.fixture
def two(here: Installation) -> Iterator[str]:
    """The address of a repository whose server knows the credential "good", and not "bad"."""
    with GitServer(here.folder) as server:
        server.user, server.password = "u", "right"
        for name, token in (("good", "right"), ("bad", "revoked")):
            here.use_cases.keyring.add(name, "token", {"username": "u", "token": token}, ME)
        yield server.url(here.repo.path)


def follow(here: Installation, url: str, mode: str = "pull") -> None:
    """Register the environments "good" and "bad", each with the credential of its name."""
    for name in ("good", "bad"):
        source = {"repo_url": url, "path": "deploy", "credential": name}
        target = {"kind": "directory", "path": str(here.servers / name)}
        here.use_cases.registration.create({"name": name, "mode": mode, "source": source, "target": target}, ME)


def poll(here: Installation, url: str) -> list[tuple[str, Outcome | None]]:
    here.clock.pass_(60)
    for name in ("good", "bad"):
        here.use_cases.poller.poll(url, name)
    return [(ended.environment, ended.outcome) for ended in here.run()]


def test_each_credential_has_its_own_state(here: Installation, two: str) -> None:
    follow(here, two)
    assert poll(here, two) == [("good", Outcome.DEPLOYED)]
    for _ in range(3):
        here.repo.commit({"deploy/index.html": f"{here.clock.now()}"})
        assert poll(here, two) == [("good", Outcome.DEPLOYED)]
    assert not here.environment("good").status.condition
    assert here.environment("bad").status.condition.about(ConditionKind.SOURCE)
    (failed,) = here.events(EventType.SOURCE_FAILED)
    assert failed.data["credential"] == "bad"
    assert here.events(EventType.SOURCE_RECOVERED) == []


def test_what_one_credential_fetched_serves_no_other(here: Installation, two: str) -> None:
    follow(here, two, "push")
    sha = str(here.repo.sha("main"))
    assert here.push(sha, "good").outcome is Outcome.DEPLOYED
    assert here.push(sha, "bad").outcome is Outcome.FAILED
    source = here.ports.sources.open(two, "bad")
    with pytest.raises(RevisionNotFound):
        source.resolve(sha)
    assert not (here.servers / "bad").exists() or not list((here.servers / "bad").iterdir())


def test_another_credential_for_an_environment_keeps_what_was_deployed(here: Installation, two: str) -> None:
    follow(here, two, "push")
    first = str(here.repo.sha("main"))
    here.push(first, "good")
    here.repo.commit({"deploy/index.html": "unrelated\n"}, onto=None)
    here.push(None, "good")
    here.repo.git("gc", "--quiet", "--prune=now")
    here.use_cases.keyring.add("newer", "token", {"username": "u", "token": "right"}, ME)
    here.use_cases.registration.edit("good", {"source": {"credential": "newer"}}, ME)
    here.push(None, "good")
    here.use_cases.rollback.back("good", RollbackWish(first, "pin", ""), ME)
    assert [ended.outcome for ended in here.run()] == [Outcome.ROLLED_BACK]
