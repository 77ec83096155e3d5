"""Webhook deliveries: authenticated over the raw body, stored once, then acted on.

A delivery is a hint. For a push environment Git's ref is looked at and what it points at is delivered; for a pull
environment the poll is brought forward. One that is ahead of Git waits until the announced commit can be seen.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import BoundedSemaphore

from app.domain import webhook
from app.domain.actor import WEBHOOK, Actor
from app.domain.audit import NewAuditEntry
from app.domain.environment import Environment, ExternalSpec
from app.domain.errors import (
    CredentialExists,
    CredentialNotFound,
    EnvironmentNotFound,
    NotFound,
    Problem,
    RevisionNotFound,
    SignatureMismatch,
)
from app.domain.events import NewEvent
from app.domain.events.source_events import WebhookReceived
from app.domain.operation import Outcome, Phase
from app.domain.webhook import ReceivedBody
from app.domain.webhook.hook_names import repository_hook
from app.ports import OPEN, SETTLED, Credential, Delivery, HookSecret, Ports, Transaction
from app.services.agents.refusals import throttled
from app.services.operations.queue import Queue
from app.services.outcomes.decisions import decision
from app.services.triggers.announcements import Announcements
from app.services.triggers.external_tellings import ExternalTellings
from app.services.triggers.polling import Poller
from app.services.triggers.webhook_intake import sender_of, taken_in

log = logging.getLogger(__name__)
KIND = "webhook-secret"
BROKEN = "internal error; the server's log has the details"
TAKEN = timedelta(seconds=30)  # who stored a delivery acts on it at once; after this somebody else may
ACTING = timedelta(minutes=2)  # after which somebody else may act on a delivery that was taken and not ended
REFUSED, NOTED = "webhook:refused", 200  # of all hooks together, as anybody can cause a refusal
WAITS_S = (0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300)


@dataclass(frozen=True, slots=True)
class _Deed:
    """What came of a delivery for one environment. `state`: a Delivery's."""

    state: str
    words: str
    done: str = ""


