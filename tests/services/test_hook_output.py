"""What a hook says is told while it runs: each line once, whole, masked, within a bound, whatever the pieces."""

from __future__ import annotations

import random

from app.domain.errors import DatabaseAway
from app.services.operations.hook_output import HEAD, PIECE, TAIL, HookOutput

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\n" + "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAA\n" * 6
KEY += "-----END OPENSSH PRIVATE KEY-----\n"
SAID = (
    "first\r\n\r\n\x1b[31mred\x1b[0m gr\u00fc\u00df\n\x1b]0;a title that never ends\nafter it\n"
    f"10%\r20%\r30%\ntoken=hunter2hunter2\nkey:\n{KEY}after the key\n\n\nlast without an end"
)


class Told:
    """A log, and a clock that the test moves."""

    def __init__(self) -> None:
        self.entries: list[str] = []
        self.now = 0.0
        self.away = False

    def tell(self, text: str) -> None:
        if self.away:
            raise DatabaseAway
        self.entries.append(text)

    def output(self) -> HookOutput:
        return HookOutput(self.tell, lambda: self.now)

    def lines(self) -> list[str]:
        return [line for entry in self.entries for line in entry.split("\n") if line]


def whole(said: str) -> list[str]:
    told = Told()
    output = told.output()
    output.hear(said.encode())
    output.end()
    return told.lines()


def test_the_pieces_in_which_it_comes_make_no_difference() -> None:
    expected = whole(SAID)
    assert expected == [
        "first", "red gr\u00fc\u00df", "after it", "10%", "20%", "30%", "token=*****", "key:", "*****",
        "after the key", "last without an end",
    ]  # fmt: skip
    chance = random.Random(9)
    for _ in range(60):
        told, raw = Told(), SAID.encode()
        output = told.output()
        while raw:
            size = chance.choice((1, 2, 7, 40, 200))
            output.hear(raw[:size])
            raw = raw[size:]
            told.now += chance.choice((0.0, 0.1, 3.0))
            told.away = chance.random() < 0.2
            output.tick()
        told.away = False
        output.end()
        assert told.lines() == expected


def test_a_line_is_told_before_the_end_and_half_a_line_is_not() -> None:
    told = Told()
    output = told.output()
    output.hear(b"one\npassword=hun")
    output.tick()
    assert told.entries == [], "what comes at once is told together"
    told.now += 0.3
    output.tick()
    assert told.entries == ["one"]
    output.hear(b"ter2hunter2\n")
    told.now += 0.3
    output.tick()
    assert told.entries == ["one", "password=*****"]
    told.now += 0.3
    output.tick()
    assert len(told.entries) == 2, "where nothing is new, nothing is told"


def test_a_flood_is_bounded_and_says_what_is_left_out() -> None:
    told = Told()
    output = told.output()
    flood = "".join(f"line {number}\n" for number in range(50_000))
    for at in range(0, len(flood), 10_000):
        output.hear(flood[at : at + 10_000].encode())
        told.now += 1
        output.tick()
    output.end()
    lines = told.lines()
    assert (lines[0], lines[-1]) == ("line 0", "line 49999")
    assert sum(map(len, told.entries)) < HEAD + TAIL + 500
    assert max(map(len, told.entries)) <= PIECE
    (gap,) = [line for line in lines if "left out" in line]
    shown = sum(len(line) + 1 for line in lines if line.startswith("line "))
    assert abs(int(gap.split()[1].replace(",", "")) + shown - len(flood)) <= len("line 49999\n")


def test_one_long_line_is_told_in_pieces() -> None:
    told = Told()
    output = told.output()
    output.hear(b"x" * 5000)
    output.end()
    assert "".join(told.lines()) == "x" * 5000
    assert max(map(len, told.entries)) <= PIECE
