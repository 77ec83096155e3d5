"""The answer says what the verdicts hold, on how many cases, and what is missing; and no more."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.comparison import Call, Comparison, ComparisonRow, Evidence, Pairing, Verdict, answer_of, compare_modes
from app.comparison.summary.answer import in_brief
from app.comparison.summary.groups import grouped
from app.comparison.window import parse_window

EMPTY = compare_modes(Evidence(parse_window("7d", datetime(2026, 11, 20, tzinfo=UTC))))
WORDS = {Call.PUSH: "12 s sooner", Call.PULL: "12 s sooner", Call.EVEN: "No difference shown", Call.OPEN: "By design"}
NAMED = re.compile(r"\b(push|pull) has ", re.IGNORECASE)


def verdict(call: Call, size: float = 12.0) -> Verdict:
    """As the judgement makes one: its difference is on the side of the winner."""
    difference = -size if call is Call.PUSH else size
    tested = call in (Call.PUSH, Call.PULL, Call.EVEN)
    p = None if not tested else 0.5 if call is Call.EVEN else 0.001
    return Verdict(call, WORDS.get(call, "Too few to say"), difference, None, p, p, word="sooner")


def measured(key: str, call: Call, push: int, pull: int) -> ComparisonRow:
    row = EMPTY.row(key)
    cells = (replace(cell, n=n, value=3.0 if n else None) for cell, n in zip(row.cells, (push, pull), strict=True))
    first, second = cells
    return replace(row, push=first, pull=second, verdict=verdict(call))


def paired(call: Call, n: int) -> Pairing:
    return replace(EMPTY.paired[0], n=n, push=4.0, pull=9.0, verdict=verdict(call))


def with_rows(*rows: ComparisonRow, paired: tuple[Pairing, ...] = ()) -> Comparison:
    of = {row.heading.key: row for row in rows}
    return replace(EMPTY, rows=tuple(of.get(row.heading.key, row) for row in EMPTY.rows), paired=paired)


counts = st.integers(0, 3000)


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    """Any verdict on any number of cases; one that was tested has a case on either side."""

    def row(key: str) -> ComparisonRow:
        push, pull = draw(counts), draw(counts)
        call = draw(st.sampled_from(Call)) if min(push, pull) else Call.TOO_FEW
        return measured(key, call, push, pull)

    rows = [row(one.heading.key) for one in EMPTY.rows]
    pairs = draw(counts)
    return with_rows(*rows, paired=(paired(draw(st.sampled_from(Call)) if pairs else Call.TOO_FEW, pairs),))


@given(comparisons())
def test_the_sentence_names_a_mode_only_where_a_verdict_does_and_always_says_n(found: Comparison) -> None:
    answer = answer_of(found)
    named = [one.lower() for one in NAMED.findall(answer.sentence)]
    held = [one.verdict.winner for one in answer.figures if one.verdict.winner]
    assert named == held
    lines: list[ComparisonRow | Pairing] = [*found.rows, *found.paired]
    verdicts = {(one.heading.key, one.verdict.winner) for one in lines}
    assert {(one.heading.key, one.verdict.winner) for one in answer.figures} <= verdicts
    assert all(one.n_in_words in answer.sentence for one in answer.figures)
    assert answer.sentence.endswith(".")
    assert answer.known == any(one.verdict.tested for one in answer.figures)


@given(comparisons())
def test_what_has_no_verdict_is_named_once_with_what_it_lacks(found: Comparison) -> None:
    told = [key for lack in answer_of(found).unknown for key in lack.titles]
    assert sorted(told) == sorted(row.heading.key for row in found.rows if row.verdict.call is Call.TOO_FEW)
    assert all(lack.reason for lack in answer_of(found).unknown)


@given(comparisons())
def test_every_question_stands_in_one_of_the_four_groups(found: Comparison) -> None:
    groups = grouped(found.rows)
    assert [group.key for group in groups] == ["status", "installation", "suits", "security"]
    assert sorted(row.heading.key for group in groups for row in group.rows) == sorted(
        row.heading.key for row in found.rows
    )
    for group in groups:
        counted = sum(len(group.called(call)) for call in Call) + len(group.unmeasured)
        assert counted == len(group.rows)


def test_the_sentence_reads_well() -> None:
    rows = (
        measured("lead_time", Call.PUSH, 120, 96),
        measured("time_in_drift", Call.PULL, 30, 41),
        measured("time_to_restore", Call.EVEN, 22, 20),
    )
    assert answer_of(with_rows(*rows)).sentence == (
        "Push has a commit live 12 s sooner (n 120 and 96); pull has drift mended 12 s sooner (n 30 and 41); "
        "for how soon a rollback is live no difference is shown (n 22 and 20)."
    )


def test_the_same_commits_tell_more_than_the_rest() -> None:
    row = measured("lead_time", Call.PULL, 300, 300)
    assert answer_of(with_rows(row, paired=(paired(Call.PUSH, 30),))).sentence.startswith(
        "Push has a commit live 12 s sooner (30 pairs); nothing can be said yet about how long drift lasts and "
    )
    assert "30 pairs" not in answer_of(with_rows(row, paired=(paired(Call.TOO_FEW, 3),))).sentence


def test_where_nothing_is_known_it_says_so_with_what_there_is() -> None:
    answer = answer_of(with_rows(measured("lead_time", Call.TOO_FEW, 3, 1)))
    assert answer.sentence == (
        "Whether push or pull serves you better is not known yet; too little was measured (how soon a commit is live: "
        "n 3 and 1, how long drift lasts: n 0 and 0, how soon a rollback is live: n 0 and 0)."
    )
    assert not answer.known
    assert answer_of(EMPTY).sentence == (
        "Whether push or pull serves you better is not known yet; nothing was measured so far (n 0 and 0)."
    )
    assert {lack.reason: tuple(lack.titles) for lack in answer.unknown}[
        "Too few cases; 20 of each mode are needed"
    ] == ("lead_time",)


@pytest.mark.parametrize(
    ("call", "n", "environments", "told"),
    [
        (Call.PUSH, (30, 30), {"push": 6, "pull": 6}, "12 s sooner"),
        (Call.EVEN, (30, 30), {"push": 6, "pull": 6}, "no difference shown"),
        (Call.TOO_FEW, (30, 4), {"push": 6, "pull": 6}, "too few: 4 of 20 cases"),
        (Call.TOO_FEW, (30, 30), {"push": 6, "pull": 2}, "too few: 2 of 5 environments"),
        (Call.TOO_FEW, (30, 30), {"push": 6, "pull": 6}, "too few to say"),
    ],
)
def test_a_verdict_in_brief(call: Call, n: tuple[int, int], environments: dict[str, int], told: str) -> None:
    of = replace(verdict(call), environments=environments)
    assert in_brief(EMPTY.row("lead_time").heading, of, n) == told