class Webhooks:
    """Stores webhook deliveries and acts on them."""

    def __init__(self, ports: Ports, queue: Queue, poller: Poller) -> None:
        self._ports = ports
        self._reading = BoundedSemaphore(2)  # of large bodies, in memory at once
        self._announcements = Announcements(ports, queue, poller)
        self._tellings = ExternalTellings(ports)

    # --- secrets ---
    def set_secret(self, hook: str, secret: str | None, actor: Actor) -> str:
        """Give a hook (an environment's name or a repository's hook) a secret; returns it, for the one time.

        Raises InvalidInput (a secret that no delivery could match), EnvironmentNotFound.
        """
        value = webhook.usable(secret) if secret is not None else secrets.token_urlsafe(32)
        with self._ports.store.write() as tx:
            self._put(tx, hook, value, actor)
        return value

    def store_secret(self, hook: str, secret: str, actor: Actor) -> Credential:
        """Give a hook its first secret, as if that were a credential with the hook's name; returns it as such.

        Raises InvalidInput, EnvironmentNotFound, CredentialExists.
        """
        value = webhook.usable(secret)
        with self._ports.store.write() as tx:
            if tx.hook_secrets.get(hook):
                raise CredentialExists(f"The webhook '{hook}' has a secret already.")
            kept = self._put(tx, hook, value, actor)
        return Credential(hook, KIND, kept.created_at, kept.created_by)

    def _put(self, tx: Transaction, hook: str, secret: str, actor: Actor) -> HookSecret:
        repositorys = any(repository_hook(repo_url) == hook for repo_url in tx.environments.addresses())
        owner = None if repositorys else tx.environments.get(hook).id
        kept = HookSecret(hook, owner, self._ports.clock.now(), str(actor))
        tx.hook_secrets.put(kept, secret)
        self._audited(tx, "webhook.set_secret", hook, actor)
        return kept

    def remove_secret(self, hook: str, actor: Actor) -> None:
        """Take a hook's secret away, so that every delivery to it is refused. Raises CredentialNotFound."""
        with self._ports.store.write() as tx:
            if not tx.hook_secrets.remove(hook):
                raise CredentialNotFound(f"The webhook '{hook[:80]}' has no secret.")
            self._audited(tx, "webhook.remove_secret", hook, actor)

    def _audited(self, tx: Transaction, action: str, hook: str, actor: Actor) -> None:
        entry = NewAuditEntry(actor, action, f"webhook:{hook}", {"environment": hook})
        tx.audit.append(self._ports.clock.now(), entry)

    # --- taking in ---
    def receive(
        self, provider_name: str, hook: str, body: ReceivedBody, headers: Mapping[str, str], ip: str | None
    ) -> tuple[Delivery, bool]:
        """Store an authenticated delivery, once; acting on it is `handle`'s, where the answer's second part says so:
        it is new, or was delivered again and nothing came of it before. Header names are lower-case.

        Raises NotFound (unknown provider), SignatureMismatch (also for a hook that does not exist), InvalidInput.
        """
        spec, secret = self._known(hook)
        sender = sender_of(provider_name, spec)
        try:
            webhook.authenticate(sender, secret, body, headers)
        except SignatureMismatch:
            self._refused(provider_name, hook, ip)
            raise
        now = self._ports.clock.now()
        with self._reading:
            given = taken_in(sender, spec, hook, body, headers)
        pushed = given.pushed_at if given.pushed_at and given.pushed_at <= now else None
        given = replace(given, received_at=now, next_at=now + TAKEN, pushed_at=pushed)
        id, announced = given.delivery_id, given.announced
        with self._ports.store.write() as tx:
            stored, new = tx.inbox.put(given)
            again = None if new else self._again(tx, stored)
            if again:
                tx.inbox.save(again)
            if new or again:
                received = WebhookReceived(hook, provider_name, id, announced, event=given.event)
                tx.ledger.append(now, [NewEvent(received)])
        return again or stored, new or again is not None

    def _again(self, tx: Transaction, stored: Delivery) -> Delivery | None:
        """A delivery that was sent anew, to be acted on where nothing came of it; None where there is no such place,
        or somebody is about to act on it."""
        done = {id: what for id, what in stored.done.items() if _came(tx, what)}
        open = [one for one in self._concerned(tx, stored.hook) if one.id not in done]
        if stored.state == "received" or not open:
            return None
        taken = self._ports.clock.now() + TAKEN
        return replace(stored, state="received", attempts=0, next_at=taken, decision="", done=done)

    def _known(self, hook: str) -> tuple[ExternalSpec | None, str]:
        """The system that delivers to the hook's environment, if one does, and the hook's secret."""
        with self._ports.store.read() as tx:
            kept, concerned = tx.hook_secrets.get(hook), self._concerned(tx, hook)
            whole = kept is not None and any(kept.environment_id in (None, one.id) for one in concerned)
            found = tx.hook_secrets.secret(hook) if whole else None
        spec = next((one.external for one in concerned), None)
        # no secret, no match: an unknown hook looks like a wrong signature
        return spec, found or secrets.token_urlsafe(32)

    def _refused(self, provider: str, hook: str, ip: str | None) -> None:
        data = {"provider": provider}
        entry = NewAuditEntry(replace(WEBHOOK, ip=ip), "webhook.refused", f"webhook:{hook[:100]}", data)
        throttled(self._ports, REFUSED, entry, NOTED)

    # --- acting ---
    def handle_due(self, limit: int = 50, *, only: int | None = None) -> int:
        """Act on stored deliveries that are due (or on one of them, by id); returns the number of deliveries."""
        due = self._take(limit, only)
        for delivery in due:
            self.handle(delivery)
        return len(due)

    def _take(self, limit: int, only: int | None) -> Sequence[Delivery]:
        """Lease deliveries, so that of the request, the tick and other processes only one acts on each."""
        now = self._ports.clock.now()
        with self._ports.store.read() as tx:
            if not tx.inbox.due(now, 1):
                return ()
        with self._ports.store.write() as tx:
            due = [one for one in tx.inbox.due(now, limit) if only in (None, one.id)]
            for one in due:
                tx.inbox.save(replace(one, next_at=now + ACTING))
        return due

    def handle(self, delivery: Delivery) -> Delivery:
        """Act on one delivery and store its result. What is in the way of one environment is in no other's way."""
        with self._ports.store.read() as tx:
            environments = self._concerned(tx, delivery.hook)
        open = [one for one in environments if one.id not in delivery.done]
        deeds = {one.id: self._act(delivery, one) for one in open}
        acted = {id: deed.done for id, deed in deeds.items() if deed.state == "handled"}
        done = self._summed(replace(delivery, done={**delivery.done, **acted}), tuple(deeds.values()))
        with self._ports.store.write() as tx:
            tx.inbox.save(done)
        self._ports.notifier.notify(("work", "ledger"))
        return done

    def _act(self, delivery: Delivery, environment: Environment) -> _Deed:
        try:
            told_by, act = environment.external, self._announcements.act
            came = self._tellings.act(delivery, environment, told_by) if told_by else act(delivery, environment)
            return _Deed("handled", came.words, came.done)
        except RevisionNotFound as missing:
            return self._put_off(delivery, environment, missing.detail)
        except Problem as problem:
            if problem.retry == "later":
                return self._put_off(delivery, environment, problem.detail)
            return self._undone(delivery, environment, _Deed("failed", problem.detail))
        except Exception:
            log.exception("a delivery could not be acted on", extra={"hook": delivery.hook})
            return self._undone(delivery, environment, _Deed("failed", BROKEN))

    def _put_off(self, delivery: Delivery, environment: Environment, why: str) -> _Deed:
        """Try again later, for a while. The beginning and the end of the waiting are told."""
        if delivery.attempts >= len(WAITS_S):
            return self._undone(delivery, environment, _Deed("failed", f"gave up: {why}"))
        deed = _Deed("waiting", f"waiting: {why}")
        return deed if delivery.attempts else self._undone(delivery, environment, deed)

    def _undone(self, delivery: Delivery, environment: Environment, deed: _Deed) -> _Deed:
        """Record what could not be acted on; returns the deed."""
        outcome = Outcome.FAILED if deed.state == "failed" else Outcome.WAITING
        announced = {"delivery": delivery.delivery_id, "heads": delivery.announced}
        with self._ports.store.write() as tx:
            at = self._ports.clock.now()
            tx.ledger.append(at, [decision(environment, outcome, "webhook", deed.words, **announced)])
        return deed

    def _summed(self, delivery: Delivery, deeds: Sequence[_Deed]) -> Delivery:
        """The delivery with the results for its environments."""
        words = "; ".join(deed.words for deed in deeds)[:2000] or "no environment is concerned any more"
        states = {deed.state for deed in deeds}
        if "waiting" not in states:
            return replace(delivery, state="failed" if "failed" in states or not deeds else "handled", decision=words)
        attempts = delivery.attempts + 1
        at = self._ports.clock.now() + timedelta(seconds=WAITS_S[attempts - 1])
        return replace(delivery, state="waiting", attempts=attempts, next_at=at, decision=words)

    def _concerned(self, tx: Transaction, hook: str) -> Sequence[Environment]:
        try:
            return self._environments(tx, hook)
        except EnvironmentNotFound:
            return ()

    def _environments(self, tx: Transaction, hook: str) -> Sequence[Environment]:
        for repo_url in tx.environments.addresses():
            if repository_hook(repo_url) == hook:
                found = tx.environments.of_repository(repo_url)
                return [one for one in found if one.external is None]  # who delivers there tells of it by itself
        return (tx.environments.get(hook),)


def _came(tx: Transaction, what: str) -> bool:
    """Whether something came of a delivery: what was decided for good, or an operation that did not fail."""
    if what in (SETTLED, OPEN):
        return what == SETTLED
    try:
        return tx.operations.get(what).phase not in (Phase.FAILED, Phase.ERROR, Phase.TERMINATED)
    except NotFound:
        return True
