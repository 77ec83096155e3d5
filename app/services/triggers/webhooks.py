"""Webhook deliveries: authenticated over the raw body, stored once, then acted on.

A delivery for a push environment asks for a sync of the announced commit; for a pull environment it only nudges the
poll. One that is ahead of its mirror waits until the announced commit can be seen.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from app.domain import webhook
from app.domain.actor import WEBHOOK, Actor
from app.domain.agents.protocol import CommandKind
from app.domain.audit import NewAuditEntry
from app.domain.environment import Environment, Mode
from app.domain.errors import CredentialNotFound, NotFound, Problem, RevisionNotFound, SignatureMismatch
from app.domain.events import NewEvent, about
from app.domain.events.operation_events import AnnouncedDecision
from app.domain.events.source_events import WebhookReceived
from app.domain.operation import OperationKind, Outcome, Request, Trigger
from app.domain.revision import is_sha
from app.ports import Credential, Delivery, Ports, Transaction, topics
from app.services.operations.queue import Queue
from app.services.outcomes.decisions import decision
from app.services.relay import elsewhere, relay
from app.services.triggers.polling import Poller
from app.services.triggers.webhook_names import repository_hook

KIND = "webhook-secret"
TAKEN = timedelta(seconds=30)  # who stored a delivery acts on it at once; after this somebody else may
ACTING = timedelta(minutes=2)  # after which somebody else may act on a delivery that was taken and not ended
REFUSED, NOTED, WHILE = "webhook:refused", 200, timedelta(minutes=15)
WAITS_S = (0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300)


class Webhooks:
    """Stores webhook deliveries and acts on them."""

    def __init__(self, ports: Ports, queue: Queue, poller: Poller) -> None:
        self._ports = ports
        self._queue = queue
        self._poller = poller

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
        """Record a refusal, up to NOTED in a while: any client can cause one, and the log is kept for ever."""
        now = self._ports.clock.now()
        with self._ports.store.read() as tx:
            if tx.identities.failed_logins(REFUSED, now - WHILE) >= NOTED:
                return
        with self._ports.store.write() as tx:
            tx.identities.add_failed_login(REFUSED, now)
            data = {"provider": provider}
            entry = NewAuditEntry(replace(WEBHOOK, ip=ip), "webhook.refused", f"webhook:{hook[:100]}", data)
            tx.audit.append(now, entry)

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
        """Act on one delivery and store its result."""
        environments: Sequence[Environment] = ()
        try:
            with self._ports.store.read() as tx:
                environments = self._environments(tx, delivery.hook)
            decided = [self._act(delivery, environment) for environment in environments]
            done = replace(delivery, state="handled", decision="; ".join(decided)[:2000])
        except RevisionNotFound as missing:
            done = self._wait(delivery, missing)
        except Problem as problem:
            done = self._wait(delivery, problem) if problem.retry == "later" else replace(
                delivery, state="failed", decision=problem.detail
            )  # fmt: skip
        with self._ports.store.write() as tx:
            tx.inbox.save(done)
            tx.ledger.append(self._ports.clock.now(), _undone(done, environments))
        self._ports.notifier.notify(("work", "ledger"))
        return done

    def _wait(self, delivery: Delivery, problem: Problem) -> Delivery:
        attempts = delivery.attempts + 1
        if attempts > len(WAITS_S):
            return replace(delivery, state="failed", attempts=attempts, decision=f"gave up: {problem.detail}")
        at = self._ports.clock.now() + timedelta(seconds=WAITS_S[attempts - 1])
        return replace(delivery, state="waiting", attempts=attempts, next_at=at, decision=f"waiting: {problem.detail}")

    def _environments(self, tx: Transaction, hook: str) -> Sequence[Environment]:
        for repo_url in tx.environments.addresses():
            if repository_hook(repo_url) == hook:
                return tx.environments.of_repository(repo_url)
        return (tx.environments.get(hook),)

    def _act(self, delivery: Delivery, environment: Environment) -> str:
        heads = delivery.announced
        if not heads:
            return self._decided(environment, Outcome.FILTERED, f"nothing to do for '{delivery.event}'", delivery)
        sha = next((heads[ref] for ref in heads if _names(environment, ref)), None)
        if sha is None:
            reason = f"{', '.join(heads)[:200]} is not the ref of this environment ({environment.source.ref})"
            return self._decided(environment, Outcome.FILTERED, reason, delivery)
        return self._follow(delivery, environment, sha)

    def _follow(self, delivery: Delivery, environment: Environment, sha: str) -> str:
        if environment.mode is Mode.PULL or not sha:
            return self._decided(environment, Outcome.NUDGED, self._nudge(environment, sha), delivery, sha)
        self._visible(environment, sha)
        request = Request(
            OperationKind.SYNC, Trigger.WEBHOOK, str(WEBHOOK), wanted=sha, noticed_at=delivery.received_at,
            reason=f"announced by {delivery.provider}",
        )  # fmt: skip
        with self._ports.store.read() as tx:
            before = tx.environments.by_id(environment.id).status
        if before.revision == sha and before.drift_count == 0:
            return self._decided(environment, Outcome.NO_OP, f"{sha[:8]} is live already", delivery, sha)
        operation = self._queue.ask(environment.name, request, WEBHOOK)
        return f"{environment.name}: operation {operation.id}"

    def _nudge(self, environment: Environment, sha: str) -> str:
        with self._ports.store.write() as tx:
            relayed = relay(self._ports, tx, environment, CommandKind.NUDGE, {})
        if relayed:
            self._ports.notifier.notify(topics(environment))
            return "its agent was told to poll now"
        self._poller.poll(environment.source.repo_url, environment.source.credential)
        self._visible(environment, sha)
        return "the poll was brought forward"

    def _visible(self, environment: Environment, sha: str) -> None:
        """Raise RevisionNotFound while the mirror does not show the announced commit; an agent has its own mirror."""
        if not is_sha(sha) or elsewhere(self._ports, environment):
            return
        source = self._ports.sources.open(environment.source.repo_url, environment.source.credential)
        try:
            source.resolve(sha)
        except RevisionNotFound:
            source.fetch()
            source.resolve(sha)

    def _decided(
        self, environment: Environment, outcome: Outcome, reason: str, delivery: Delivery, sha: str | None = None
    ) -> str:
        mode, observe = environment.mode.value, environment.policy.observe
        fact = AnnouncedDecision(
            outcome.value, mode, Trigger.WEBHOOK.value, delivery.delivery_id, sha, observe=observe, why=reason
        )
        with self._ports.store.write() as tx:
            tx.ledger.append(self._ports.clock.now(), [about(environment, fact)])
        return f"{environment.name}: {outcome.value}, {reason}"


def _undone(delivery: Delivery, environments: Sequence[Environment]) -> list[NewEvent]:
    """The events of a delivery that could not be acted on: when it begins to wait, and when it is given up."""
    outcome = Outcome.FAILED if delivery.state == "failed" else Outcome.WAITING
    if delivery.state == "handled" or (outcome is Outcome.WAITING and delivery.attempts > 1):
        return []
    announced = {"delivery": delivery.delivery_id, "heads": delivery.announced}
    return [decision(one, outcome, "webhook", delivery.decision, **announced) for one in environments]


def _names(environment: Environment, ref: str) -> bool:
    wanted = environment.source.ref
    return ref in ("", wanted, f"refs/heads/{wanted}", f"refs/tags/{wanted}")
