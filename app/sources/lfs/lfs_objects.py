"""Objects of Git LFS in a mirror: each is a blob there, so that it is delivered and compared like any other file.

mirrors/<key>.lfs       which blob has the content of which object: lines of "<oid> <blob>", the newest ones
mirrors/<key>.making    held while objects are fetched
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from app.domain.state.items import printable
from app.sources.lfs.lfs_failures import refused
from app.sources.lfs.lfs_pointers import Pointer
from app.sources.lfs.lfs_server import LfsServer
from app.sources.locks import locked
from app.sources.mirror import Mirror
from app.sources.network_need import expect_operation
from app.sources.objects.trees import Limits
from app.sources.tidying import PASSING

_REMEMBERED = 20_000
# Git compresses blobs and looks for similar ones; media are neither small nor similar, and take minutes.
_AS_IT_IS = ("-c", "core.compression=0", "-c", "core.bigFileThreshold=8m")


class LfsObjects:
    """The objects of one repository."""

    def __init__(self, mirror: Mirror, server: LfsServer, limits: Limits) -> None:
        self._mirror, self._server, self._limits = mirror, server, limits
        self._file = mirror.beside("lfs")

    def blobs(self, pointers: Mapping[bytes, Pointer]) -> Mapping[str, str]:
        """Blobs by the ids of objects; what is not here yet is fetched. `pointers`: by the paths that they stand at.

        Raises SourceRefused, SourceUnreachable."""
        self._expect_bounded(pointers)
        wanted = {one.oid: one for one in pointers.values()}
        known = self._known(wanted)
        if known.keys() >= wanted.keys():
            return known
        expect_operation("Some content of Git LFS")
        with locked(self._mirror.beside("making")):
            known = self._known(wanted)
            paths = {one.oid: path for path, one in pointers.items() if one.oid not in known}
            return {**known, **self._fetched({oid: wanted[oid].size for oid in paths}, paths)}

    def _expect_bounded(self, pointers: Mapping[bytes, Pointer]) -> None:
        for path, one in pointers.items():
            if one.size > self._limits.blob:
                why = f"has {one.size:,} bytes; more than {self._limits.blob:,} are not delivered"
                raise refused(f"'{printable(path)}' in Git LFS {why}.")
        total = sum({one.oid: one.size for one in pointers.values()}.values())
        if total > self._limits.lfs:
            why = f"have {total:,} bytes; more than {self._limits.lfs:,} are not delivered"
            raise refused(f"The files in Git LFS {why}.")

    def _fetched(self, sizes: Mapping[str, int], paths: Mapping[str, bytes]) -> dict[str, str]:
        found: dict[str, str] = {}

        def take(oid: str, file: Path) -> None:
            out = self._mirror.repository.run(*_AS_IT_IS, "hash-object", "-w", "--no-filters", "--", str(file))
            found[oid] = out.decode().strip()
            self._remember({oid: found[oid]})

        with tempfile.TemporaryDirectory(prefix=PASSING, dir=self._file.parent) as folder:
            self._server.download(sizes, {oid: printable(path) for oid, path in paths.items()}, Path(folder), take)
        return found

    def _known(self, wanted: Mapping[str, Pointer]) -> dict[str, str]:
        """What is here: whoever cleans up the mirror may have removed some."""
        noted = [(oid, blob) for oid, blob in self._read().items() if oid in wanted]
        facts = self._mirror.reader.facts([blob for _, blob in noted])
        pairs = zip(noted, facts, strict=True)
        return {oid: blob for (oid, blob), one in pairs if one and one.kind == "blob" and one.size == wanted[oid].size}

    def _remember(self, more: Mapping[str, str]) -> None:
        notes = {**self._read(), **more}
        lines = [f"{oid} {blob}\n" for oid, blob in notes.items()][-_REMEMBERED:]
        beside = self._file.with_name(self._file.name + ".new")
        beside.write_text("".join(lines), "ascii")
        beside.replace(self._file)

    def _read(self) -> dict[str, str]:
        try:
            lines = self._file.read_text("ascii").splitlines()
        except (OSError, UnicodeDecodeError):
            return {}
        return {parts[0]: parts[1] for line in lines if len(parts := line.split(" ")) == 2}
