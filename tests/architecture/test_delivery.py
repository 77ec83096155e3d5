"""What an installation is made from says the same everywhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import app
from app.config import Settings

ROOT = Path(__file__).resolve().parents[2]
LOCKS = [ROOT / "requirements.lock", ROOT / "requirements-server.lock"]
CONTAINER = [ROOT / "Dockerfile", ROOT / "docker-compose.yml"]


def pinned(lock: Path) -> set[str]:
    """The packages with their versions."""
    return set(re.findall(r"^[\w.\[\]-]+==\S+", lock.read_text("utf-8"), re.MULTILINE))


def names(requirements: list[str]) -> set[str]:
    """Package names without extras and versions, as a lock spells them."""
    return {re.split(r"[\[<>=~! ]", requirement)[0] for requirement in requirements}


def test_the_locks_name_no_place_to_download_from() -> None:
    found = {lock.name: re.findall(r"\S*://\S*|--(?:extra-)?index\S*|--find-links", lock.read_text()) for lock in LOCKS}
    assert {name: places for name, places in found.items() if places} == {}


def test_every_dependency_is_pinned_and_the_image_has_what_the_checkout_has() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    everything, server = (pinned(lock) for lock in LOCKS)
    extras = project["optional-dependencies"]
    assert server <= everything
    assert names(project["dependencies"] + extras["build"]) <= {pin.partition("==")[0] for pin in server}
    assert names(extras["dev"]) <= {pin.partition("==")[0] for pin in everything}


def test_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    image = re.findall(r"image: pushpull-cd:(\S+)", CONTAINER[1].read_text("utf-8"))
    assert [project["version"], *image] == [app.__version__, app.__version__]


def test_the_container_sets_only_settings_that_exist() -> None:
    known = {f"PUSHPULL_{name.upper()}" for name in Settings.model_fields}
    assert {
        name for path in CONTAINER for name in re.findall(r"PUSHPULL_[A-Z_]+[A-Z]", path.read_text("utf-8"))
    } <= known
