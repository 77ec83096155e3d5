"""The network side of a repository: list its refs, fetch from it, push to it. Every call is bounded in time."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from app.domain.errors import Problem, SourceUnreachable
from app.domain.state.git_files import EMPTY_TREE
from app.git import GitFailed, git
from app.sources.git import Repository
from app.sources.remote import git_messages
from app.sources.remote.address import Address, check_reach
from app.sources.remote.courtesy import Courtesy
from app.sources.remote.repository_login import GitLogin, GitLogins
from app.sources.remote.repository_view import LocalRepository, RepositoryView

_LINE = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64})[\t ](HEAD|refs/(?:heads|tags)/[^\n]*?)(\^\{\})?\n")
_DEFAULT = re.compile(rb"ref: refs/heads/([^\t\n]+)\tHEAD\n")
# Redirects are never followed: one would lead past the check of the address, and git would send the credential's header
# to wherever it leads.
_OPTIONS = ("-c", "http.followRedirects=false", "-c", "credential.helper=", "-c", "core.askPass=")
_SERVER = "git -c 'safe.directory=*' -c core.hooksPath=/dev/null -c core.alternateRefsCommand=true"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds: for a list of refs, for a transfer as a whole, for a sign of life within it."""

    listing: float = 30.0
    transfer: float = 3600.0
    silence: float = 120.0


@dataclass(frozen=True, slots=True)
class RemoteRefs:
    """A remote's refs: full names and the commits they mean, tags peeled; and the name of its default branch."""

    heads: dict[str, str]
    default_branch: str | None = None


@dataclass(frozen=True, slots=True)
class Talk:
    """What one command needs: who it logs in as, its environment, and the address to read from; a local repository is
    read from a view of it."""

    login: GitLogin
    variables: dict[str, str]
    spoken: str
    view: RepositoryView | None


