"""Which targets are allowed, in words that name the field and the mend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.domain.environment import TargetSpec
from app.domain.errors import InvalidInput, TargetRefused
from app.targets.files.allowed_roots import overlaps
from app.targets.target_registry import KINDS, TargetRegistry
from tests.targets.conftest import Site, environment


@pytest.fixture
def registry(tmp_path: Path) -> TargetRegistry:
    for name in ("data/mirrors", "srv/www", "srv2", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "srv" / "file").touch()
    (tmp_path / "srv" / "out").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "srv" / "in").symlink_to(tmp_path / "srv2")
    return TargetRegistry(tmp_path / "data", [tmp_path / "srv", tmp_path / "srv2", tmp_path / "data"])


def wrong(registry: TargetRegistry, kind: str = "directory", **options: Any) -> Mapping[str, str]:
    with pytest.raises(InvalidInput) as refused:
        registry.check(kind, options)
    return refused.value.fields


def test_a_directory_below_a_root_is_fine(registry: TargetRegistry, tmp_path: Path) -> None:
    for given, meant in (("srv/www", "srv/www"), ("srv/new/er", "srv/new/er"), ("srv/in/x", "srv2/x"), ("srv", "srv")):
        checked = registry.check("directory", {"path": str(tmp_path / given)})
        assert checked == {"path": str(tmp_path / meant), "layout": "in_place"}
        assert registry.check("directory", checked) == checked
    assert registry.check("directory", {"path": "www"})["path"] == str(tmp_path / "srv" / "www")
    assert registry.check("directory", {"path": str(tmp_path / "data" / "shop")})["path"].endswith("data/shop")
    assert registry.check("directory", {"path": "x", "layout": "releases"}) == {
        "path": str(tmp_path / "srv" / "x"), "layout": "releases", "keep_releases": 5
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/", "lies outside PUSHPULL_TARGET_ROOTS"),
        ("/etc", "lies outside PUSHPULL_TARGET_ROOTS"),
        ("{tmp}", "lies outside PUSHPULL_TARGET_ROOTS"),
        ("{tmp}/elsewhere", "lies outside PUSHPULL_TARGET_ROOTS"),
        ("{tmp}/srv/out", "lies outside PUSHPULL_TARGET_ROOTS"),
        ("{tmp}/srv/out/deeper", "lies outside PUSHPULL_TARGET_ROOTS"),
        ("{tmp}/srvice", "lies outside PUSHPULL_TARGET_ROOTS"),
        ("{tmp}/srv/../elsewhere", "must be a plain path"),
        ("a\nb", "must be a plain path"),
        ("~/shop", "must be written out"),
        ("~kim/shop", "must be written out"),
        ("", "is required"),
        (None, "is required"),
        (7, "is required"),
        ("{tmp}/srv/file", "is a file"),
        ("{tmp}/data", "PushPull's own data"),
        ("{tmp}/data/mirrors", "PushPull's own data"),
        ("{tmp}/data/mirrors/x", "PushPull's own data"),
        ("{tmp}/data/inventories/7", "PushPull's own data"),
        ("{tmp}/data/pushpull.db", "PushPull's own data"),
    ],
)
def test_other_places_are_refused_by_field(registry: TargetRegistry, tmp_path: Path, path: Any, words: str) -> None:
    given = path.replace("{tmp}", str(tmp_path)) if isinstance(path, str) else path
    fields = wrong(registry, path=given)
    assert fields.keys() == {"target.path"}
    assert words in fields["target.path"]


def test_a_root_above_the_data_is_no_target(tmp_path: Path) -> None:
    (tmp_path / "srv" / "data").mkdir(parents=True)
    registry = TargetRegistry(tmp_path / "srv" / "data", [tmp_path / "srv"])
    assert "PushPull's own data" in wrong(registry, path=str(tmp_path / "srv"))["target.path"]


def test_every_wrong_option_is_named_at_once(registry: TargetRegistry) -> None:
    fields = wrong(registry, path="/etc", layout="sideways", keep_releases=0, owner="root")
    assert fields.keys() == {"target.path", "target.layout", "target.keep_releases", "target.owner"}
    assert "path, layout, keep_releases" in fields["target.owner"]
    assert wrong(registry, path="x", colour="red").keys() == {"target.colour"}
    for keep in (True, "5", 101, 1.5):
        assert wrong(registry, path="x", layout="releases", keep_releases=keep).keys() == {"target.keep_releases"}


def test_an_unknown_kind_is_told_the_known_ones(registry: TargetRegistry) -> None:
    known = ", ".join(kind.info.name for kind in KINDS)
    assert wrong(registry, "balloon") == {"target.kind": f"must be one of {known}"}
    assert [field.name for field in registry.kinds()["directory"].fields] == ["path", "layout", "keep_releases"]
    with pytest.raises(TargetRefused, match="balloon"):
        registry.open(environment(1, "balloon"))


def test_roots_that_were_narrowed_since_are_obeyed(site: Site) -> None:
    (site.roots / "narrow").mkdir()
    narrowed = TargetRegistry(site.data, [site.roots / "narrow"])
    with pytest.raises(TargetRefused, match="PUSHPULL_TARGET_ROOTS"):
        narrowed.open(site.environment)


def test_overlaps() -> None:
    assert overlaps("/srv/a", "/srv/a")
    assert overlaps("/srv/a", "/srv/a/b")
    assert overlaps("/srv/a/b", "/srv/a")
    assert not overlaps("/srv/a", "/srv/ab")
    assert not overlaps("/srv/a", "/srv/b")


def test_another_environment_in_the_same_place_is_named(registry: TargetRegistry) -> None:
    mine = replace(environment(1, "directory", path="/srv/shop/front"), name="front")
    others = {
        "front": TargetSpec("directory", {"path": "/srv/shop/front"}),
        "api": TargetSpec("directory", {"path": "/srv/api"}),
        "cloud": TargetSpec("kubernetes", {"path": "/srv/shop/front"}),
    }
    assert registry.overlapping(mine, others) is None
    assert registry.overlapping(mine, {**others, "shop": TargetSpec("directory", {"path": "/srv/shop"})}) == "shop"


def test_what_we_know_is_readable_by_us_only(site: Site) -> None:
    site.open().look()
    folder = site.data / "inventories" / "7"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "inventory.db").stat().st_mode & 0o777 == 0o600
    assert (folder / "lock").stat().st_mode & 0o777 == 0o600
