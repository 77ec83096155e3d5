"""Readable differences of one file: bounded, whatever the file holds."""

from __future__ import annotations

import random
import time

import pytest

from app.domain.diffs.unified import CHANGED, MAX_LINES, unified
from app.domain.masking import MASK

PATIENCE_S = 5.0  # it takes about a quarter of a second; without a bound, half a minute


@pytest.mark.thorough
@pytest.mark.parametrize("line", ["{0}", "PASSWORD={0}", "PASSWORD{0}=x{0}"])
def test_thousands_of_changed_lines_are_compared_in_bounded_time(line: str) -> None:
    numbers = random.Random(7)
    old, new = (
        "".join(line.format(numbers.randrange(10**6)) + "\n" for _ in range(MAX_LINES - 1)).encode() for _ in range(2)
    )
    started = time.process_time()
    assert unified(old, new, "a.txt", limit=10_000)
    assert time.process_time() - started < PATIENCE_S


def test_a_secret_is_held_against_the_same_line_before() -> None:
    old = b"PASSWORD=one-secret\nTOKEN=two-secret\nPORT=80\n"
    new = b"PASSWORD=one-secret\nTOKEN=new-secret\nPORT=81\n"
    shown = unified(old, new, "app.env", limit=10_000)
    assert shown is not None
    assert f" PASSWORD={MASK}\n-TOKEN={MASK}\n-PORT=80\n+TOKEN={CHANGED}\n+PORT=81" in shown
