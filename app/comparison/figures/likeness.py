"""Whether a row compares like with like: the same sources, and the same kinds of target."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from app.comparison.evidence import Evidence
from app.comparison.result import ComparisonRow
from app.domain.environment import Environment
from app.wording.quantities import listed, plural


def compared_alike(row: ComparisonRow, evidence: Evidence) -> ComparisonRow:
    """The row, saying in what its two sides differ besides the mode. Of environments that were deleted, nothing is
    known."""
    known = {(one.name, one.mode.value): one for one in evidence.environments}
    push, pull = (
        [known[name, cell.mode] for name in _places(row, cell.mode) if (name, cell.mode) in known] for cell in row.cells
    )
    return replace(row, unlike=_difference(push, pull)) if push and pull else row


def _places(row: ComparisonRow, mode: str) -> list[str]:
    (cell,) = (cell for cell in row.cells if cell.mode == mode)
    return sorted({name for case in cell.cases for name in case.environments})


def _difference(push: Iterable[Environment], pull: Iterable[Environment]) -> str:
    """ "Not like with like: ..." in a sentence; "" where nothing differs."""
    sources = [{(one.source.repo_url, one.source.path) for one in side} for side in (push, pull)]
    kinds = [{one.target.kind for one in side} for side in (push, pull)]
    told = []
    if sources[0] != sources[1]:
        shared = len(sources[0] & sources[1])
        told.append(
            f"push delivers {plural(len(sources[0]), 'source')}, pull {plural(len(sources[1]), 'source')}, "
            f"{shared:,} of them the same"
        )
    if kinds[0] != kinds[1]:
        told.append(f"push goes to {listed(sorted(kinds[0]))}, pull to {listed(sorted(kinds[1]))}")
    return f"Not like with like: {'; '.join(told)}." if told else ""
