"""What a hook writes, told line by line while it runs: masked, in batches, and within a bound."""

from __future__ import annotations

import codecs
from collections.abc import Callable

from app.domain.errors import DatabaseAway
from app.domain.masking import MASK, mask, masked_rows
from app.wording.complaints import without_controls

HEAD, TAIL = 32_768, 8_192  # characters that are told as they come, and of the end of a longer output
PIECE = 1_900  # characters of one line of the log at most
SOON_S, LATE_S, SHARE = 0.25, 2.0, 0.01  # between two batches: a hundredth of the time so far, within bounds


class HookOutput:
    """Hears one hook and tells what it says. A line is told when it is whole, because half a secret cannot be masked;
    all lines so far are masked together, so that a secret of many lines is hidden whichever batches it came in."""

    def __init__(self, tell: Callable[[str], None], seconds: Callable[[], float]) -> None:
        self._tell, self._seconds = tell, seconds
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._head, self._tail, self._gone = "", "", 0
        self._told, self._waits = 0, False
        self._began = self._looked = seconds()

    def hear(self, chunk: bytes) -> None:
        """The next piece of the output, as it was written."""
        self._take(self._decoder.decode(chunk))

    def _take(self, text: str) -> None:
        room = HEAD - len(self._head)
        self._head += text[:room]
        self._gone += max(0, len(self._tail) + len(text[room:]) - TAIL)
        self._tail = (self._tail + text[room:])[-TAIL:]

    def tick(self) -> None:
        """Tell what is whole, if it is time. What cannot be written down now is told the next time."""
        now = self._seconds()
        if now - self._looked < min(LATE_S, max(SOON_S, SHARE * (now - self._began))):
            return
        self._looked = now
        try:
            self._tell_new(self._head[: max(self._head.rfind("\n"), self._head.rfind("\r")) + 1])
            if self._tail and not self._waits:
                self._tell(f"… more than {HEAD:,} characters; the end of them follows when the hook has ended")
                self._waits = True
        except DatabaseAway:
            return

    def end(self) -> None:
        """Tell the rest, and how much of a long output is left out."""
        self._take(self._decoder.decode(b"", final=True))
        if not self._gone:
            self._tell_new(self._head + self._tail)
            return
        self._tell_new(self._head)
        cut = self._tail.find("\n") + 1
        self._tell(f"… {self._gone + cut:,} characters are left out")
        self._tell_pieces(mask(without_controls(self._tail[cut:])).rstrip())

    def _tell_new(self, said: str) -> None:
        """Tell what was not told yet of all that was said. Blank lines wait for what follows them."""
        lines: list[str] = []
        start = told = 0
        for row in masked_rows(without_controls(said))[0]:
            end = start + len(row.raw) + 1
            begun = start < self._told < end  # a secret of many lines, whose beginning was told
            if end > self._told and (not begun or row.plain[-1].strip()):
                lines.append(MASK + row.plain[-1] if begun else row.text())
                told = end if lines[-1].strip() else told
            start = end
        if told:
            self._tell_pieces("\n".join(lines).rstrip())
            self._told = told

    def _tell_pieces(self, text: str) -> None:
        """Tell masked lines in pieces that an agent's report has room for."""
        piece = ""
        for line in text.split("\n"):
            for part in (line[at : at + PIECE] for at in range(0, max(1, len(line)), PIECE)):
                if piece and len(piece) + len(part) >= PIECE:
                    self._tell(piece)
                    piece = ""
                piece += f"\n{part}" if piece else part
        if piece.strip():
            self._tell(piece)
