"""Which lines of two texts correspond, in bounded work: difflib alone takes over a minute for some 20,000 lines.

Lines that stand exactly once on both sides are paired first; what lies between them is small and goes to difflib. Where
it is not small, it is one replacement: coarser, never wrong.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import Match, SequenceMatcher

_DEPTH = 4
_SMALL, _BUDGET = 60_000, 600_000  # pairs of lines that may be compared with each other: in one gap, in all


class Alignment(SequenceMatcher[str]):
    """difflib's matcher with matching blocks found in bounded work."""

    def __init__(self, old: Sequence[str], new: Sequence[str]) -> None:
        self._left = _BUDGET
        self._blocks = _merged([*self._between(old, new, (0, len(old)), (0, len(new)), 0)], len(old), len(new))
        super().__init__(None, [], [], autojunk=False)
        self.a, self.b = old, new

    def get_matching_blocks(self) -> list[Match]:
        """Blocks of equal lines, in order, with an empty one at the end."""
        return self._blocks

    def _between(
        self, old: Sequence[str], new: Sequence[str], rows: tuple[int, int], columns: tuple[int, int], depth: int
    ) -> Iterator[Match]:
        """Matching blocks of old[rows] and new[columns]."""
        (a, a_end), (b, b_end) = rows, columns
        start, end = _ends(old[a:a_end], new[b:b_end])
        yield Match(a, b, start)
        inner_a, inner_b = old[a + start : a_end - end], new[b + start : b_end - end]
        if inner_a and inner_b:
            for found in self._inside(inner_a, inner_b, depth):
                yield Match(found.a + a + start, found.b + b + start, found.size)
        yield Match(a_end - end, b_end - end, end)

    def _inside(self, old: Sequence[str], new: Sequence[str], depth: int) -> Iterator[Match]:
        anchors = _anchors(old, new) if depth < _DEPTH else []
        if not anchors:
            yield from self._small(old, new)
            return
        a = b = 0
        for row, column in [*anchors, (len(old), len(new))]:
            yield from self._between(old, new, (a, row), (b, column), depth + 1)
            if row < len(old):
                yield Match(row, column, 1)
            a, b = row + 1, column + 1

    def _small(self, old: Sequence[str], new: Sequence[str]) -> Iterator[Match]:
        cost = len(old) * len(new)
        if cost <= min(_SMALL, self._left):
            self._left -= cost
            yield from SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()


def _ends(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many lines are equal at the start, and how many of the others at the end."""
    most = min(len(old), len(new))
    start = next((n for n in range(most) if old[n] != new[n]), most)
    end = next((n for n in range(most - start) if old[-1 - n] != new[-1 - n]), most - start)
    return start, end


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """The longest rising chain of pairs of lines that stand once on each side."""
    once, there = Counter(old), Counter(new)
    places = {line: at for at, line in enumerate(new) if there[line] == 1}
    pairs = [(at, places[line]) for at, line in enumerate(old) if once[line] == 1 and line in places]
    tails: list[int] = []
    last: list[int] = []
    before = [-1] * len(pairs)
    for index, (_, column) in enumerate(pairs):
        length = bisect_left(tails, column)
        before[index] = last[length - 1] if length else -1
        tails[length : length + 1], last[length : length + 1] = [column], [index]
    chain, index = [], last[-1] if last else -1
    while index >= 0:
        chain.append(pairs[index])
        index = before[index]
    return chain[::-1]


def _merged(blocks: list[Match], rows: int, columns: int) -> list[Match]:
    """Blocks that touch are one; empty ones are left out, but for the last."""
    merged: list[Match] = []
    for block in blocks:
        if merged and merged[-1].a + merged[-1].size == block.a and merged[-1].b + merged[-1].size == block.b:
            merged[-1] = Match(merged[-1].a, merged[-1].b, merged[-1].size + block.size)
        elif block.size:
            merged.append(block)
    return [*merged, Match(rows, columns, 0)]
