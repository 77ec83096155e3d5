"""The commands that make a host an agent."""

from __future__ import annotations

import pytest

from app.domain.agents.enrollment_commands import host_commands, service_unit


@pytest.mark.parametrize(
    ("server", "openly"),
    [
        ("https://push.example.org", False),
        ("http://push.lan:8000", True),
        ("http://127.0.0.1:8000", False),
        ("http://localhost", False),
        ("http://[::1]:80", False),
        ("http://localhost.example.org", True),
    ],
)
def test_plain_http_is_allowed_only_where_it_is_meant(server: str, openly: bool) -> None:
    first, second = host_commands(server).splitlines()
    assert ("--allow-http" in first) == openly
    assert second == "pushpull agent run --data-dir /var/lib/pushpull-agent"


def test_an_address_is_one_word() -> None:
    assert "--server 'http://push.lan/;x' " in host_commands("http://push.lan/;x")


def test_directories_of_the_agents_machine_are_opened_to_it() -> None:
    places, repositories = ["/srv/shop", "/srv/my docs"], ["/home/ann/shop", "https://git.example.org/docs.git"]
    _, run = host_commands("https://push.lan", places, repositories).splitlines()
    assert run.startswith(
        "PUSHPULL_TARGET_ROOTS='/srv/my docs:/srv/shop' PUSHPULL_SOURCE_ROOTS=/home/ann/shop pushpull agent run"
    )


def test_the_unit_opens_the_same_directories_and_starts_again() -> None:
    unit = service_unit(["/srv/my docs", "/srv/100%"], ["/home/ann/shop", "https://git.example.org/docs.git"])
    assert 'Environment="PUSHPULL_TARGET_ROOTS=/srv/100%%:/srv/my docs"' in unit
    assert 'Environment="PUSHPULL_SOURCE_ROOTS=/home/ann/shop"' in unit
    assert "ExecStart=/usr/bin/env pushpull agent run --data-dir /var/lib/pushpull-agent" in unit
    assert "Restart=always" in unit
    assert "Environment" not in service_unit()
