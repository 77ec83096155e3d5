"""Credentials, tokens, the audit log, deliveries, agents."""

from __future__ import annotations

from typing import Any, Literal

from app.web.api.fields import LateModel, Moment


class Credential(LateModel):
    """A credential without its secret."""

    name: str
    kind: Literal["ssh-key", "token", "password", "kubeconfig", "webhook-secret"]
    created_at: Moment
    created_by: str
    used_at: Moment | None
    public: dict[str, Any]


class Token(LateModel):
    """A token without its secret."""

    id: str
    name: str
    prefix: str
    role: str
    created_by: str
    created_at: Moment
    expires_at: Moment | None
    used_at: Moment | None
    revoked_at: Moment | None


class NewToken(Token):
    """A token that has just been made; its value is in this answer and nowhere else."""

    token: str


class AuditEntry(LateModel):
    """An entry of the audit log; `hash` covers the others and the entry before."""

    seq: int
    at: Moment
    actor: str
    action: str
    object: str
    data: dict[str, Any]
    ip: str | None
    prev_hash: str
    hash: str


class EvidenceItem(LateModel):
    """One thing that a figure counted. `value`: in the row's unit; of a share 1 where the figure counts it, else 0;
    of a duration that has not `ended` the time so far."""

    kind: Literal["operation", "commit", "episode", "environment"]
    id: str
    environment: str
    revision: str
    at: Moment | None
    value: float
    operations: list[str]
    note: str
    ended: bool
    since: Moment | None
    until: Moment | None


class Evidence(LateModel):
    """What is behind one cell of the comparison."""

    key: str
    title: str
    unit: str
    mode: Literal["push", "pull"]
    value: float | None
    n: int
    sentence: str
    since: Moment
    until: Moment
    items: list[EvidenceItem]
    next: str | None


class Verified(LateModel):
    """What a walk over the whole chain found."""

    valid: bool
    entries: int
    first_bad: int | None
    problem: str
    head: str
    at: Moment


class AuditSeal(LateModel):
    """The audit log's end, signed (Ed25519 over "seq:hash"). `fingerprint`: SHA-256 of `public_key`; both are hex."""

    seq: int
    hash: str
    at: Moment
    public_key: str
    fingerprint: str
    signature: str


class Delivery(LateModel):
    """A webhook delivery that was taken in. `new` is false for one that was delivered before."""

    delivery: str
    state: Literal["received", "waiting", "handled", "failed"]
    decision: str
    new: bool


class Agent(LateModel):
    """An enrolled agent. `offset_s`: what has to be added to its clock to get the server's."""

    id: str
    name: str
    version: str
    environments: list[str]
    enrolled_at: Moment
    enrolled_by: str
    heard_at: Moment | None
    connected: bool
    address: str | None
    offset_s: float
    offset_error_s: float | None
    waiting: int
    reported: int
    rotated_at: Moment | None
    revoked_at: Moment | None
    revoked_by: str


class Enrollment(LateModel):
    """A one-time token that makes one agent; its value is in this answer and nowhere else."""

    id: str
    token: str
    environments: list[str]
    expires_at: Moment


class Enrolled(LateModel):
    """A new agent; its credential is in this answer and nowhere else."""

    id: str
    name: str
    credential: str
    environments: list[str]
    server_version: str


class Assignment(LateModel):
    """What an agent works for (null where it knows already) and the commands that it has not stored."""

    version: str
    environments: list[dict[str, Any]] | None
    commands: list[dict[str, Any]]
    reported: int
    chain: str
    server_time: Moment
    server_version: str


class RefusedReport(LateModel):
    """A report that was not taken in; those after it were."""

    seq: int
    code: str
    detail: str


class TakenReports(LateModel):
    """Up to where the reports are known."""

    through: int
    refused: list[RefusedReport]
    server_time: Moment


class NextCredential(LateModel):
    """A credential that counts once it is used."""

    credential: str