class Remote:
    """One repository as it is reached over its address."""

    def __init__(
        self,
        address: Address,
        access: GitLogins,
        roots: Sequence[Path],
        patience: Patience,
        nowhere: Path,
        courtesy: Courtesy | None = None,
    ) -> None:
        """`nowhere`: where no repository is, so that no mirror's state can spoil a listing; `courtesy`: what servers
        asked for, shared by all who talk to them."""
        self.address, self._access, self._patience = address, access, patience
        self._nowhere, self._courtesy = nowhere, courtesy or Courtesy()
        self._local = LocalRepository(address.url, roots, nowhere.parent, address.key)

    def listing(self, *, everything: bool = False) -> RemoteRefs:
        """Ask for branches and tags; with `everything` for all refs, which alone tells the default branch.

        Some servers keep a ref for every pull request, so that asking for everything costs megabytes.
        """
        which = () if everything else ("--heads", "--tags")
        with self._talk() as talk:
            try:
                out = self._at_hand(talk.view, which) if talk.view and which else None
                if out is None:
                    command = ("ls-remote", "--symref", *which, *self._program("upload-pack"), "--", talk.spoken)
                    out = self._ask(*_OPTIONS, *command, at=self._nowhere, variables=talk.variables)
            except GitFailed as failure:
                raise self._problem(failure, talk.login) from None
        branch, heads = _DEFAULT.search(out), parse_refs(out)
        if any(len(sha) != len(EMPTY_TREE) for sha in heads.values()):
            raise git_messages.other_object_names()
        return RemoteRefs(heads, branch[1].decode("utf-8", "replace") if branch else None)

    def _ask(self, *args: str, at: Path, variables: Mapping[str, str]) -> bytes:
        """A poll's only process: not even `env` comes before it, as with commands that GitPython runs."""
        environment = {"HOME": os.devnull, **variables}
        try:
            return git(*args, git_dir=at, environment=environment, timeout=self._patience.listing)
        except FileNotFoundError:
            raise SourceUnreachable("Git is not installed on this machine.") from None

    def _at_hand(self, view: RepositoryView, which: Sequence[str]) -> bytes | None:
        """The refs of a local repository, read by one process where `ls-remote` takes three; None where that could
        tell something else, or goes wrong: then the other side answers, in its own words."""
        if view.hides:
            return None
        try:
            alone = {"GIT_ALLOW_PROTOCOL": "none"}
            return self._ask("show-ref", "--dereference", *which, at=view.git_dir, variables=alone)
        except GitFailed as failure:
            if failure.code == -1:
                raise
            return b"" if failure.code == 1 and not failure.stderr.strip() else None

    def fetch(
        self,
        into: Repository,
        refspecs: Iterable[str],
        *options: str,
        patience: float | None = None,
    ) -> None:
        """Fetch refs into a repository. Raises SourceUnreachable or SourceRefused."""
        fixed = ("--no-write-fetch-head", "--no-auto-maintenance", "--no-recurse-submodules", "--no-tags", "--progress")
        if not any(option.startswith("--depth") for option in options):
            cut = (into.git_dir / "shallow").exists()
            options = (*options, "--unshallow" if cut else "--update-shallow")  # a remote may be a shallow clone
        program = self._program("upload-pack")
        limit = patience or self._patience.transfer
        with self._talk() as talk:
            argv = (*_OPTIONS, "fetch", *fixed, *options, *program, "--", talk.spoken, *refspecs)
            try:
                into.transfer(*argv, environment=talk.variables, timeout=limit, stall=self._patience.silence)
            except GitFailed as failure:
                raise self._problem(failure, talk.login) from None

    def push(self, repository: Repository, sha: str, branch: str, lease: str) -> None:
        """Push a commit to a branch that must still be at `lease`, or not exist where that is empty.

        Raises PushRejected, SourceUnreachable or SourceRefused.
        """
        ref = f"refs/heads/{branch}"
        fixed = ("--porcelain", "--progress", "--no-verify", "--no-follow-tags", f"--force-with-lease={ref}:{lease}")
        argv = (*_OPTIONS, "push", *fixed, *self._program("receive-pack"), "--", self.address.spoken, f"{sha}:{ref}")
        with self._talk() as talk:
            try:
                limits = self._patience
                repository.transfer(*argv, environment=talk.variables, timeout=limits.transfer, stall=limits.silence)
            except GitFailed as failure:
                raise git_messages.rejected(failure, branch, talk.login.secrets()) from None

    def _program(self, name: str) -> tuple[str, ...]:
        """A local repository's own settings and hooks could run commands; the other side is told to leave them."""
        if not self.address.local:
            return ()
        extra = " -c uploadpack.allowFilter=true -c receive.denyCurrentBranch=refuse -c receive.autoGc=false"
        return (f"--{name}={_SERVER}{extra} {name}",)

    @contextmanager
    def _talk(self) -> Iterator[Talk]:
        with ExitStack() as held:
            view = held.enter_context(self._local.view()) if self.address.local else None
            if view is None:
                check_reach(self.address)
            login = self._access.login()
            variables = held.enter_context(self._access.environment(login))
            if self.address.scheme in ("http", "https"):
                caller = (self.address.server, self._access.credential)
                variables = held.enter_context(self._courtesy.heeded(caller, variables))
            spoken = f"file://{quote(os.fsencode(view.git_dir))}" if view else self.address.spoken
            yield Talk(login, variables, spoken, view)

    def _problem(self, failure: GitFailed, login: GitLogin) -> Problem:
        usual = git_messages.known(failure, with_credential=login.kind in ("token", "ssh-key"))
        return usual or git_messages.unknown(failure, login.secrets())


def parse_refs(out: bytes) -> dict[str, str]:
    """Branches, tags (peeled) and HEAD out of the lines of `ls-remote` or `show-ref -d`. Names that are not UTF-8
    are left out."""
    refs: dict[str, str] = {}
    for sha, name, _ in _LINE.findall(out):
        try:
            refs[name.decode()] = sha.decode()  # the line of a peeled tag follows the tag's own
        except UnicodeDecodeError:
            continue
    return refs
