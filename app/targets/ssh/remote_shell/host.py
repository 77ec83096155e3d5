"""Running a script on the host, and what can go wrong on the way, in words that say what to do."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from typing import NoReturn

from app.domain.errors import Problem, TargetRefused, TargetUnreachable
from app.domain.masking import mask
from app.ssh import CommandLimits, Connection, SshFailed, Way, Why, fingerprint
from app.ssh.ssh_process import USUAL, Check, never
from app.targets.ssh.remote_shell import scripts
from app.wording.complaints import cause, without_controls

_SENT = "Nothing was sent."
ANSWER_S = 20.0  # for a shell to start and to read our script
NOISE = 1 << 20  # bytes that an account may say before our script begins
ANSWER = 256 << 20  # bytes of an answer that is kept: the listing of a million files


class Host:
    """The server of one target. `check` is asked while it works; what it raises ends the work."""

    def __init__(self, connection: Connection, check: Check = never) -> None:
        self._connection, self._check = connection, check
        way = connection.way.target
        self.name = f"{way.user}@{way.host}" + (f":{way.port}" if way.port != 22 else "")

    def run(
        self,
        script: bytes,
        heard: Callable[[bytes], None],
        payload: Callable[[], Iterable[bytes | None]] = tuple,
        check: Check | None = None,
        limits: CommandLimits = USUAL,
    ) -> tuple[int, str]:
        """Run a script there and return its exit code and its standard error. `heard` gets its output in pieces,
        `payload` is its input; `check` takes the place of the host's own. Raises TargetUnreachable or TargetRefused."""
        word = secrets.token_hex(12).encode()
        answer = _HostAnswer(word, heard)
        asked = check or self._check

        def chunks() -> Iterator[bytes | None]:
            answer.expected()
            yield b"%b\n%b\n%b\n" % (word, script, word)
            yield from payload()

        def watch() -> None:
            asked()
            if answer.overdue():
                raise TargetUnreachable(f"{self.name} let us in, but no shell answered within {ANSWER_S:g} s.")

        try:
            ended = self._connection.run(scripts.BOOTSTRAP, chunks, answer.hear, watch, limits)
        except SshFailed as failure:
            raise self.problem(failure, answer.begun) from failure
        except _Endless:
            raise TargetRefused(f"{self.name} says something without end before it does what it is asked.") from None
        if not answer.begun:
            raise self.problem(SshFailed(Why.SHELL, ended.said or answer.before))
        answer.end()
        return ended.code, ended.said

    def gather(
        self, script: bytes, payload: Iterable[bytes] = (), check: Check | None = None, limits: CommandLimits = USUAL
    ) -> tuple[int, bytes, str]:
        """Run a script and return its exit code, its output, and its standard error."""
        out = bytearray()

        def keep(chunk: bytes) -> None:
            out.extend(chunk)
            if len(out) > ANSWER:
                raise TargetRefused(f"{self.name} answers more than {ANSWER >> 20} MB. It was not listened to further.")

        code, said = self.run(script, keep, lambda: payload, check, limits)
        return code, bytes(out), said

    def ask(
        self, script: bytes, payload: Iterable[bytes] = (), check: Check | None = None, limits: CommandLimits = USUAL
    ) -> bytes:
        """Run a script and return its output. Raises TargetRefused where it says "no"."""
        code, out, said = self.gather(script, payload, check, limits)
        if code == scripts.REFUSED:
            raise self.refused(out, said)
        if code not in (0, 1, 123):  # what xargs and find say where some of it failed
            self.unfinished(code, said)
        return out

    def unfinished(self, code: int, said: str) -> NoReturn:
        """Raise the problem of a script that ended too early."""
        raise TargetUnreachable(f"{self.name} did not finish (it ended with {code}). {shown_cause(said)}".strip())

    def refused(self, out: bytes, said: str, what: str = "") -> Problem:
        """The problem of a script that printed "no"."""
        word, _, rest = out.rpartition(b"no ")[2].decode("utf-8", "replace").strip().partition(" ")
        reason = shown_cause(rest) or shown_cause(said)
        if word == "tool":
            return TargetRefused(f"{self.name} has no {rest}, which is needed. Install it; nothing was changed.")
        if word == "busy":
            return TargetUnreachable(f"An earlier run on {self.name} cannot be ended yet; try again later.")
        text = f"{what or _WORDS.get(word, 'The work cannot be done')} on {self.name}: {reason or 'it was refused'}."
        if any(sign in reason for sign in ("No space left", "quota", "Input/output", "Stale")):
            return TargetUnreachable(f"{text} Make room and sync again.")
        if any(sign in reason for sign in ("Permission denied", "not permitted", "Read-only")):
            return TargetRefused(f"{text} Give the account that PushPull logs in with the right to do so.")
        return TargetRefused(f"{text} Look at what stands there, move it away and sync again.")

    def problem(self, failure: SshFailed, begun: bool = False) -> Problem:
        """ssh's failure in words."""
        return problem_of(self.name, self._connection.way, failure, "" if begun else _SENT)


