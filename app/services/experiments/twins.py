"""The twins of an experiment: two environments of the same making, one of each mode, and what they are reached with."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from app.domain.actor import EXPERIMENT
from app.domain.environment import Environment, Mode
from app.domain.errors import CredentialNotFound, EnvironmentNotFound, NotFound
from app.domain.experiments.experiment import LABEL, TWIN, Experiment
from app.ports import Bench, Ports
from app.services.environments.registration import Registration
from app.services.security.access import Access
from app.services.security.credentials import Keyring

MODES = (Mode.PUSH.value, Mode.PULL.value)
IDLE_S = 86_400  # between looks at twins that have done their work
CHECK = ("grep", "-q", "</html>", "site/index.html")  # what a bad commit fails


@dataclass(frozen=True, slots=True)
class TwinSetup:
    """A service of the control plane for each thing that an experiment needs of it."""

    ports: Ports
    registration: Registration
    keyring: Keyring
    access: Access


class Twins:
    """Makes, changes and removes the twins of experiments."""

    def __init__(self, setup: TwinSetup) -> None:
        self._ports, self._registration = setup.ports, setup.registration
        self._keyring, self._access = setup.keyring, setup.access

    def make(self, experiment: Experiment, bench: Bench, targets: Mapping[str, str]) -> Mapping[str, int]:
        """Register the twins, or point those that are there to where the bench listens now; returns their ids."""
        return {mode: self._made(experiment, bench, targets[mode], mode).id for mode in MODES}

    def _made(self, experiment: Experiment, bench: Bench, target: str, mode: str) -> Environment:
        name, wanted = experiment.twin(mode), self._specification(experiment, bench, target, mode)
        try:
            with self._ports.store.read() as tx:
                tx.environments.get(name)
        except EnvironmentNotFound:
            return self._registration.create(wanted, EXPERIMENT)
        change = {"source": wanted["source"], "policy": wanted["policy"]}
        return self._registration.edit(name, change, EXPERIMENT)

    def _specification(self, experiment: Experiment, bench: Bench, target: str, mode: str) -> dict[str, Any]:
        asked, pulled = experiment.parameters, mode == Mode.PULL.value
        source = {"repo_url": bench.address, "ref": "main", "path": "deploy"}
        return {
            "name": experiment.twin(mode),
            "mode": mode,
            "source": {**source, "credential": experiment.credential(mode)},
            "target": self._ports.targets.kinds().located(target),
            "policy": {
                "interval_s": asked.interval_s if pulled else IDLE_S,  # a pipeline asks nobody whether there is news
                "refresh_interval_s": asked.refresh_interval_s,
                "auto_sync": pulled,
                "self_heal": asked.self_heal,
                "health_check": {"kind": "command", "command": list(CHECK), "deadline_s": 0.5, "interval_s": 0.1},
            },
            "labels": {LABEL: experiment.tail, TWIN: mode},
        }

    def look(self, twin: Environment) -> None:
        """Poll for a twin for the first time."""
        self._registration.first_look(twin)

    def let_in(self, experiment: Experiment, bench: Bench) -> None:
        """Give each twin a new secret to read Git with."""
        for mode in MODES:
            name, secret = experiment.credential(mode), secrets.token_urlsafe(24)
            bench.accept(mode, secret)
            with self._ports.store.read() as tx:
                known = tx.credentials.exists(name)
            if known:
                self._keyring.replace(name, {"token": secret}, EXPERIMENT)
            else:
                self._keyring.add(name, "token", {"token": secret}, EXPERIMENT)

    def token(self, experiment: Experiment) -> str:
        """A new token for the pipeline; earlier ones are revoked."""
        self.revoke(experiment)
        return self._access.create_token(experiment.pipeline, EXPERIMENT)[1]

    def revoke(self, experiment: Experiment) -> None:
        """Take the pipeline's token away."""
        with self._ports.store.read() as tx:
            valid = [one.id for one in tx.identities.tokens() if one.name == experiment.pipeline and not one.revoked_at]
        for id in valid:
            with suppress(NotFound):
                self._access.revoke_token(id, EXPERIMENT)

    def rest(self, experiment: Experiment) -> None:
        """Let twins that have done their work be: nothing is pushed, polled, scanned or healed any more."""
        self.revoke(experiment)
        quiet = {"interval_s": IDLE_S, "refresh_interval_s": IDLE_S, "auto_sync": False, "self_heal": False}
        for mode in MODES:
            with suppress(EnvironmentNotFound):
                self._registration.edit(experiment.twin(mode), {"policy": quiet}, EXPERIMENT)

    def remove(self, experiment: Experiment) -> None:
        """Delete the twins and their credential; what the ledger holds of them stays."""
        self.revoke(experiment)
        for mode in MODES:
            with suppress(EnvironmentNotFound):
                self._registration.remove(experiment.twin(mode), EXPERIMENT)
        for mode in MODES:
            with suppress(CredentialNotFound):
                self._keyring.remove(experiment.credential(mode), EXPERIMENT)
