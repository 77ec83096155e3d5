"""A signal that comes at the worst moment ends a process all the same."""

from __future__ import annotations

import subprocess
import sys

WAITS = """
import os, signal, sys
from app.processes.end_signals import EndSignals

def strike(frame, event, argument):
    if frame.f_code.co_name in ("wait", "__enter__", "_is_owned"):
        os.kill(os.getpid(), signal.SIGTERM)
        return strike

asked = EndSignals()
sys.settrace(strike)
asked.wait()
sys.settrace(None)
"""


def test_a_signal_at_any_step_of_waiting_is_heard() -> None:
    assert subprocess.run([sys.executable, "-c", WAITS], timeout=30, check=False).returncode == 0
