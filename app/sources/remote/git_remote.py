"""The network side of a repository: list its refs, fetch from it, push to it. Every call is bounded in time."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.domain.errors import Problem, SourceUnreachable
from app.domain.state.git_files import EMPTY_TREE
from app.git import GitFailed, git
from app.sources.git import Repository
from app.sources.remote import git_messages, local_repository
from app.sources.remote.address import Address, check_reach
from app.sources.remote.repository_login import GitLogin, GitLogins

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


class Remote:
    """One repository as it is reached over its address."""

    def __init__(
        self, address: Address, access: GitLogins, roots: Sequence[Path], patience: Patience, nowhere: Path
    ) -> None:
        """`nowhere`: where no repository is, so that no mirror's state can spoil a listing."""
        self.address, self._access, self._roots, self._patience = address, access, roots, patience
        self._nowhere = nowhere

    def listing(self, *, everything: bool = False) -> RemoteRefs:
        """Ask for branches and tags; with `everything` for all refs, which alone tells the default branch.

        Some servers keep a ref for every pull request, so that asking for everything costs megabytes.
        """
        which = () if everything else ("--heads", "--tags")
        with self._talk() as (login, variables):
            try:
                out = self._at_hand(which) if self.address.local and which else None
                if out is None:
                    command = ("ls-remote", "--symref", *which, *self._program("upload-pack"), "--")
                    out = self._ask(*_OPTIONS, *command, self.address.spoken, at=self._nowhere, variables=variables)
            except GitFailed as failure:
                raise self._problem(failure, login) from None
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

    def _at_hand(self, which: Sequence[str]) -> bytes | None:
        """The refs of a local repository, read by one process where `ls-remote` takes three; None where that could
        tell something else, or goes wrong: then the other side answers, in its own words."""
        git_dir = local_repository.git_dir(Path(self.address.url))
        if not local_repository.shows_all(git_dir):
            return None
        try:
            return self._ask("show-ref", "--dereference", *which, at=git_dir, variables={"GIT_ALLOW_PROTOCOL": "none"})
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
        argv = (
            *_OPTIONS,
            "fetch",
            *fixed,
            *options,
            *self._program("upload-pack"),
            "--",
            self.address.spoken,
            *refspecs,
        )
        limit = patience or self._patience.transfer
        with self._talk() as (login, variables):
            try:
                into.transfer(*argv, environment=variables, timeout=limit, stall=self._patience.silence)
            except GitFailed as failure:
                raise self._problem(failure, login) from None

    def push(self, repository: Repository, sha: str, branch: str, lease: str) -> None:
        """Push a commit to a branch that must still be at `lease`, or not exist where that is empty.

        Raises PushRejected, SourceUnreachable or SourceRefused.
        """
        ref = f"refs/heads/{branch}"
        fixed = ("--porcelain", "--progress", "--no-verify", "--no-follow-tags", f"--force-with-lease={ref}:{lease}")
        argv = (*_OPTIONS, "push", *fixed, *self._program("receive-pack"), "--", self.address.spoken, f"{sha}:{ref}")
        with self._talk() as (login, variables):
            try:
                limits = self._patience
                repository.transfer(*argv, environment=variables, timeout=limits.transfer, stall=limits.silence)
            except GitFailed as failure:
                raise git_messages.rejected(failure, branch, login.secrets()) from None

    def _program(self, name: str) -> tuple[str, ...]:
        """A local repository's own settings and hooks could run commands; the other side is told to leave them."""
        if not self.address.local:
            return ()
        extra = " -c uploadpack.allowFilter=true -c receive.denyCurrentBranch=refuse -c receive.autoGc=false"
        return (f"--{name}={_SERVER}{extra} {name}",)

    @contextmanager
    def _talk(self) -> Iterator[tuple[GitLogin, dict[str, str]]]:
        if self.address.local:
            local_repository.check(Path(self.address.url), self._roots)
        else:
            check_reach(self.address)
        login = self._access.login()
        with self._access.environment(login) as variables:
            yield login, variables

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
