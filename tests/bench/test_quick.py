"""Every benchmark works. What it measures is not judged here: that would depend on the machine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import NAMES, NOT_INSTALLED
from bench.ground import ROOT

SHORT = ("first_visit", "ssh")


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.thorough] * (n not in SHORT)) for n in NAMES])
def test_it_runs_and_writes_what_it_found(name: str, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "bench", name, "--quick", "--out", str(tmp_path / "out"), "--folder", str(tmp_path)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == NOT_INSTALLED:
        pytest.skip(f"benchmarks: {done.stderr.splitlines()[-1]}")
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = json.loads((tmp_path / "out" / "results.json").read_text("utf-8")).values()
    assert found["figures"]
    assert found["verdicts"]
    page = (tmp_path / "out" / "results.md").read_text("utf-8")
    assert f"## {found['title']}" in page
    assert str(tmp_path) not in page
    assert [file.name for file in tmp_path.iterdir()] == ["out"], "nothing is left behind"
