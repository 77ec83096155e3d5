"""What commits, files and servers say reaches logs and terminals as text: it begins no line and steers nothing."""

from __future__ import annotations

import io
import json
import logging
import sys
import time
from collections.abc import Iterator

import pytest
import structlog

from app.cli import output
from app.logs import light, structured
from app.logs.redaction import redact

EVIL = "x\nFORGED line\r\x1b]0;title\x07\x1b[2J\u202e\x9b31m"
STEERING = {"\x1b", "\x07", "\r", "\u202e", "\x9b"}


@pytest.fixture(params=["text", "json"])
def written(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the process logs."""
    root, stream = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "stderr", stream)
    structured.configure(request.param, "info")
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def test_no_line_of_a_log_is_forged(written: io.StringIO) -> None:
    structlog.get_logger("ours").info(EVIL, detail=EVIL)
    logging.getLogger("a library").warning("said %s", EVIL)
    text = written.getvalue()
    assert len(text.splitlines()) == 2
    assert not STEERING & set(text)


@pytest.mark.parametrize("style", ["text", "json"])
def test_no_line_of_an_agents_log_is_forged(written: io.StringIO, style: str) -> None:
    logging.getLogger().handlers[0].setFormatter(light.Lines(style))
    logging.getLogger("ours").info(EVIL, extra={"detail": EVIL})
    text = written.getvalue()
    assert len(text.splitlines()) == 1
    assert not STEERING & set(text)


def test_secrets_are_masked_in_what_libraries_log_too(written: io.StringIO) -> None:
    logging.getLogger("a library").warning("cannot reach https://ann:hunter2secret@git.example.org/x")
    structlog.get_logger("ours").info("said", token="hunter2secret", nested={"password": "hunter2secret"})
    assert "hunter2secret" not in written.getvalue()


@pytest.mark.parametrize("text", ["a" * 200_000, "a://" * 50_000, "token " * 40_000, "-----BEGIN " * 20_000])
def test_masking_a_log_line_takes_bounded_time(text: str) -> None:
    started = time.process_time()
    redact({"detail": text})
    assert time.process_time() - started < 10


def test_nothing_that_the_command_line_prints_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    output.line(output.escape(EVIL))
    output.table(["A"], [[output.escape(EVIL)]])
    output.say(EVIL.replace("\n", ""))
    output.say(EVIL.replace("\n", ""), err=True)
    output.as_json({"subject": EVIL, "deleted": "\x7f"})
    out = capsys.readouterr()
    assert not (STEERING | {"\x7f"}) & set(out.out + out.err)


def test_json_stays_the_same_json(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"subject": EVIL, "deleted": "\x7f", "star": "\U000e0001 \xa0 ü"}
    output.as_json(value)
    assert json.loads(capsys.readouterr().out) == value
