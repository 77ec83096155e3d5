"""Real repositories, made quickly: one `fast-import` process per commit, whatever the commit holds."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "HOME": os.devnull,
    "LC_ALL": "C.UTF-8",
}
START = 1_790_000_000  # seconds since 1970: the first commit's time unless told otherwise


@dataclass(frozen=True)
class File:
    """What stands at a path: content and Git mode. A submodule's content is a commit id."""

    content: bytes
    mode: int = 0o100644


def link(text: str | bytes) -> File:
    """A symlink."""
    return File(_bytes(text), 0o120000)


def script(text: str | bytes) -> File:
    """An executable file."""
    return File(_bytes(text), 0o100755)


def submodule(sha: str = "1" * 40) -> File:
    """A submodule."""
    return File(sha.encode(), 0o160000)


Content = str | bytes | File | None


class GitRepo:
    """A bare repository. Paths and contents may be bytes; None deletes; `rename` moves."""

    def __init__(self, path: Path, default_branch: str = "main") -> None:
        self.path = path
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--bare", f"--initial-branch={default_branch}", "--template=")
        self._clock = START

    @property
    def url(self) -> str:
        """Its address as a local repository."""
        return str(self.path)

    def git(self, *args: str | bytes, input: bytes | None = None, check: bool = True) -> str:
        """Run git in it; its output without the last line end."""
        done = subprocess.run(
            ["git", *args],
            input=input,
            stdin=None if input is not None else subprocess.DEVNULL,
            capture_output=True,
            check=False,
            env={**ENVIRONMENT, "GIT_DIR": str(self.path)},
        )
        if check and done.returncode:
            raise AssertionError(f"git {args!r}: {done.stderr.decode('utf-8', 'replace')}")
        return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")

    def commit(
        self,
        files: Mapping[Any, Content] | None = None,
        message: str | bytes = "change",
        *,
        branch: str = "main",
        author: str | bytes = "Ann Author <ann@example.org>",
        when: int | None = None,
        rename: Mapping[str, str] | None = None,
        onto: str | None = "",
        encoding: str = "",
    ) -> str:
        """Commit on a branch; return the commit's id. `onto`: the parent ("" the branch, None none at all)."""
        self._clock = when if when is not None else self._clock + 60
        ref = f"refs/heads/{branch}"
        parent = self._tip(ref) if onto == "" else onto
        who = b"%s %d +0000\n" % (_bytes(author), self._clock)
        parts = [f"commit {ref}\nmark :1\n".encode(), b"author ", who, b"committer ", who]
        parts += [f"encoding {encoding}\n".encode()] if encoding else []
        parts += [_data(_bytes(message))]
        parts += [f"from {parent}\n".encode()] if parent else []
        parts += [b"R %s %s\n" % (_quoted(old), _quoted(new)) for old, new in (rename or {}).items()]
        parts += [_edit(path, content) for path, content in (files or {}).items()]
        stream = b"".join([*parts, b"get-mark :1\ndone\n"])
        return self.git("fast-import", "--quiet", "--force", "--done", input=stream)

    def _tip(self, ref: str) -> str | None:
        loose = self.path / ref
        return loose.read_text().strip() if loose.is_file() else self.sha(ref)

    def sha(self, name: str) -> str | None:
        """The commit that a name means, if there is one."""
        return self.git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", check=False) or None

    def tree(self, name: str, path: str = "") -> str:
        """The tree id of a directory."""
        return self.git("rev-parse", f"{name}:{path}")

    def tag(self, name: str, target: str = "main", *, annotated: bool = False) -> None:
        """Set a tag."""
        options = ("-a", "-m", f"tag {name}") if annotated else ()
        who = ("-c", "user.name=Tagger", "-c", "user.email=tagger@example.org")
        self.git(*who, "tag", "--force", *options, name, target)

    def branch(self, name: str, target: str = "main") -> None:
        """Set a branch, wherever it was."""
        self.git("update-ref", f"refs/heads/{name}", target)

    def delete_branch(self, name: str) -> None:
        """Remove a branch."""
        self.git("update-ref", "-d", f"refs/heads/{name}")

    def files(self, tree: str) -> dict[bytes, tuple[int, str]]:
        """Path → (mode, blob id) of everything below a tree, as Git itself lists it."""
        listed = self.git("ls-tree", "-r", "-z", "--full-tree", tree).encode("utf-8", "surrogateescape")
        found = {}
        for record in listed.split(b"\0")[:-1]:
            head, _, path = record.partition(b"\t")
            mode, _, blob = head.decode().split(" ")
            found[path] = (int(mode, 8), blob)
        return found

    def raw_tree(self, *entries: tuple[int, bytes, str]) -> str:
        """Write a tree object that git itself would refuse: (mode, name, id) each."""
        content = b"".join(b"%o %s\0" % (mode, name) + bytes.fromhex(sha) for mode, name, sha in entries)
        return self.git("hash-object", "--literally", "-t", "tree", "-w", "--stdin", input=content)

    def raw_commit(self, tree: str, branch: str = "main", header: bytes | None = None) -> str:
        """Write a commit of any tree, or with any header, and set a branch to it."""
        who = b"Ann Author <ann@example.org> %d +0000" % START
        text = header or b"author %s\ncommitter %s\n\nhostile\n" % (who, who)
        content = f"tree {tree}\n".encode() + text
        sha = self.git("hash-object", "--literally", "-t", "commit", "-w", "--stdin", input=content)
        self.branch(branch, sha)
        return sha

    def blob(self, content: bytes) -> str:
        """Write a blob."""
        return self.git("hash-object", "-w", "--stdin", input=content)


def _edit(path: str | bytes, content: Content) -> bytes:
    if content is None:
        return b"D %s\n" % _quoted(path)
    file = content if isinstance(content, File) else File(_bytes(content))
    if file.mode == 0o160000:
        return b"M %o %s %s\n" % (file.mode, file.content, _quoted(path))
    return b"M %o inline %s\n" % (file.mode, _quoted(path)) + _data(file.content)


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _quoted(path: str | bytes) -> bytes:
    return b'"%s"' % b"".join(b"\\%03o" % byte for byte in _bytes(path))


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
