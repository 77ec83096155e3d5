"""Killed at any moment: no torn file, nothing of ours forgotten, right again after one more try."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("layout", ["in_place", "releases"])
def test_thirty_kills_leave_nothing_torn_and_nothing_forgotten(quick_path: Path, layout: str) -> None:
    command = [sys.executable, "-m", "tests.support.killing", str(quick_path), layout]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["broken"] == []
    assert told["interrupted"] >= 3, "too few kills hit an apply to say anything"
