"""What the use cases need from the world. Adapters implement these Protocols; app/main.py plugs them in.

No I/O happens inside a store transaction: it is opened, read or written, and closed.
"""

from app.ports.runtime import Bell, CheckResult, Checks, Clock, CommandResult, Runner
from app.ports.sources import Contents, Foreseeing, Probe, RefMove, Source, Sources
from app.ports.storage.agent_store import AgentStore, AgentTransaction, Notes, Orders, Outbox
from app.ports.storage.agents import Agents
from app.ports.storage.comparison_facts import CommitFact, DeliveryFact, Facts
from app.ports.storage.environments import EnvironmentFilter, EnvironmentRow, Environments, Tally
from app.ports.storage.identity import (
    Credential,
    Credentials,
    Hasher,
    Identities,
    PublicHalf,
    Session,
    Signing,
    Token,
    User,
)
from app.ports.storage.intake import Delivery, Inbox, Poll, Repositories, Watched
from app.ports.storage.ledger import Audit, AuditFilter, Checkpoint, DriftItems, Episodes, Ledger
from app.ports.storage.operations import BadRevision, History, HistoryItem, OperationFilter, Operations
from app.ports.storage.pages import Page
from app.ports.storage.store import Store, Transaction
from app.ports.targets import Desired, Target, TargetKind, Targets, Watch

__all__ = [
    "AgentStore",
    "AgentTransaction",
    "Agents",
    "Audit",
    "AuditFilter",
    "BadRevision",
    "Bell",
    "CheckResult",
    "Checkpoint",
    "Checks",
    "Clock",
    "CommandResult",
    "CommitFact",
    "Contents",
    "Credential",
    "Credentials",
    "Delivery",
    "DeliveryFact",
    "Desired",
    "DriftItems",
    "EnvironmentFilter",
    "EnvironmentRow",
    "Environments",
    "Episodes",
    "Facts",
    "Foreseeing",
    "Hasher",
    "History",
    "HistoryItem",
    "Identities",
    "Inbox",
    "Ledger",
    "Notes",
    "OperationFilter",
    "Operations",
    "Orders",
    "Outbox",
    "Page",
    "Poll",
    "Probe",
    "PublicHalf",
    "RefMove",
    "Repositories",
    "Runner",
    "Session",
    "Signing",
    "Source",
    "Sources",
    "Store",
    "Tally",
    "Target",
    "TargetKind",
    "Targets",
    "Token",
    "Transaction",
    "User",
    "Watch",
    "Watched",
]
