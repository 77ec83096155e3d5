"""A look at a repository before it is saved. Nothing is kept; a mirror that is there already is used."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from app.domain.environment import SourceSpec
from app.domain.revision import HEADS, TAGS, Revision, is_sha
from app.domain.state.items import Unsupported
from app.ports.sources import Probe
from app.sources.git import Repository
from app.sources.git_source import GitSource
from app.sources.mirror import Mirror
from app.sources.objects import ref_names
from app.sources.remote.git_remote import Remote, RemoteRefs

SECONDS = 30.0  # for the transfer; people wait for the answer
_SMALL = "blob:limit=1k"  # pointers of Git LFS come along, contents do not


def probe(
    spec: SourceSpec, remote: Remote, mirror: Mirror, opened: Callable[[Mirror], GitSource], folder: Path
) -> Probe:
    """What the repository holds at the spec's ref and path. `folder`: where a passing copy may lie.

    The remote is always asked first, with the spec's credential, so that a mirror shows nothing to somebody who could
    not read the repository. Raises SourceUnreachable, SourceRefused, RevisionNotFound, InvalidInput.
    """
    ref_names.directory(spec.path)
    listing = remote.listing(everything=True)
    sha = _wanted(spec.ref, listing)
    if sha is None and not listing.heads:
        return _answer(listing)
    if mirror.exists and (mirror.has(sha) if sha else ref_names.SHORT_SHA.match(spec.ref)):
        return _look(opened(mirror), listing, sha or spec.ref, spec)
    if sha is None:
        raise ref_names.unknown(spec.ref, listing.heads)
    with tempfile.TemporaryDirectory(prefix=".probe.", dir=folder) as place:
        passing = Mirror(Path(place), "probe", mirror.reader.pool)
        _fetch_one(remote, passing.repository, sha)
        return _look(opened(passing), listing, sha, spec)


def _wanted(ref: str, listing: RemoteRefs) -> str | None:
    """The full id that a ref means, as far as the listing tells."""
    for name in ref_names.candidates(ref):
        if name in listing.heads or is_sha(name):
            return listing.heads.get(name, name)
        tips = {sha for sha in listing.heads.values() if "/" not in name and sha.startswith(name)}
        if len(tips) == 1:
            return tips.pop()
    return None


def _fetch_one(remote: Remote, repository: Repository, sha: str) -> None:
    """The files of one commit, without its history and without large contents where the server can leave them out."""
    repository.run("init", "--quiet", "--bare", "--template=")
    config = repository.git_dir / "config"
    plain = config.read_bytes()
    remote.fetch(repository, [sha], "--depth=1", f"--filter={_SMALL}", patience=SECONDS)
    config.write_bytes(plain)  # git notes that contents were left out, and would get them one by one


def _look(source: GitSource, listing: RemoteRefs, wanted: str, spec: SourceSpec) -> Probe:
    revision = source.resolve(wanted)
    tree = source.tree(revision.sha, spec.path)
    missed = tuple(one for one in source.unsupported(tree) if not spec.content.covers(one.kind))
    return _answer(listing, revision, sum(1 for _ in source.entries(tree)), missed)


def _answer(
    listing: RemoteRefs, revision: Revision | None = None, files: int = 0, unsupported: tuple[Unsupported, ...] = ()
) -> Probe:
    branches = tuple(sorted(ref.removeprefix(HEADS) for ref in listing.heads if ref.startswith(HEADS)))
    tags = tuple(sorted(ref.removeprefix(TAGS) for ref in listing.heads if ref.startswith(TAGS)))
    return Probe(branches, tags, listing.default_branch, revision, files, unsupported)
