"""Every command of the command line: its help, its examples, its bytes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from app.cli.command_line import app
from app.cli.surface.exit_codes import MEANINGS

ROOT = Path(__file__).resolve().parents[2]
ENCODINGS = ({"LC_ALL": "C", "PYTHONUTF8": "0"}, {"PYTHONIOENCODING": "latin-1"}, {"PYTHONIOENCODING": "ascii"})
LOCAL = ("serve", "worker", "migrate", "backup", "restore", "demo", "help", "completion", "user", "agent", "profile",
         "audit head", "audit accept-head", "audit verify")  # fmt: skip


def commands(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield name.strip(), command
        return
    for child in children:
        yield from commands(children[child], f"{name} {child}")


ALL = dict(commands(typer.main.get_command(app)))


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[bytes]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PUSHPULL_", "COLUMNS"))}
    done = subprocess.run(
        [sys.executable, "-m", "app", *arguments], cwd=ROOT, env={**environment, **variables}, capture_output=True,
        check=False, timeout=120, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done


@pytest.mark.parametrize("name", ALL)
def test_every_command_has_a_whole_summary_and_examples_that_it_understands(name: str) -> None:
    command = ALL[name]
    assert command.get_short_help_str(10)
    assert "…" not in command.get_short_help_str(10)
    own = [line for line in command.examples if f"pushpull {name}" in line]
    assert own, f"pushpull {name} has no example"
    for option in re.findall(r"(?<= )--?[a-z][a-z-]*", " ".join(own)):
        known = {text for one in command.params for text in (*one.opts, *one.secondary_opts)}
        assert option in known | {"--profile", "--url", "--token-file"}, f"{name}: {option}"


@pytest.mark.parametrize("name", [one for one in ALL if one.split()[0] not in LOCAL and one not in LOCAL])
def test_every_command_that_asks_a_server_takes_the_connection_and_prints_json(name: str) -> None:
    command = ALL[name]
    options = {text for one in command.get_params(_context(command)) for text in one.opts}
    assert {"--profile", "--url", "--token-file"} <= options
    assert "--json" in options or name == "audit export"


def _context(command: Any) -> Any:
    root = typer.main.get_command(app)
    return command.context_class(command, parent=root.context_class(root))


@pytest.mark.parametrize("width", ["40", "80", "200"])
def test_help_fits_the_terminal_and_leaves_no_blanks_at_its_ends(width: str) -> None:
    for arguments in (("-h",), ("push", "-h"), ("credential", "replace", "--help")):
        lines = run(*arguments, COLUMNS=width).stdout.decode().splitlines()
        assert lines
        assert [line for line in lines if line != line.rstrip() or "…" in line] == []
        assert [line for line in lines if len(line) > int(width) and "pushpull " not in line] == []


@pytest.mark.parametrize("variables", ENCODINGS, ids=str)
def test_help_is_written_in_every_encoding(variables: dict[str, str]) -> None:
    for arguments in (("-h",), ("compare", "-h"), ("help", "connection")):
        done = run(*arguments, **variables)
        assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_learns_to_complete(shell: str) -> None:
    assert b"_PUSHPULL_COMPLETE" in run("completion", shell).stdout


def test_what_a_shell_asks_for_is_completed() -> None:
    asked = {"_PUSHPULL_COMPLETE": "complete_bash", "COMP_WORDS": "pushpull opera", "COMP_CWORD": "1"}
    assert run(**asked).stdout.split() == [b"operations"]


def test_exit_codes_are_explained() -> None:
    shown = run("help", "exit-codes").stdout.decode()
    assert all(meaning in shown for meaning in MEANINGS.values())
    assert run("help", "nothing").returncode == 2
    assert b"Usage: pushpull env add" in run("help", "env", "add").stdout


def test_whoever_reads_may_go_away_and_a_full_disk_is_told() -> None:
    shell = f"{sys.executable} -m app -h"
    gone = subprocess.run(
        ["bash", "-c", f"{shell} | true; echo ${{PIPESTATUS[0]}}"], cwd=ROOT, capture_output=True, text=True
    )
    assert gone.stderr == ""
    assert gone.stdout.strip() in ("0", "141")
    full = subprocess.run(["bash", "-c", f"{shell} > /dev/full"], cwd=ROOT, capture_output=True, text=True)
    assert (full.returncode, full.stderr) == (1, "pushpull: standard output: No space left on device\n")
    closed = subprocess.run(["bash", "-c", f"{shell} >&-"], cwd=ROOT, capture_output=True, text=True)
    assert (closed.returncode, closed.stderr) == (0, "")


def test_what_is_no_text_is_refused_in_words() -> None:
    for arguments in (
        ["push", b"\xff"],
        ["push", "shop", "-m", b"\xff"],
        ["push", "../x"],
        ["env", "list", "--url", "x y"],
    ):
        done = subprocess.run([sys.executable, "-m", "app", *arguments], cwd=ROOT, capture_output=True)
        assert done.returncode == 2, done
        assert b"Traceback" not in done.stderr
        assert done.stderr.startswith(b"pushpull: ")
