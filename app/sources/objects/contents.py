"""Contents of blobs, streamed from one kept `cat-file` process."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import IO

from app.domain.errors import SourceDamaged, SourceRefused
from app.domain.revision import is_sha
from app.domain.state.items import printable
from app.sources.objects.cat_file_pool import CONTENT, KeptProcess
from app.sources.objects.object_reader import ObjectReader

AHEAD = 64  # requests; far less than a pipe holds
_CHUNK = 1 << 20


class BlobStream:
    """Reads blobs one after the other. The process is lent with the first one; threads take turns."""

    def __init__(
        self, reader: ObjectReader, most: int, damaged: Callable[[str], SourceDamaged], mend: Callable[[], bool]
    ) -> None:
        """`damaged` notes damage; `mend` makes the mirror anew and tells whether that may have helped."""
        self._reader, self._most, self._damaged, self._mend = reader, most, damaged, mend
        self._begun = False  # something of the present blob was passed on
        self._turn = threading.Lock()
        self._kept: KeptProcess | None = None
        self._expected: deque[str] = deque()
        self._asked: deque[str] = deque()  # and not read yet

    def expect(self, blobs: Sequence[str]) -> None:
        """These will be read next: they are asked for ahead."""
        with self._turn:
            self._expected.extend(filter(is_sha, blobs))

    def write_to(self, blob: str, write: Callable[[bytes], object]) -> int:
        """Pass the blob's bytes on in chunks; return their number.

        Raises SourceDamaged if it is missing or broken, SourceRefused if it is larger than allowed.
        """
        if not is_sha(blob):
            raise SourceDamaged(f"'{printable(blob.encode())}' is not the id of a blob.")
        with self._turn:
            try:
                return self._whole(blob, write)
            except BaseException:
                self._discard()  # what is left in the pipe belongs to nobody; the next blob starts afresh
                raise

    def _whole(self, blob: str, write: Callable[[bytes], object]) -> int:
        self._begun = False
        try:
            return self._copy(blob, write)
        except SourceDamaged:
            self._discard()
            if self._begun or not self._mend():
                raise
        return self._copy(blob, write)

    def close(self) -> None:
        """Give the process back, if everything was read that was asked for."""
        if self._kept is not None and not self._asked:
            self._reader.pool.give_back(self._kept)
            self._kept = None
        self._discard()

    def _discard(self) -> None:
        if self._kept is not None:
            self._kept.discard()
        self._kept = None
        self._expected.clear()
        self._asked.clear()

    def _copy(self, blob: str, write: Callable[[bytes], object]) -> int:
        source = self._ask(blob)
        header = source.readline().split()
        if len(header) != 3 or header[1] != b"blob":
            raise self._damaged("missing" if header[1:] == [b"missing"] else "unreadable")
        size = left = int(header[2])
        if size > self._most:
            mend = f"Files of more than {self._most:,} bytes are not delivered."
            raise SourceRefused(f"A file of {size:,} bytes is in the tree. {mend}", fields={"source.path": mend})
        while left:
            chunk = source.read(min(left, _CHUNK))
            if not chunk:
                raise self._damaged("unreadable")
            self._begun = True
            write(chunk)
            left -= len(chunk)
        if source.read(1) != b"\n":
            raise self._damaged("unreadable")
        return size

    def _next(self, blob: str) -> bytes:
        """Requests to be written, so that the next answer is this blob's and the ones after it are under way."""
        wanted = [] if self._asked and self._asked.popleft() == blob else [blob]
        if wanted and self._expected and self._expected[0] == blob:
            self._expected.popleft()
        if len(self._asked) < AHEAD // 2:
            more = [self._expected.popleft() for _ in range(min(AHEAD, len(self._expected)))]
            self._asked.extend(more)
            wanted += more
        return "".join(f"{one}\n" for one in wanted).encode()

    def _ask(self, blob: str) -> IO[bytes]:
        if self._asked and self._asked[0] != blob:
            self._discard()  # answers to others are on their way
        if self._kept is None:
            self._kept = self._reader.pool.take(self._reader.repository, CONTENT)
        process = self._kept.process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            if requests := self._next(blob):
                process.stdin.write(requests)
                process.stdin.flush()
        except BrokenPipeError:
            raise self._damaged("unreadable") from None
        return process.stdout
