"""Whatever a terminal or a pipe can show, a command never ends in a traceback over it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import sys
from app.cli import output
from app.cli.surface import plain_bytes
plain_bytes.ready()
output.line("\\u2192 push \\u00fc \\u4e16")
output.say("\\u2190 pull \\u4e16 \\u202e")
output.say("\\u2190 pull \\u4e16", err=True)
output.as_json({"subject": "\\u2192 \\u4e16"})
output.table(["A"], [["\\u2192 \\u4e16"]])
"""


@pytest.mark.parametrize(
    "variables", [{"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "latin-1"}, {"LC_ALL": "C", "PYTHONUTF8": "0"},
                  {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}]
)  # fmt: skip
def test_every_encoding_can_be_written(variables: dict[str, str]) -> None:
    given = {**os.environ, **variables}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=given, capture_output=True, cwd=ROOT)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr
    assert b"push" in done.stdout


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_standard_streams_are_no_failure(closed: str) -> None:
    command = f'"$0" -c "$1" {closed}'
    done = subprocess.run(["sh", "-c", command, sys.executable, SCRIPT], capture_output=True, cwd=ROOT)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr
