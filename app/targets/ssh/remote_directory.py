"""Asking the host about one directory. Each question is one command there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from app.domain.errors import TargetRefused, TargetUnreachable
from app.domain.state.items import printable
from app.targets.files.root_handle import above, parted
from app.targets.ssh.remote_listing import RemoteListing, parse
from app.targets.ssh.remote_shell import scripts
from app.targets.ssh.remote_shell.host import Host, shown_cause
from app.targets.ssh.remote_shell.scripts import batches, quoted, setting

IN_PLACE = b"inner() { :; }\n"
_DENIED = "Permission denied"


def whole(script: str, inner: bytes, **values: bytes) -> bytes:
    """A script with all that it needs."""
    return (
        setting(**values)
        + (scripts.COMMON + scripts.FACTS + scripts.SHA256 + scripts.LOCKING).encode()
        + inner
        + script.encode()
    )


class View:
    """A directory on the host: `parent` and `name` of the root, and `inner`, how to get from there to what readers
    see. `form` forces a way of listing, for tests."""

    def __init__(self, host: Host, parent: bytes, name: bytes, inner: bytes = IN_PLACE, form: bytes = b"") -> None:
        self.host, self._inner = host, inner
        self._values = {"P": parent, "N": name, "FORM": form}

    def script(self, text: str, **values: bytes) -> bytes:
        """A script about this directory."""
        return whole(text, self._inner, **self._values, **values)

    def within(self, inner: bytes) -> View:
        """Another directory below the same root."""
        return View(self.host, self._values["P"], self._values["N"], inner, self._values["FORM"])

    # --- facts ---
    def everything(self, owned: Callable[[], Iterable[bytes]]) -> RemoteListing:
        """List every name below. Raises TargetRefused if a directory that holds owned files cannot be listed."""
        listing, said = self._list(self.script(scripts.LOOK))
        if _DENIED in said:
            missing = [path for path in owned() if path not in listing.facts]
            if missing:
                self.some(missing)
        return listing

    def some(self, paths: Collection[bytes], digests: Sequence[bytes] = ()) -> RemoteListing:
        """What stands at some paths. What lies behind a link or a file is not there. `digests`: those of them, with
        plain names, whose SHA-256 will be needed; the listing has as many as fit into one command. Raises
        TargetRefused where we may not look."""
        asked = {folder for path in paths for folder in above(path)} | set(paths)
        words = next(batches([quoted(b"./" + path) for path in digests]), [])
        script = self.script(scripts.LOOK_AT + (scripts.DIGESTS_TOO if words else scripts.FIN))
        listing, said = self._list(
            b"set -- %b\n" % b" ".join(words) + script, _words(sorted(asked)), digested=bool(words)
        )
        if _DENIED in said:
            raise TargetRefused(
                f"{self.host.name} does not let us look: {shown_cause(said)}. Give the account that PushPull logs in "
                "with the right to read there; nothing was changed."
            )
        reached: dict[bytes, bool] = {b"": True}
        for path in sorted(listing.facts):
            folder = parted(path)[0]
            reached[path] = reached.get(folder, False) and listing.facts[path].kind == 0o040000
        facts = {path: one for path, one in listing.facts.items() if reached.get(parted(path)[0], False)}
        return replace(listing, facts=facts)

    def _list(
        self, script: bytes, payload: Iterable[bytes] = (), *, digested: bool = False
    ) -> tuple[RemoteListing, str]:
        code, out, said = self.host.gather(script, payload)
        if code == scripts.REFUSED:
            raise self.host.refused(out, said)
        if not digested or out == b"absent\n":
            return parse(out), said
        listed, _, lines = out.rpartition(b"end\0")
        return replace(parse(listed + b"end"), digests=_digests(_ended(lines, lines.count(b"\n") - 1))), said

    # --- contents ---
    def digests(self, paths: Collection[bytes]) -> dict[bytes, str]:
        """SHA-256 of files with plain names, as far as they can be read."""
        if not paths:
            return {}
        out = self.host.ask(self.script(scripts.DIGESTS), _words(paths))
        return _digests(_ended(out, len(out.split(b"\n")) - 2))

    def blobs(self, paths: Collection[bytes]) -> dict[bytes, tuple[str, str]]:
        """(blob id, SHA-256) of files, as far as they can be read."""
        if not paths:
            return {}
        lines = _ended(self.host.ask(self.script(scripts.BLOBS), _words(paths)), len(paths))
        pairs = ((path, line.decode().split()) for path, line in zip(paths, lines, strict=True))
        return {path: (pair[0], pair[1]) for path, pair in pairs if len(pair) == 2}

    def links(self, paths: Collection[bytes]) -> dict[bytes, bytes]:
        """Texts of links."""
        if not paths:
            return {}
        texts = self.host.ask(self.script(scripts.LINKS), _words(paths)).split(b"\0")
        if len(texts) != len(paths) + 1 or texts[-1] != b"end":
            raise TargetUnreachable("The links did not arrive as a whole.")
        return dict(zip(paths, texts, strict=False))

    def read(self, path: bytes, limit: int) -> bytes | None:
        """At most `limit` bytes of a file, or a link's text; None where nothing readable stands."""
        folder, name = parted(path)
        out = self.host.ask(self.script(scripts.READ, D=folder, B=name, M=str(limit).encode()))
        _, _, rest = out.partition(b"\n")
        kind, _, content = rest.partition(b"\0")
        content, _, verdict = content.rpartition(b"\n")
        if kind not in (b"file", b"link") or verdict != b"same":
            return None
        return content[:limit]


def _words(paths: Iterable[bytes]) -> Iterator[bytes]:
    """Relative paths as xargs -0 takes them; none looks like an option."""
    part = bytearray()
    for path in paths:
        part += b"./" + path + b"\0"
        if len(part) > 1 << 16:
            yield bytes(part)
            part.clear()
    yield bytes(part)


def _digests(lines: Iterable[bytes]) -> dict[bytes, str]:
    """Parse the output of a tool for digests: path → SHA-256."""
    found = (line.partition(b" ") for line in lines)
    return {name.lstrip(b" *")[2:]: digest.decode() for digest, _, name in found if len(digest) == 64}


def _ended(out: bytes, count: int) -> list[bytes]:
    lines = out.split(b"\n")
    if lines[-2:] != [b"end", b""] or len(lines) != count + 2:
        raise TargetUnreachable(f"The host's answer did not arrive as a whole: {printable(out[-100:])}")
    return lines[:-2]
