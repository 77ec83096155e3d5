"""The commands that make a host an agent."""

from __future__ import annotations

import pytest

from app.domain.agents.enrollment_commands import host_commands


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