def problem_of(name: str, way: Way, failure: SshFailed, sent: str = _SENT) -> Problem:
    """ssh's failure in words: what failed, what was not changed, what to do."""
    reason = mask(failure.reason)
    if failure.why is Why.HOST_KEY:
        return TargetRefused(_host_key(name, way, failure))
    if failure.why is Why.LOGIN:
        with_what = f"the credential '{way.target.key.name}'" if way.target.key else "this machine's own keys"
        mend = "Put the public key into the account's authorized_keys, or choose another credential."
        return TargetRefused(f"{name} does not let us in with {with_what} ({reason}). {sent} {mend}")
    if failure.why is Why.KEY:
        return TargetRefused(
            f"The private key for {name} cannot be read ({reason}). {sent} Store a key without passphrase."
        )
    if failure.why is Why.PROTOCOL:
        return TargetRefused(f"{name} and this machine's ssh do not come together: {reason}. {sent}")
    if failure.why is Why.SHELL:
        said = mask(without_controls(failure.said).strip())[:200]
        return TargetRefused(f"{name} let us in, but no POSIX shell answered ({said or 'it said nothing'}). {sent}")
    return TargetUnreachable(f"{name} cannot be reached: {reason or 'the connection was cut'}. {sent}".strip())


def _host_key(name: str, way: Way, failure: SshFailed) -> str:
    pinned = [f"{end.host}: {fingerprint(end.host_key)}" for end in (way.target, way.jump) if end and end.host_key]
    shown = failure.shown or "a key of another kind"
    return (
        f"{name} shows another host key than the pinned one. Shown: {shown}; pinned: {', '.join(pinned)}. {_SENT} "
        "If the server was set up anew, ask its administrator for the fingerprint and set target.host_key; if not, "
        "somebody may stand between."
    )


_WORDS = {
    "link": "The target's directory is a link, and links are not followed: choose the real path",
    "file": "A file stands where the target's directory must be",
    "enter": "The target's directory cannot be entered",
    "make": "The target's directory cannot be made",
    "denied": "The target's directory cannot be written",
    "stage": "The target's directory cannot be written",
    "unpack": "The files cannot be written",
    "lock": "Something stands where our lock must be",
    "current": "current must be a link, but something else stands there",
    "take": "Files cannot be copied from the release before",
    "lost": "A directory was replaced while we worked",
}


def shown_cause(said: str) -> str:
    """Why a script's commands failed, by what they complained of, masked."""
    return mask(cause(said))[:200].rstrip(".")


class _Endless(Exception):
    """Raised when an account says more than anybody wants to hear."""


class _HostAnswer:
    """What comes from the host: up to our word it is the account's own noise (a greeting), then the script's answer,
    and after our word once more noise again (a farewell)."""

    def __init__(self, word: bytes, heard: Callable[[bytes], None]) -> None:
        self._word, self._heard = word, heard
        self._noise, self._held, self._size = b"", b"", 0
        self._since: float | None = None
        self.begun = self._ended = False

    def expected(self) -> None:
        """From now on, an answer is waited for."""
        self._since = time.monotonic()

    def overdue(self) -> bool:
        """Whether nothing of the script was heard in time."""
        return not self.begun and self._since is not None and time.monotonic() > self._since + ANSWER_S

    @property
    def before(self) -> str:
        """The output before the script's own."""
        return self._noise[-300:].decode("utf-8", "replace")

    def hear(self, chunk: bytes) -> None:
        """Take the next piece of output."""
        if not self.begun:
            self._size += len(chunk)
            if self._size > NOISE:
                raise _Endless
            noise, found, chunk = (self._noise + chunk).partition(self._word + b"\n")
            self.begun, self._noise = bool(found), b"" if found else noise[-(1 << 16) :]
        if self.begun and not self._ended:
            self._answered(self._held + chunk)

    def _answered(self, text: bytes) -> None:
        """Hand on what is certain to stand before the last word; its beginning may have come and its end not."""
        text, found, _ = text.partition(self._word)
        self._ended = bool(found)
        most = 0 if found else min(len(text), len(self._word) - 1)
        held = next((size for size in range(most, 0, -1) if text.endswith(self._word[:size])), 0)
        self._held = text[len(text) - held :]
        if len(text) > held:
            self._heard(text[: len(text) - held])

    def end(self) -> None:
        """Nothing more will come."""
        if self._held and not self._ended:
            self._heard(self._held)
            self._held = b""
