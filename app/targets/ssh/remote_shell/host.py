"""Running a script on the host, and what can go wrong on the way, in words that say what to do."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from typing import NoReturn

from app.domain.errors import Problem, TargetRefused, TargetUnreachable
from app.domain.masking import mask
from app.ssh import Connection, SshFailed, Way, Why, fingerprint
from app.targets.ssh.remote_shell import scripts

_SENT = "Nothing was sent."


class Host:
    """The server of one target."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        way = connection.way.target
        self.name = f"{way.user}@{way.host}" + (f":{way.port}" if way.port != 22 else "")

    def run(
        self,
        script: bytes,
        heard: Callable[[bytes], None],
        payload: Callable[[], Iterable[bytes | None]] = tuple,
        check: Callable[[], None] = lambda: None,
    ) -> tuple[int, str]:
        """Run a script there and return its exit code and its standard error. `heard` gets its output in pieces,
        `payload` is its input. Raises TargetUnreachable or TargetRefused."""
        word = secrets.token_hex(12).encode()
        answer = _HostAnswer(word, heard)

        def chunks() -> Iterator[bytes | None]:
            yield b"%b\n%b\n%b\n" % (word, script, word)
            yield from payload()

        try:
            ended = self._connection.run(scripts.BOOTSTRAP, chunks, answer.hear, check)
        except SshFailed as failure:
            raise self.problem(failure, answer.begun) from failure
        if not answer.begun:
            raise self.problem(SshFailed(Why.SHELL, ended.said or answer.before))
        return ended.code, ended.said

    def ask(self, script: bytes, payload: Iterable[bytes] = (), check: Callable[[], None] = lambda: None) -> bytes:
        """Run a script and return its output. Raises TargetRefused where it says "no"."""
        parts: list[bytes] = []
        code, said = self.run(script, parts.append, lambda: payload, check)
        out = b"".join(parts)
        if code == scripts.REFUSED:
            raise self.refused(out, said)
        if code not in (0, 1, 123):  # what xargs and find say where some of it failed
            self.unfinished(code, said)
        return out

    def unfinished(self, code: int, said: str) -> NoReturn:
        """Raise the problem of a script that ended too early."""
        raise TargetUnreachable(f"{self.name} did not finish (it ended with {code}). {last(said)}".strip())

    def refused(self, out: bytes, said: str, what: str = "") -> Problem:
        """The problem of a script that printed "no"."""
        word, _, rest = out.rpartition(b"no ")[2].decode("utf-8", "replace").strip().partition(" ")
        reason = last(said) or rest
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
        said = mask(failure.said.strip())[:200]
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


def last(said: str) -> str:
    """The last thing that a script's commands complained of, masked."""
    lines = [line for line in said.splitlines() if line.strip()]
    return mask(lines[-1].strip())[:200].rstrip(".") if lines else ""


class _HostAnswer:
    """What comes from the host: up to our word it is the account's own noise (a greeting), then the script's."""

    def __init__(self, word: bytes, heard: Callable[[bytes], None]) -> None:
        self._word, self._heard = word + b"\n", heard
        self._noise = b""
        self.begun = False

    @property
    def before(self) -> str:
        """The output before the script's own."""
        return self._noise[-300:].decode("utf-8", "replace")

    def hear(self, chunk: bytes) -> None:
        """Take the next piece of output."""
        if not self.begun:
            self._noise += chunk
            _, self.begun, chunk = _parted(self._noise, self._word)
            self._noise = b"" if self.begun else self._noise[-(1 << 16) :]
        if self.begun and chunk:
            self._heard(chunk)


def _parted(noise: bytes, word: bytes) -> tuple[bytes, bool, bytes]:
    before, found, after = noise.partition(word)
    return before, bool(found), after
