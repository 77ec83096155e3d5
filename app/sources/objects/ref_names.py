"""Names inside a repository, as people write them: refs and directories. Pure checks and helpful refusals."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable

from app.domain.errors import InvalidInput, RevisionNotFound
from app.domain.revision import HEADS, TAGS, full_names, is_sha

KEPT = "refs/pushpull/kept/"
DRAFTS = "refs/pushpull/drafts/"
SHORT_SHA = re.compile(r"[0-9a-f]{4,40}\Z")
_QUALIFIED = ("refs/", "heads/", "tags/", "remotes/")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|\.lock(?:/|\Z)|(?:\A|/)\.|[./]\Z|\A[-/]")
_LONGEST = 250
_SHOWN = 3


def is_ref_name(name: str) -> bool:
    """Whether Git could have a branch or tag of this name, and it cannot be taken for an option."""
    whole = not any("\ud800" <= c <= "\udfff" for c in name)
    return whole and 0 < len(name) <= _LONGEST and _FORBIDDEN.search(name) is None


def branch_name(name: str, field: str = "branch") -> str:
    """The name, if a branch may have it. Raises InvalidInput for the field."""
    if not is_ref_name(name) or name == "HEAD":
        mend = "A branch name has no spaces, no '..', none of ~^:?*[\\ and does not start with '-' or '/'."
        raise InvalidInput(f"'{shown(name)}' cannot be a branch.", fields={field: mend})
    return name


def branch_meant(wanted: str, refs: Collection[str], default: str) -> str:
    """The branch that a commit for `wanted` goes to: one that there is, or a name that is free. `refs`: the full names
    of all branches and tags; `default`: the full name of the default branch.

    A new branch never takes a name that means something already, because it would be followed instead. Raises
    InvalidInput for "branch".
    """
    if wanted == "HEAD" and default in refs:
        return default.removeprefix(HEADS)
    name = wanted.removeprefix(HEADS)
    if HEADS + name in refs and name:
        return name
    taken = _taken(name, refs)
    if taken:
        mend = "Name a branch; a commit cannot go onto anything else."
        raise InvalidInput(f"'{shown(wanted)}' {taken}. {mend}", fields={"branch": mend})
    return branch_name(name)


def _taken(name: str, refs: Collection[str]) -> str:
    """What a name means that is no branch's; "" where it is free."""
    if TAGS + name.removeprefix(TAGS).removeprefix("tags/") in refs:
        return "is a tag"
    if re.fullmatch(r"[0-9a-fA-F]{40}", name):
        return "is a commit"
    return "is no branch" if name.startswith(_QUALIFIED) else ""


def shown(name: str) -> str:
    """A name as it may stand in a message: on one line, not too long."""
    text = "".join(c if c.isprintable() else "?" for c in name)
    return text if len(text) <= 100 else text[:99] + "…"


def candidates(wanted: str) -> tuple[str, ...]:
    """The object names to try for what somebody wrote, in this order; empty where no revision can be meant.

    A full commit id always means itself: nobody can capture one by naming a branch so.
    """
    if not is_ref_name(wanted):
        return ()
    names = full_names(wanted)
    if re.fullmatch(r"[0-9a-fA-F]{40}", wanted):
        return (wanted.lower(), *names)
    return (*names, wanted) if SHORT_SHA.match(wanted) else names


def unknown(wanted: str, known: Iterable[str]) -> RevisionNotFound:
    """Says that there is no such revision, and which branches and tags have a similar name."""
    names = sorted({ref.removeprefix(HEADS).removeprefix(TAGS) for ref in known if ref != "HEAD"})
    near = difflib.get_close_matches(wanted, names, n=_SHOWN, cutoff=0.5)
    if near:
        hint = "Did you mean " + " or ".join(f"'{name}'" for name in near) + "?"
    elif names:
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        hint = "There is " + ", ".join(f"'{name}'" for name in names[:_SHOWN]) + more + "."
    else:
        hint = "The repository has no branches and no tags yet."
    detail = f"There is no branch, tag or commit '{shown(wanted)}'. {hint}"
    return RevisionNotFound(detail, fields={"source.ref": hint})


def no_commit(wanted: str, kind: str) -> RevisionNotFound:
    """Says that a name means an object that is no commit: a "tree" or a "blob"."""
    hint = "Name a branch, a commit, or a tag of a commit."
    what = {"tree": "a tree (a directory)", "blob": "a blob (a file)"}.get(kind, f"a {kind}")
    return RevisionNotFound(f"'{shown(wanted)}' names {what}, not a commit. {hint}", fields={"source.ref": hint})


def ambiguous(wanted: str) -> RevisionNotFound:
    """Says that several commits begin so."""
    hint = "Write more of the commit's id."
    return RevisionNotFound(f"Several objects begin with '{shown(wanted)}'. {hint}", fields={"source.ref": hint})


def expect_ids(*ids: str) -> None:
    """Ids come from Git; anything else is a mistake of a caller and must not reach a command line."""
    for text in ids:
        if not is_sha(text):
            raise RevisionNotFound(f"'{shown(text)}' is not the id of a Git object.")


def directory(path: str) -> str:
    """A path in the repository in its one spelling, "" for the root. Raises InvalidInput for "source.path"."""
    clean = path.rstrip("/")
    if clean in ("", ".") and not path.startswith("/"):
        return ""
    if path.startswith("/"):
        raise _bad_path(path, "The path starts at the repository's root; write it without '/' in front.")
    parts = clean.split("/")
    if any(part in ("", ".", "..") for part in parts) or any(part.lower() == ".git" for part in parts):
        raise _bad_path(path, "The path is a directory in the repository, without '.', '..', '.git' and '//'.")
    if any(ord(c) < 32 or ord(c) == 127 for c in clean):
        raise _bad_path(path, "The path holds control characters.")
    return clean


def not_a_directory(path: str) -> InvalidInput:
    """Says that a path names a file."""
    return _bad_path(path, f"'{shown(path)}' is a file; name the directory that is delivered.")


def _bad_path(path: str, mend: str) -> InvalidInput:
    return InvalidInput(f"'{shown(path)}' is not a directory in the repository. {mend}", fields={"source.path": mend})
