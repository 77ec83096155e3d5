"""What the use cases need from the world. Adapters implement these Protocols; app/main.py plugs them in.

No I/O happens inside a store transaction: it is opened, read or written, and closed.
"""

from app.ports.agents import Agents, Notes, Orders, Outbox
from app.ports.around import Bell, CheckResult, Checks, Clock, CommandResult
from app.ports.facts import CommitFact, DeliveryFact, Facts
from app.ports.identity import Credential, Credentials, Hasher, Identities, Session, Signing, Token, User
from app.ports.intake import Delivery, Inbox, Poll, Repositories, Watched
from app.ports.ledger import Audit, AuditFilter, Checkpoint, DriftItems, Episodes, Ledger
from app.ports.operations import BadRevision, History, HistoryItem, OperationFilter, Operations
from app.ports.pages import Page
from app.ports.registry import EnvironmentFilter, EnvironmentRow, Environments, Tally
from app.ports.sources import Contents, Probe, RefMove, Source, Sources
from app.ports.store import AgentStore, AgentTransaction, Store, Transaction
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
    "RefMove",
    "Repositories",
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
