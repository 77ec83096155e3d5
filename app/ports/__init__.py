"""What the use cases need from the world. Adapters implement these Protocols; app/main.py plugs them in.

No I/O happens inside a store transaction: it is opened, read or written, and closed.
"""

from app.ports.desired import ContentReader, DesiredState, DesiredStates, LiveItems
from app.ports.installation import Ports, topics
from app.ports.laboratory import Bench, Laboratory, PushAnswer
from app.ports.runtime import CheckResult, Checks, Clock, CommandResult, Notifier, Runner
from app.ports.sources import Contents, Edits, Foreseeing, Probe, RefMove, RefTip, Rendition, Source, Sources
from app.ports.storage.agent_store import AgentState, AgentStore, AgentTransaction, CommandInbox, Outbox
from app.ports.storage.agents import Agents
from app.ports.storage.comparison_facts import CommitFact, ComparisonFacts, DeliveryFact
from app.ports.storage.environments import EnvironmentFilter, EnvironmentRow, Environments, Tally
from app.ports.storage.experiment_store import ExperimentStore
from app.ports.storage.identities import (
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
from app.ports.storage.intake import (
    OPEN,
    SETTLED,
    Delivery,
    HookSecret,
    HookSecrets,
    Inbox,
    Poll,
    Repositories,
    RepositoryState,
)
from app.ports.storage.ledger import (
    Audit,
    AuditFilter,
    Checkpoint,
    DriftItems,
    Episodes,
    HeadKeeper,
    KeptHead,
    Ledger,
)
from app.ports.storage.noticings import Noticings
from app.ports.storage.operations import BadRevision, History, HistoryItem, OperationFilter, Operations
from app.ports.storage.pages import Page
from app.ports.storage.request_keys import KeptAnswer, KeyedRequest, RequestKeyStore
from app.ports.storage.store import Store, Transaction
from app.ports.targets import ApplyProgress, Target, Targets
from app.ports.work_queue import WorkQueue

__all__ = [
    "OPEN",
    "SETTLED",
    "AgentState",
    "AgentStore",
    "AgentTransaction",
    "Agents",
    "ApplyProgress",
    "Audit",
    "AuditFilter",
    "BadRevision",
    "Bench",
    "CheckResult",
    "Checkpoint",
    "Checks",
    "Clock",
    "CommandInbox",
    "CommandResult",
    "CommitFact",
    "ComparisonFacts",
    "ContentReader",
    "Contents",
    "Credential",
    "Credentials",
    "Delivery",
    "DeliveryFact",
    "DesiredState",
    "DesiredStates",
    "DriftItems",
    "Edits",
    "EnvironmentFilter",
    "EnvironmentRow",
    "Environments",
    "Episodes",
    "ExperimentStore",
    "Foreseeing",
    "Hasher",
    "HeadKeeper",
    "History",
    "HistoryItem",
    "HookSecret",
    "HookSecrets",
    "Identities",
    "Inbox",
    "KeptAnswer",
    "KeptHead",
    "KeyedRequest",
    "Laboratory",
    "Ledger",
    "LiveItems",
    "Noticings",
    "Notifier",
    "OperationFilter",
    "Operations",
    "Outbox",
    "Page",
    "Poll",
    "Ports",
    "Probe",
    "PublicHalf",
    "PushAnswer",
    "RefMove",
    "RefTip",
    "Rendition",
    "Repositories",
    "RepositoryState",
    "RequestKeyStore",
    "Runner",
    "Session",
    "Signing",
    "Source",
    "Sources",
    "Store",
    "Tally",
    "Target",
    "Targets",
    "Token",
    "Transaction",
    "User",
    "WorkQueue",
    "topics",
]
