"""Submodules: what `.gitmodules` says of them, and which addresses are followed.

A submodule is somebody else's text: only the source's own server is asked, with the source's own credential.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.errors import SourceRefused
from app.domain.state.items import printable
from app.git import GitFailed
from app.sources.git import Repository
from app.sources.remote.address import Address

FILE = ".gitmodules"
DEEPEST = 5  # submodules within submodules
MOST = 100  # submodules of one tree
_LARGEST = 1 << 20
MEND = "Mend it in .gitmodules, or turn source.submodules off; nothing was delivered."


def addresses_in(repository: Repository, blob: str) -> Mapping[bytes, str]:
    """The addresses of submodules by their paths, as a blob with the content of `.gitmodules` names them."""
    asked = ("config", "-z", f"--blob={blob}", "--get-regexp", r"^submodule\..*\.(path|url)$")
    try:
        out = repository.run(*asked)
    except GitFailed as failure:
        if failure.code == 1:
            return {}
        raise SourceRefused(f".gitmodules cannot be read. {MEND}", fields=_field()) from None
    if len(out) > _LARGEST:
        raise SourceRefused(f".gitmodules is larger than {_LARGEST:,} bytes. {MEND}", fields=_field())
    found: dict[bytes, dict[bytes, bytes]] = {}
    for record in out.split(b"\0")[:-1]:
        key, _, value = record.partition(b"\n")
        name, _, what = key.rpartition(b".")
        found.setdefault(name, {})[what] = value
    pairs = ((one.get(b"path"), one.get(b"url")) for one in found.values())
    return {path: url.decode("utf-8", "replace") for path, url in pairs if path and url}


def resolved(base: Address, url: str, path: bytes) -> str:
    """The address of a submodule, whole. Raises SourceRefused where it is relative and leads out of the server."""
    if not url.startswith(("./", "../")):
        if base.local or url.startswith("/") or url.lower().startswith("file:"):
            why = "an address on this machine must be relative" if base.local else "it names a place on this machine"
            raise refused(path, why)
        return url
    fixed, place = _parts(base)
    steps = [part for part in place.split("/") if part]
    for part in url.split("/"):
        if part == ".." and not steps:
            raise refused(path, "its address leads out of the server")
        steps = steps[:-1] if part == ".." else [*steps, part] if part not in ("", ".") else steps
    return f"{fixed}{'/' if place.startswith('/') else ''}{'/'.join(steps)}"


def _parts(base: Address) -> tuple[str, str]:
    """What of an address stays, and the path on the server."""
    if base.local:
        return "", base.url
    if "://" not in base.url:
        host, _, place = base.url.partition(":")
        return f"{host}:", place
    scheme, _, rest = base.url.partition("://")
    host, slash, place = rest.partition("/")
    user = f"{base.user}@" if base.user and "@" not in host else ""
    return f"{scheme}://{user}{host}", slash + place


def expect_same_server(base: Address, other: Address, path: bytes) -> None:
    """Raise SourceRefused where a submodule lies on another server: its address is not the source's owner's choice."""
    if _server(base) != _server(other):
        raise refused(path, f"it lies on another server ({other.server or 'this machine'}) than the repository")


def _server(address: Address) -> tuple[str, str]:
    return address.scheme, address.server.rpartition("@")[2].rpartition("://")[2]


def refused(path: bytes, why: str) -> SourceRefused:
    """That a submodule cannot be delivered, and why."""
    return SourceRefused(f"The submodule '{printable(path)}' cannot be delivered: {why}. {MEND}", fields=_field())


def _field() -> dict[str, str]:
    return {"source.submodules": MEND}
