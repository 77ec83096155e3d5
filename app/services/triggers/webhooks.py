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

from app.domain import webhook
from app.domain.actor import WEBHOOK, Actor
from app.domain.audit import NewAuditEntry
from app.domain.environment import Environment
from app.domain.errors import (
    CredentialNotFound,
    EnvironmentNotFound,
    NotFound,
    Problem,
    RevisionNotFound,
    SignatureMismatch,
)
from app.domain.events import NewEvent
from app.domain.events.source_events import WebhookReceived
from app.domain.operation import Outcome
from app.ports import Credential, Delivery, Ports, Transaction
from app.services.agents.refusals import throttled
from app.services.operations.queue import Queue
from app.services.outcomes.decisions import decision
from app.services.triggers.announcements import Announcements
from app.services.triggers.polling import Poller
from app.services.triggers.webhook_names import repository_hook

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


class Webhooks:
    """Stores webhook deliveries and acts on them."""

    def __init__(self, ports: Ports, queue: Queue, poller: Poller) -> None:
        self._ports = ports
        self._announcements = Announcements(ports, queue, poller)

    # --- secrets ---
    def set_secret(self, hook: str, secret: str | None, actor: Actor) -> str:
        """Give a hook (an environment's name or a repository's hook) a secret; returns it, for the one time."""
        value = secret or secrets.token_urlsafe(32)
        now = self._ports.clock.now()
        with self._ports.store.write() as tx:
            self._environments(tx, hook)
            try:
                tx.credentials.remove(hook)
            except CredentialNotFound:
                pass
            tx.credentials.put(Credential(hook, KIND, now, str(actor)), {"secret": value})
            data = {"environment": hook}
            tx.audit.append(now, NewAuditEntry(actor, "webhook.set_secret", f"webhook:{hook}", data))
        return value

    # --- taking in ---
    def receive(
        self, provider_name: str, hook: str, body: bytes, headers: Mapping[str, str], ip: str | None
    ) -> tuple[Delivery, bool]:
        """Store an authenticated delivery, once; acting on it is `handle`'s. Header names are lower-case.

        Raises NotFound (unknown provider), SignatureMismatch (also for a hook that does not exist), InvalidInput.
        """
        provider = webhook.PROVIDERS.get(provider_name)
        if provider is None:
            raise NotFound(f"There is no webhook provider '{provider_name[:40]}'; use {', '.join(webhook.PROVIDERS)}.")
        try:
            webhook.authenticate(provider, self._secret(hook), body, headers)
        except SignatureMismatch:
            self._refused(provider_name, hook, ip)
            raise
        said = webhook.read(provider, body, headers)
        announced = {ref: sha or "" for ref, sha in said.heads.items()}
        id = webhook.delivery_id(provider, body, headers)
        now = self._ports.clock.now()
        with self._ports.store.write() as tx:
            stored, new = tx.inbox.put(
                Delivery(0, provider_name, hook, id, now, said.event, announced, next_at=now + TAKEN, body=body)
            )
            if new:
                received = WebhookReceived(hook, provider_name, id, announced, event=said.event)
                tx.ledger.append(now, [NewEvent(received)])
        return stored, new

    def _secret(self, hook: str) -> str:
        with self._ports.store.read() as tx:
            try:
                if tx.credentials.get(hook).kind == KIND:
                    return tx.credentials.secret(hook)["secret"]
            except CredentialNotFound:
                pass
        return secrets.token_urlsafe(32)  # no secret, no match: an unknown hook looks like a wrong signature

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
        done = self._summed(delivery, {one.name: self._act(delivery, one) for one in environments})
        with self._ports.store.write() as tx:
            tx.inbox.save(done)
        self._ports.notifier.notify(("work", "ledger"))
        return done

    def _act(self, delivery: Delivery, environment: Environment) -> _Deed:
        try:
            return _Deed("handled", self._announcements.act(delivery, environment))
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

    def _summed(self, delivery: Delivery, deeds: Mapping[str, _Deed]) -> Delivery:
        """The delivery with the results for its environments."""
        words = "; ".join(deed.words for deed in deeds.values())[:2000] or "no environment is concerned any more"
        states = {deed.state for deed in deeds.values()}
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
                return tx.environments.of_repository(repo_url)
        return (tx.environments.get(hook),)
