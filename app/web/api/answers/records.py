"""Credentials, tokens, the audit log, deliveries, agents."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from app.web.api.fields import Moment


class Credential(BaseModel):
    """A credential without its secret."""

    name: str
    kind: Literal["ssh-key", "token", "password", "kubeconfig", "webhook-secret"]
    created_at: Moment
    created_by: str
    used_at: Moment | None
    public: dict[str, Any]


class Token(BaseModel):
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


class AuditEntry(BaseModel):
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


class Verified(BaseModel):
    """What a walk over the whole chain found."""

    valid: bool
    entries: int
    first_bad: int | None
    problem: str
    head: str
    at: Moment


class Delivery(BaseModel):
    """A webhook delivery that was taken in. `new` is false for one that was delivered before."""

    delivery: str
    state: Literal["received", "waiting", "handled", "failed"]
    decision: str
    new: bool


class Agent(BaseModel):
    """An enrolled agent."""

    id: str
