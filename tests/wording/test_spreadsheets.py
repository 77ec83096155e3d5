"""What a spreadsheet gets: no text of others is a formula or hides anything, and nothing of it is lost."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.wording import spreadsheets
from app.wording.visible_text import UNSEEN, visible, visible_lines

SIGNS = "=+-@\t\r\n＝＋－＠'\\"
TEXTS = st.text(st.sampled_from(SIGNS + "abu0\"',\u202e\u200b\x1b\x7f\U000e0041é世") | st.characters(), max_size=12)


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_no_cell_is_a_formula_and_each_gives_its_text_back(texts: list[str]) -> None:
    (row,) = csv.reader(io.StringIO(spreadsheets.line(texts)))
    assert not any(cell.startswith(tuple("=+-@\t\r\n＝＋－＠")) for cell in row)
    assert not any(UNSEEN.search(cell) for cell in row)
    assert [spreadsheets.original(cell) for cell in row] == texts


def test_numbers_stay_numbers_and_nothing_stays_empty() -> None:
    assert spreadsheets.line((-3.5, 0, None, True, "-3.5")) == "-3.5,0,,True,'-3.5\r\n"
    assert spreadsheets.line(({"b": "=1\u202e\x7f"},), "\n") == '"{""b"":""=1\\u202e\\u007f""}"\n'


@pytest.mark.parametrize("text", ["Grüße, 世界", "1\u00a0000 €", "全角\u3000空白", "❤️ 🇩🇪", "", "\\u202e"])
def test_what_can_be_seen_is_left_alone(text: str) -> None:
    assert visible(text) == visible_lines(text) == text


@given(TEXTS)
def test_nothing_hides(text: str) -> None:
    assert not UNSEEN.search(visible(text))
    assert not UNSEEN.search(visible_lines(text).replace("\r\n", "").replace("\n", "").replace("\t", ""))


def test_each_class_of_hiding_characters_is_shown() -> None:
    hidden = [*range(0x20), 0x7F, 0x85, 0x9B, 0xAD, 0x61C, 0x180E, *range(0x200B, 0x2010), 0x2028, 0x2029]
    hidden += [*range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x3164, 0xFEFF, 0xFFF9, 0xE0001, 0xE0041]
    for code in hidden:
        assert visible(chr(code)).startswith("\\"), hex(code)
    assert visible_lines("a\r\nb\n\tc\rd") == "a\r\nb\n\tc\\u000dd"


def test_every_export_is_written_by_the_one_writer() -> None:
    app = Path(__file__).resolve().parents[2] / "app"
    writers = [str(path.relative_to(app)) for path in app.rglob("*.py") if "csv.writer" in path.read_text("utf-8")]
    assert writers == ["wording/spreadsheets.py"]
