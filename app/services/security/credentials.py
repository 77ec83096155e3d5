"""Storing and removing credentials."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from app.domain.actor import Actor
from app.domain.audit import NewAuditEntry
from app.domain.errors import CredentialInUse, CredentialNotFound, InvalidInput
from app.domain.specification.environment_fields import NAME
from app.ports import Credential, Ports, PublicHalf, Transaction
from app.services.security.private_key_text import mended

NEEDS: Mapping[str, tuple[str, ...]] = {
    "ssh-key": ("private_key",),
    "token": ("token",),
    "password": ("username", "password"),
    "kubeconfig": ("kubeconfig",),
}
PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----\s.*\s-----END [A-Z ]{0,40}PRIVATE KEY-----", re.DOTALL
)
PUBLIC = ("username",)
OPTIONAL: Mapping[str, tuple[str, ...]] = {"ssh-key": ("known_hosts",), "token": ("username",)}


def _readable(kind: str, fields: Mapping[str, str]) -> Mapping[str, str]:
    """The fields with a private key in the form that ssh reads, however it was pasted."""
    key = fields.get("private_key")
    return {**fields, "private_key": mended(key)} if kind == "ssh-key" and key else fields


def _incomplete(kind: str, fields: Mapping[str, str]) -> dict[str, str]:
    """What is missing or wrong, by field."""
    errors = {field: f"is required for a credential of kind '{kind}'" for field in NEEDS[kind] if not fields.get(field)}
    if kind == "ssh-key" and not errors and not PRIVATE_KEY.search(fields["private_key"]):
        errors["private_key"] = "must be a private key: the whole file, from its BEGIN line to its END line"
    return errors


def _kept(tx: Transaction, name: str) -> Mapping[str, str]:
    """The stored fields; none where they were encrypted with another key, which is what a new secret mends."""
    try:
        return tx.credentials.secret(name)
    except CredentialNotFound:
        return {}


def untold(private_key: str) -> Mapping[str, str]:
    """Where nobody looks at credentials from outside. Implements the port PublicHalf."""
    return {}


class Keyring:
    """Stores and removes credentials."""

    def __init__(self, ports: Ports, public_half: PublicHalf) -> None:
        self._ports = ports
        self._public_half = public_half

    def add(self, name: str, kind: str, fields: Mapping[str, str], actor: Actor) -> Credential:
        """Store a credential. Raises InvalidInput (a field is missing, a key is locked), CredentialExists."""
        fields = _readable(kind, fields)
        errors = _incomplete(kind, fields)
        if not NAME.match(name):
            errors["name"] = "must be 1 to 63 letters, digits, '.', '_' or '-'"
        if errors:
            raise InvalidInput(f"The credential is not complete: {', '.join(errors)}.", fields=errors)
        now = self._ports.clock.now()
        made = Credential(name, kind, now, str(actor), None, self._public(kind, fields))
        with self._ports.store.write() as tx:
            tx.credentials.put(made, {"kind": kind, **fields})
            details = {"kind": kind}
            tx.audit.append(now, NewAuditEntry(actor, "credential.create", f"credential:{name}", details))
        return made

    def _public(self, kind: str, fields: Mapping[str, str]) -> Mapping[str, str]:
        """What everybody may see of a credential."""
        shown = {field: fields[field] for field in PUBLIC if field in fields}
        return {**shown, **(self._public_half(fields["private_key"]) if kind == "ssh-key" else {})}

    def replace(self, name: str, fields: Mapping[str, str], actor: Actor) -> Credential:
        """Put new fields in the place of a stored credential's; others stay, as do its name, its kind and whoever uses
        it. Raises CredentialNotFound, InvalidInput (nothing new, a field of another kind, a key is locked)."""
        with self._ports.store.write() as tx:
            stored = tx.credentials.get(name)
            secret = NEEDS[stored.kind][-1]
            odd = {field: f"is no field of a credential of kind '{stored.kind}'" for field in fields
                   if field not in (*NEEDS[stored.kind], *OPTIONAL.get(stored.kind, ()))}  # fmt: skip
            errors = odd or ({} if fields.get(secret) else {secret: "is required: it is what is replaced"})
            whole = _readable(stored.kind, {**_kept(tx, name), **fields})
            errors = errors or _incomplete(stored.kind, whole)
            if errors:
                raise InvalidInput(fields=errors)
            made = replace(stored, public=self._public(stored.kind, whole))
            tx.credentials.replace(made, {**whole, "kind": stored.kind})
            entry = NewAuditEntry(actor, "credential.replace", f"credential:{name}", {"kind": stored.kind})
            tx.audit.append(self._ports.clock.now(), entry)
        return made

    def remove(self, name: str, actor: Actor) -> None:
        """Remove a credential. Raises CredentialNotFound, CredentialInUse (naming an environment)."""
        kinds = self._ports.targets.kinds()
        with self._ports.store.write() as tx:
            kind = tx.credentials.get(name).kind
            if any(credential == name for _, credential in tx.environments.repositories()):
                raise CredentialInUse(f"An environment's source still uses the credential '{name}'.")
            for environment, target in tx.environments.targets().items():
                if any(use.name == name for use in kinds.credentials(target)):
                    raise CredentialInUse(f"The target of '{environment}' still uses the credential '{name}'.")
            tx.credentials.remove(name)
            details = {"kind": kind}
            entry = NewAuditEntry(actor, "credential.remove", f"credential:{name}", details)
            tx.audit.append(self._ports.clock.now(), entry)
