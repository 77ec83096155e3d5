"""The mirror of one repository on this disk: made, brought up to date, healed, tidied.

mirrors/<key>.git       the bare repository, shared by all environments that reach it with the same credential;
                        its key is the address's, with "+" and the credential's behind it where there is one
mirrors/<key>.lock      held while it is fetched or made again
mirrors/<key>.swap      held for moments only: while deployed commits are pinned, and while a new mirror takes over
mirrors/<key>.asked     the refs that somebody asked for; beside it <key>.seen, names that the remote had
mirrors/<key>.damage    says that a reader met damage; the next fetch acts on it
mirrors/<key>.aside     a broken mirror that was replaced, kept until the next one or the next tidying
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from app.domain.errors import RevisionNotFound, SourceDamaged, SourceUnreachable
from app.domain.revision import HEADS
from app.git import GitFailed
from app.ports.sources import RefMove
from app.sources import pins, ref_files
from app.sources.git import Repository
from app.sources.locks import locked
from app.sources.objects.ancestry import descends
from app.sources.objects.cat_file_pool import CatFilePool
from app.sources.objects.object_reader import ObjectReader
from app.sources.objects.ref_names import KEPT, SHORT_SHA
from app.sources.remote.git_messages import explained
from app.sources.remote.git_remote import Remote, RemoteRefs, parse_refs
from app.sources.tidying import crowded, sweep
from app.sources.wanted_refs import RefNotes, known_errand, listed_errand, moves

log = logging.getLogger(__name__)

REFSPECS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_HEAD_LIFETIME = 3600.0  # seconds for which the remote's default branch is taken for unchanged


class Mirror:
    """One repository's mirror. Reading needs no lock: what is read is never changed, only added to or replaced."""

    def __init__(self, folder: Path, key: str, pool: CatFilePool) -> None:
        self.repository = Repository(folder / f"{key}.git")
        self.reader = ObjectReader(self.repository, pool)
        self._folder, self._key = folder, key
        self.notes = RefNotes(folder, key)

    @property
    def exists(self) -> bool:
        """Whether it has been cloned."""
        return (self.repository.git_dir / "HEAD").exists()

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Exclude all other fetches of this mirror, in this process and others."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked(self.beside("lock")):
            yield

    def refs(self) -> dict[str, str]:
        """Branches and tags (peeled) with their commits. Raises GitFailed where a ref is broken."""
        known = self._plain_refs()
        if known is not None:
            return known
        try:
            return parse_refs(self.repository.run("show-ref", "--dereference", "--heads", "--tags"))
        except GitFailed as failure:
            if failure.code == 1 and not failure.stderr.strip():
                return {}  # that is how it says that there is none
            raise

    def _plain_refs(self) -> dict[str, str] | None:
        """The refs out of their files; None where there is a doubt about one or its object, which git then tells."""
        refs = ref_files.plain(self.repository.git_dir)
        if refs is None or not self.exists:
            return None
        try:
            peeled = self.reader.facts([f"{sha}^{{}}" for sha in refs.values()])
        except GitFailed:
            return None
        known = {name: one.sha for name, one in zip(refs, peeled, strict=True) if one}
        return known if len(known) == len(refs) else None

    def has(self, sha: str, kind: str = "commit") -> bool:
        """Whether an object of that kind is here."""
        return self.reader.has(sha, kind)

    def default_branch(self) -> str:
        """Full name of the branch that the remote calls its own; "" before the first fetch."""
        return _text(self.repository.git_dir / "HEAD").removeprefix("ref: ")

    def ailing(self) -> bool:
        """Whether it was used before and is gone, or a reader met damage in it."""
        return self.beside("damage").exists() or (bool(self.notes.asked()) and not self.exists)

    def fetch(self, remote: Remote, wanted: Sequence[str] = ()) -> tuple[RefMove, ...]:
        """Bring some refs up to date (names as people write them; all where none is given), or make the mirror; return
        what moved. The lock is held."""
        self.notes.ask(wanted)
        before = self._readable_refs()
        if before is None or self._hopeless():
            return self._clone(remote, wanted, before or {})
        try:
            self._update(remote, wanted, before)
            after = self.refs()
        except (SourceUnreachable, GitFailed) as problem:
            if isinstance(problem, SourceUnreachable) and (explained(problem) or self._connected()):
                raise
            return self._clone(remote, wanted, before)
        self._follow_default_branch(remote, after, wanted)
        moved = moves(before, after, self.contains)
        self._tidy()
        return moved

    def bring(self, remote: Remote, ref: str, names: Sequence[str]) -> str:
        """Bring one ref up to date, as one of its full names; return the one it has. The lock is held."""
        if ref == "HEAD" and self._readable_refs() is not None:
            self._listed(remote, self.repository)  # another branch may be the default one by now
        self.fetch(remote, () if SHORT_SHA.match(ref) else (ref,))
        names = (self.default_branch(),) if ref == "HEAD" else names
        known = self.reader.facts(names)
        return next((name for name, one in zip(names, known, strict=True) if one), names[0])

    def follow(self, default: str | None) -> None:
        """Take over which branch the remote calls its own, where there is a mirror."""
        if self.exists and default and HEADS + default != self.default_branch():
            with self.lock():
                self.repository.run("symbolic-ref", "HEAD", HEADS + default)

    def contains(self, older: str, newer: str) -> bool:
        """Whether a commit descends from another."""
        try:
            told = descends(self.reader, older, newer)
            if told is not None:
                return told
            self.repository.run("merge-base", "--is-ancestor", older, newer)
        except GitFailed:
            return False
        return True

    def keep(self, sha: str) -> None:
        """Pin a commit. Raises RevisionNotFound if it is not here."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with locked(self.beside("swap")):
            pin = self.repository.git_dir / KEPT / sha
            if _text(pin) == sha:
                return
            if not self.has(sha):
                raise RevisionNotFound(f"The commit {sha[:8]} is not in the mirror and cannot be pinned.")
            ref_files.write(pin, sha)

    def damaged(self, how: str) -> SourceDamaged:
        """Note that a reader met damage, so that the next fetch looks into it. `how`: "missing" or "unreadable"."""
        self.beside("damage").write_text(how)
        log.warning("mirror %s: an object is %s; the next fetch looks into it", self._key, how)
        return SourceDamaged(f"The local mirror is damaged: an object is {how}. It is cloned again at the next fetch.")

    def _update(self, remote: Remote, wanted: Sequence[str], known: Mapping[str, str]) -> None:
        try:
            self._bring(remote, wanted, known)
        except SourceUnreachable as problem:
            if explained(problem) or not self._unlock():
                raise
            self._bring(remote, wanted, known)

    def _bring(self, remote: Remote, wanted: Sequence[str], known: Mapping[str, str]) -> None:
        """Fetch what is wanted by its names; only where one is new or gone, the remote is asked which there are."""
        if not wanted:
            remote.fetch(self.repository, REFSPECS, "--prune")
            return
        errand = known_errand(wanted, known, self.default_branch())
        if errand is not None:
            try:
                remote.fetch(self.repository, errand.specs())
                return
            except RevisionNotFound:
                pass
        errand = listed_errand(wanted, known, *self._listed(remote, self.repository))
        for ref in errand.remove:
            self.repository.run("update-ref", "-d", ref)
        if errand.bring:
            remote.fetch(self.repository, errand.specs())

    def _listed(self, remote: Remote, repository: Repository) -> tuple[Mapping[str, str], str]:
        """What the remote has, which is noted, and its default branch, which HEAD names from now on."""
        listing: RemoteRefs = remote.listing(everything=True)
        default = HEADS + listing.default_branch if listing.default_branch else ""
        if default and _text(repository.git_dir / "HEAD") != f"ref: {default}":
            repository.run("symbolic-ref", "HEAD", default)
        self.notes.see(listing.heads)
        return listing.heads, default

    def _unlock(self) -> bool:
        """Remove the locks of git processes that were killed; whether there was one. Our own lock is held, so nobody
        who is alive has them."""
        git_dir = self.repository.git_dir
        found = [*git_dir.glob("*.lock"), *git_dir.glob("refs/heads/**/*.lock"), *git_dir.glob("refs/tags/**/*.lock")]
        for lock in found:
            lock.unlink(missing_ok=True)
        return bool(found)

    def _readable_refs(self) -> dict[str, str] | None:
        """The refs before a fetch; None where there is no mirror or git cannot read it."""
        try:
            return self.refs() if self.exists else None
        except GitFailed:
            return None

    def _hopeless(self) -> bool:
        """Whether a reader met damage that a fetch cannot mend."""
        note = self.beside("damage")
        if not note.exists():
            return False
        if note.read_text() == "missing" and self._connected():
            note.unlink()  # somebody asked for a blob that never was here
            return False
        return True

    def _connected(self) -> bool:
        """Whether everything that the refs need is there."""
        try:
            self.repository.run("fsck", "--connectivity-only", "--no-dangling", "--no-reflogs", "--no-progress")
        except GitFailed:
            return False
        return True

    def _clone(self, remote: Remote, wanted: Sequence[str], before: Mapping[str, str]) -> tuple[RefMove, ...]:
        """Make the mirror beside its place and move it in. A broken one stays readable until then."""
        for stale in self._folder.glob(f".{self._key}.*"):
            shutil.rmtree(stale, ignore_errors=True)
        place = Path(tempfile.mkdtemp(prefix=f".{self._key}.", dir=self._folder))
        try:
            fresh = Repository(place)
            fresh.run("init", "--quiet", "--bare", "--template=")
            heads, default = self._listed(remote, fresh)
            names = {*wanted, *self.notes.asked(), *before} if wanted else ()
            specs = listed_errand(names, {}, heads, default).specs() if wanted else REFSPECS
            if specs:
                remote.fetch(fresh, specs)
            self._take_over(fresh)
        finally:
            shutil.rmtree(place, ignore_errors=True)
        return moves(before, self.refs(), self.contains)

    def _take_over(self, fresh: Repository) -> None:
        with locked(self.beside("swap")):
            if self.repository.git_dir.exists():
                log.warning("mirror %s was broken and has been cloned again", self._key)
                pins.carry_over(fresh, self.repository.git_dir)
                shutil.rmtree(self.beside("aside"), ignore_errors=True)
                self.repository.git_dir.rename(self.beside("aside"))
                os.utime(self.beside("aside"))
            else:  # whoever may read the repository may roll back to what was deployed of it
                for other in pins.beside(self._folder, self._key):
                    pins.carry_over(fresh, other)
            fresh.git_dir.rename(self.repository.git_dir)
            self.beside("damage").unlink(missing_ok=True)

    def _follow_default_branch(self, remote: Remote, refs: Mapping[str, str], wanted: Sequence[str]) -> None:
        head = self.repository.git_dir / "HEAD"
        if (wanted or self.default_branch() in refs) and time.time() - head.stat().st_mtime < _HEAD_LIFETIME:
            return
        try:
            self._listed(remote, self.repository)
        except SourceUnreachable:
            return  # what was fetched counts; the next fetch asks again
        except GitFailed:
            self._unlock()
            return
        os.utime(head)

    def _tidy(self) -> None:
        """Collect garbage now and then. What refs and pins reach stays; the rest has two weeks."""
        sweep(self._folder, self.beside("aside"))
        if crowded(self.repository.git_dir):
            self.collect_garbage()

    def collect_garbage(self, grace: str = "2.weeks.ago") -> None:
        """Pack what is needed and drop what has been unreachable since before `grace`."""
        try:
            self.repository.run("gc", "--quiet", f"--prune={grace}", timeout=3600)
        except GitFailed as failure:
            log.warning("mirror %s: garbage was not collected (git ended with %s)", self._key, failure.code)

    def beside(self, kind: str) -> Path:
        """A file that lies beside the mirror and belongs to it."""
        return self._folder / f"{self._key}.{kind}"


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
