"""One repository as the services see it: reads come from the mirror, the network only on request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from app.domain.environment import Content
from app.domain.errors import InvalidInput, Problem, RevisionNotFound, SourceDamaged
from app.domain.revision import HEADS, Person, Revision, is_sha
from app.domain.state.git_files import EMPTY_TREE, SUBMODULE
from app.domain.state.items import Change, Item, Unsupported
from app.git import GitFailed, in_operation
from app.ports.sources import Contents, Edits, Meeting, RefMove, RefTip
from app.sources.branch_merge import in_the_way
from app.sources.content import Means, Renditions
from app.sources.locks import own_disk
from app.sources.mirror import Mirror
from app.sources.objects import commits, ref_names, trees
from app.sources.objects.ancestry import straight
from app.sources.objects.contents import BlobStream
from app.sources.objects.drafts import Draft
from app.sources.objects.ref_names import expect_ids
from app.sources.objects.unsupported_cache import Verdicts
from app.sources.remote.git_remote import Remote

T = TypeVar("T")


class GitSource:
    """A Git repository: app.ports.Source."""

    def __init__(self, mirror: Mirror, remote: Remote, verdicts: Verdicts, means: Means) -> None:
        self._mirror, self._remote, self._verdicts = mirror, remote, verdicts
        self._means, self._limits = means, means.limits
        self._repository, self._reader = mirror.repository, mirror.reader
        self._may_mend = in_operation()  # once; a page does not wait for a clone

    # --- network ---
    def remote_heads(self, *, default: bool = False) -> Mapping[str, str]:
        """What the remote's branches, tags and default branch point at."""
        with own_disk():
            if self._mirror.ailing():
                self.fetch(*self._mirror.notes.asked())
            if default:
                listing = self._remote.listing(everything=True)
                self._mirror.follow(listing.default_branch)
                return listing.heads
            return self._known_heads(self._mirror.default_branch())

    def _known_heads(self, default: str) -> Mapping[str, str]:
        """The remote's heads, as far as its default branch is known."""
        heads = self._remote.listing(everything=not default).heads
        return {**heads, "HEAD": heads[default]} if default in heads else heads

    def fetch(self, *wanted: str) -> tuple[RefMove, ...]:
        """Bring refs up to date, all where none is named; return what moved. For a commit that no wanted ref leads to,
        all are fetched: only what a branch or a tag leads to is the repository's own."""
        names = [name for name in wanted if ref_names.is_ref_name(name) and not ref_names.SHORT_SHA.match(name)]
        ids = [name for name in wanted if ref_names.SHORT_SHA.match(name)]
        with own_disk(), self._mirror.lock():
            if names or not ids:
                moves = self._mirror.fetch(self._remote, names)
                return moves if all(map(self._known, ids)) else (*moves, *self._mirror.fetch(self._remote))
            if all(map(self._known, ids)) and not self._mirror.ailing():
                return ()
            return self._mirror.fetch(self._remote)

    def look(self, ref: str) -> RefTip:
        """What a ref points at now; only what it needs is fetched."""
        asked = ref_names.candidates(ref)
        if not asked:
            raise ref_names.unknown(ref, ())
        with own_disk(), self._mirror.lock():
            name = self._mirror.bring(self._remote, ref, asked)
        return RefTip(name, self.resolve(ref))

    def _known(self, name: str) -> bool:
        try:
            return self._reader.commit(*ref_names.candidates(name)) is not None
        except GitFailed:
            return False

    # --- reads ---
    def resolve(self, wanted: str) -> Revision:
        """A branch, tag or commit as a revision."""
        return self._mended(lambda: self._resolved(wanted))

    def _resolved(self, wanted: str) -> Revision:
        asked = ref_names.candidates(wanted)
        try:
            answer = self._reader.commit(*asked)
        except GitFailed:
            raise self._unreadable(None) from None
        if answer is None:
            raise self._unresolved(wanted, asked)
        return answer

    def tree(self, sha: str, path: str) -> str:
        """The tree id of a directory at a revision."""
        place = ref_names.directory(path)
        expect_ids(sha)
        return self._mended(lambda: self._tree(sha, place, path))

    def _tree(self, sha: str, place: str, path: str) -> str:
        try:
            found = self._reader.at(sha, place)
        except GitFailed:
            raise self._unreadable(sha) from None
        if found is not None and found.kind == "tree":
            return found.sha
        return self._listed(sha, place, path)

    def _listed(self, sha: str, place: str, path: str) -> str:
        """What there is instead of a directory; a process of its own tells nothing from a commit that is not here."""
        if not place:
            asked = ("rev-parse", "--verify", "--end-of-options", f"{sha}^{{tree}}")
            return self._ask(*asked, about=sha).decode().strip()
        out = self._ask("ls-tree", "-z", "--full-tree", sha, "--", place, about=sha)
        if not out:
            return EMPTY_TREE
        _, kind, found = out.partition(b"\t")[0].decode().split(" ")
        if kind == "tree":
            return found
        raise ref_names.not_a_directory(path)

    def rendition(self, content: Content) -> Renditions:
        """What is delivered beside files as they lie in Git."""
        return Renditions(self, self._mirror, content, self._means)

    def entries(self, tree: str) -> Iterator[tuple[bytes, Item]]:
        """Every file and link below a tree, in Git's order."""
        return (item for item in self._whole(tree) if item[1].traits != SUBMODULE)

    def unsupported(self, tree: str) -> tuple[Unsupported, ...]:
        """Submodules and LFS pointers below a tree; what is known of an earlier tree is used again."""
        expect_ids(tree)
        return self._verdicts.of(self._reader, tree, self._whole(tree))

    def changes(self, old: str, new: str) -> tuple[Change, ...]:
        """What differs between two trees."""
        expect_ids(old, new)
        return self._mended(lambda: self._changes(old, new))

    def _changes(self, old: str, new: str) -> tuple[Change, ...]:
        try:
            return tuple(trees.differences(self._reader, old, new, self._limits.entries))
        except GitFailed as failure:
            trees.expect_shallow(failure)
            missing = [tree for tree in (old, new) if not self._mirror.has(tree, "tree")]
            if missing:
                raise RevisionNotFound(f"The tree {missing[0][:8]} is not in the mirror.") from None
            raise self._mirror.damaged("unreadable") from None

    @contextmanager
    def contents(self) -> Iterator[Contents]:
        """A stream of blob contents."""
        stream = BlobStream(self._reader, self._limits.blob, self._mirror.damaged, self._mend)
        try:
            yield stream
        finally:
            stream.close()

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether `newer` descends from `older`."""
        return is_sha(older) and is_sha(newer) and self._mirror.contains(older, newer)

    def between(self, old: str | None, new: str, limit: int = 1000) -> tuple[Revision, ...]:
        """Commits reachable from `new` and not from `old`, newest first."""
        expect_ids(new, old or new)
        known = old if old and self._mirror.has(old) else None
        try:
            line = straight(self._reader, known, new) if known else None
        except GitFailed:
            raise self._unreadable(new) from None
        if line is not None:
            return line[: max(0, limit)]
        bounds = (new, f"^{known}") if known else (new,)
        return self._mended(lambda: self._logged(bounds, limit, new))

    def _logged(self, bounds: tuple[str, ...], limit: int, new: str) -> tuple[Revision, ...]:
        out = self._ask(
            "rev-list", "--header", f"--max-count={max(0, limit)}", "--encoding=none", *bounds, "--", about=new
        )
        return tuple(commits.parse_listed(record) for record in out.split(b"\0") if record)

    def branch(self, wanted: str) -> str:
        """The branch that a commit for a ref goes to."""
        found = ref_names.branch_meant(wanted, self._refs(), self._mirror.default_branch())
        if HEADS + found not in self._refs() and ref_names.SHORT_SHA.match(found) and self._mirror.has(found):
            mend = "Name a branch; a commit cannot go onto anything else."
            raise InvalidInput(f"'{found}' is a commit. {mend}", fields={"branch": mend})
        return found

    def in_the_way(self, base: str, head: Revision, edits: Edits) -> Meeting | None:
        """What both sides changed."""
        return in_the_way(self, base, head, edits)

    # --- writes ---
    def keep(self, sha: str) -> None:
        """Pin a deployed commit."""
        expect_ids(sha)
        with own_disk():
            self._mirror.keep(sha)

    def commit(self, branch: str, parent: str, edits: Edits, message: str, author: Person) -> Revision:
        """Commit edits on top of `parent` and push them to a branch; `parent` itself where they change nothing."""
        branch = self.branch(branch)
        expect_ids(parent)
        with own_disk(), self._mirror.lock(), Draft(self._repository, parent, edits, message, author) as draft:
            if draft.empty:
                return self.resolve(parent)
            exists = HEADS + branch in self._refs()
            self._remote.push(self._repository, draft.sha, branch, lease=parent if exists else "")
            self._ask("update-ref", HEADS + branch, draft.sha)
            return self.resolve(draft.sha)

    # --- shared ---
    def _mended(self, read: Callable[[], T]) -> T:
        """What a read finds, if need be after the mirror was made anew: it is a cache, and its damage is our own."""
        try:
            return read()
        except (SourceDamaged, RevisionNotFound) as problem:
            if not (isinstance(problem, SourceDamaged) or self._mirror.ailing()) or not self._mend():
                raise
        return read()

    def _mend(self) -> bool:
        """Make the mirror anew, once in an operation; whether that may have helped."""
        if not self._may_mend:
            return False
        self._may_mend = False
        try:
            self.fetch(*self._mirror.notes.asked())
        except Problem:
            return False  # the damage is told: the server may well be all right
        return True

    def _whole(self, tree: str) -> Iterator[tuple[bytes, Item]]:
        """A listing; where it meets damage, it goes on with that of the mirror made anew."""
        passed = 0
        try:
            for item in self._listing(tree):
                passed += 1
                yield item
            return
        except (SourceDamaged, RevisionNotFound):
            if not self._mend():
                raise
        yield from islice(self._listing(tree), passed, None)

    def _listing(self, tree: str) -> Iterator[tuple[bytes, Item]]:
        expect_ids(tree)
        try:
            yield from trees.listing(self._repository, tree, self._limits.entries)
        except GitFailed as failure:
            trees.expect_shallow(failure)
            raise self._unreadable(None) from None

    def _ask(self, *args: str, input: bytes | None = None, about: str | None = None) -> bytes:
        try:
            return self._repository.run(*args, input=input)
        except GitFailed:
            raise self._unreadable(about) from None

    def _refs(self) -> Mapping[str, str]:
        try:
            return self._mirror.refs()
        except GitFailed:
            raise self._unreadable(None) from None

    def _unreadable(self, sha: str | None) -> RevisionNotFound | SourceDamaged:
        """Why a read failed: no mirror yet, a commit that is not in it, or damage."""
        if not self._mirror.exists:
            return RevisionNotFound("The repository has not been fetched yet.")
        if sha and not self._mirror.has(sha):
            return RevisionNotFound(f"The commit {sha[:8]} is not in the repository's mirror.")
        return self._mirror.damaged("missing")

    def _unresolved(self, wanted: str, asked: tuple[str, ...]) -> RevisionNotFound | SourceDamaged:
        """Why there is no commit of that name; a branch whose commit is gone is damage, not an unknown name."""
        short = ref_names.SHORT_SHA.match(wanted) and not is_sha(wanted)
        if short and len(self._ask("rev-parse", f"--disambiguate={wanted}").split()) > 1:
            return ref_names.ambiguous(wanted)
        try:
            named = self._reader.facts([f"{name}^{{}}" for name in asked])
        except GitFailed:
            raise self._unreadable(None) from None
        if other := next((one.kind for one in named if one), ""):
            return ref_names.no_commit(wanted, other)
        refs = self._refs()
        broken = any(name in refs or (self._repository.git_dir / name).is_file() for name in asked if "/" in name)
        if broken:
            return self._mirror.damaged("missing")
        return ref_names.unknown(wanted, refs or self._mirror.notes.seen())
