"""Everything that can go wrong, named by what the caller can do about it.

An outcome is not an error: OutOfSync, a refused plan or an unhealthy service are results. A Problem means that the
question could not be answered or the request could not be taken. HTTP numbers live in
app/web/requests/problem_documents.py only.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Retry(StrEnum):
    """Whether asking again can help."""

    NEVER = "never"  # a person must change something first
    LATER = "later"  # the same request may succeed in a moment


class Problem(Exception):
    """Base of all expected failures. `fields` maps a field's dotted name to what is wrong and how to mend it."""

    retry: Retry = Retry.NEVER

    def __init__(self, detail: str = "", *, fields: Mapping[str, str] | None = None) -> None:
        words = (type(self).__doc__ or self.code().replace("_", " ")).strip()  # an agent runs without docstrings
        self.detail = detail or words.splitlines()[0]
        self.fields: dict[str, str] = dict(fields or {})
        super().__init__(self.detail)

    @classmethod
    def code(cls) -> str:
        """Stable machine-readable name: the class name in snake_case."""
        return "".join(f"_{c.lower()}" if c.isupper() else c for c in cls.__name__).lstrip("_")


class Temporary(Problem):
    """Base of failures that may pass by themselves."""

    retry = Retry.LATER


# --- requests ---
class InvalidInput(Problem):
    """A field of the request is not acceptable."""

    def __init__(self, detail: str = "", *, fields: Mapping[str, str] | None = None) -> None:
        listed = "; ".join(f"{field} {text.rstrip('.')}" for field, text in list((fields or {}).items())[:5])
        super().__init__(detail or (f"The request has wrong fields: {listed}." if listed else ""), fields=fields)


class NotAuthenticated(Problem):
    """Log in or send a valid bearer token."""


class NotPermitted(Problem):
    """This identity may not do that."""


class TooManyAttempts(Temporary):
    """Too many failed log-ins; wait before the next one."""

    def __init__(self, detail: str = "", *, retry_after_s: int = 60) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class RequestKeyReused(Problem):
    """This Idempotency-Key was used for another request in the last 24 hours; give each request a key of its own."""


class RequestInProgress(Temporary):
    """The first request with this Idempotency-Key is still being carried out; ask again in a moment."""


class SignatureMismatch(Problem):
    """The delivery's signature does not match the secret of this webhook."""


class PayloadTooLarge(Problem):
    """The request's body is larger than accepted."""


# --- things that are not there, or there already ---
class NotFound(Problem):
    """The requested object does not exist."""


class EnvironmentNotFound(NotFound):
    """There is no environment of that name."""

    @classmethod
    def named(cls, name: str) -> EnvironmentNotFound:
        """The problem for a name that does not exist, or that the identity may not see."""
        return cls(f"There is no environment '{name[:80]}'.")


class OperationNotFound(NotFound):
    """There is no operation of that id."""


class EpisodeNotFound(NotFound):
    """There is no drift episode of that number."""

    @classmethod
    def numbered(cls, id: int) -> EpisodeNotFound:
        """The problem for a number that does not exist, or that the identity may not see."""
        return cls(f"There is no drift episode {id}.")


class ExperimentNotFound(NotFound):
    """There is no experiment of that id."""


class AgentNotFound(NotFound):
    """There is no such agent."""


class CredentialNotFound(NotFound):
    """There is no credential of that name."""


class EnvironmentExists(Problem):
    """An environment of that name exists already."""


class EnvironmentChanged(Problem):
    """The environment was edited by somebody else meanwhile; look at it again."""


class CredentialExists(Problem):
    """A credential of that name exists already."""


class CredentialInUse(Problem):
    """An environment still uses this credential."""


# --- the database ---
class DatabaseAway(Temporary):
    """The database is busy or does not answer; try again in a moment."""


class ConcurrentChange(Temporary):
    """Somebody else changed the same thing in this moment; nothing was changed. Try again."""


# --- sources ---
class RevisionNotFound(Problem):
    """The repository has no such revision."""


class RevisionNotVisible(Temporary):
    """The announced commit cannot be seen on the remote yet."""


class SourceUnreachable(Temporary):
    """The repository cannot be reached."""

    server_wide = False  # its server does not answer, so that asking for another repository there is of no use
    pause_s = 0.0  # seconds for which the server asked to be left alone


class SourceBusy(SourceUnreachable):
    """The Git server asks to wait before it is asked again."""

    server_wide = True


class SourceRefused(Problem):
    """The repository's address or the access to it is not allowed."""


class SourceDamaged(Temporary):
    """The local mirror is damaged; it is cloned again."""


class ContentNotFetched(Temporary):
    """Content that a revision takes from elsewhere was not fetched yet."""


class PushRejected(Temporary):
    """The repository did not accept the commit."""


# --- targets ---
class TargetUnreachable(Temporary):
    """The target cannot be reached."""


class TargetRefused(Problem):
    """The target did not take the change."""


class UnsafePath(TargetRefused):
    """A path would leave the target's root."""


# --- agents ---
class AgentAway(Temporary):
    """The agent of this environment is not connected; try again when it is."""


class AgentRefused(Problem):
    """The agent could not do what it was asked for."""


class AgentRevoked(Problem):
    """This agent was revoked; enroll it again with a new token."""


class VersionSkew(Problem):
    """Server and agent are too far apart in version to work together; they may be one minor version apart."""


class ReportRefused(Problem):
    """A report does not follow the one before it, or is not this agent's to make."""


# --- operations ---
class OperationInProgress(Temporary):
    """Another operation of this environment is running."""


class OperationFinished(Problem):
    """The operation is finished already."""


class ExperimentInProgress(Problem):
    """An experiment is running; one at a time, or they would measure each other."""


class ExperimentFinished(Problem):
    """The experiment has ended already."""


class EnvironmentHeld(Problem):
    """Automation of this environment is on hold, and what was asked for would go over it."""

    @classmethod
    def by(cls, environment: str, owner: str, reason: str) -> EnvironmentHeld:
        """The problem that names whose hold it is."""
        why = f": {reason}" if reason else ""
        mend = "must be true to do it all the same; whose hold it was is written down"
        return cls(f"{environment} is on hold by {owner}{why}", fields={"override_hold": mend})


class OnlyObserves(Problem):
    """This environment is a shadow: it observes only and applies nothing."""


class DeliveredByOthers(Problem):
    """Another system delivers to this environment; PushPull only records what it tells."""

    @classmethod
    def by(cls, environment: str, system: str) -> DeliveredByOthers:
        """The problem that names the system."""
        return cls(
            f"{environment} is delivered by {system}; PushPull only records what {system} tells. Do it there. "
            "Nothing was changed."
        )


class NothingToRollBackTo(Problem):
    """The history holds no other revision that was live and good."""


class WriteBackNotPossible(Problem):
    """The drift cannot be written back: no edit of the repository has the same effect on the target."""


class WriteBackConflict(Problem):
    """Git has changed the same files since the revision that is live."""


class SecretsNotIncluded(Problem):
    """What would be written back looks like secrets, and none of it was asked for by name."""


class NothingToWriteBack(Problem):
    """There is no drift that could be written back to Git."""

    @classmethod
    def code(cls) -> str:
        return "nothing_to_adopt"  # scripts and agents of older versions know it by this name


class Terminated(Problem):
    """The operation was terminated on request."""
