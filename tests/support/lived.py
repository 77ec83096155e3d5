"""A past for an installation in which everything that the comparison counts has happened."""

from __future__ import annotations

from typing import Any

from tests.support.installation import ME, Installation

WELL: dict[str, Any] = {"health_check": {"kind": "command", "command": ["grep", "-q", "well", "index.html"]}}


def commit(here: Installation, text: str) -> str:
    here.clock.pass_(60)
    return here.repo.commit({"deploy/index.html": f"{text}\n"}, when=int(here.clock.at.timestamp()))


def both(here: Installation, text: str) -> None:
    sha = commit(here, text)
    here.push(sha)
    here.poll()


def live_in(here: Installation) -> None:
    """Deliveries, a bad release and its mend, a lost pipeline, drift healed and open, a rollback; both modes; a third
    environment with another label, that was switched."""
    here.register("push", "shop", **WELL)
    here.register("pull", "docs", **WELL)
    here.register("push", "turned")
    for name, tier in (("shop", "a"), ("docs", "a"), ("turned", "b")):
        here.use_cases.registration.edit(name, {"labels": {"tier": tier}}, ME)
    for text in ("well 1", "broken", "well 2"):
        both(here, text)
    commit(here, "well 3")
    here.poll()  # the pipeline of shop never came
    both(here, "well 4")
    for name in ("shop", "docs"):
        (here.servers / name / "index.html").write_text("well, by hand\n")
        here.refresh(name)
    here.use_cases.drift.heal("shop", ME)
    here.run()
    here.push(here.repo.sha("main"), "turned")
    here.use_cases.switching.switch("turned", {"mode": "pull"}, ME)
    both(here, "well 5")
