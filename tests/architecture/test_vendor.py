"""Files of others lie here unchanged, and load nothing from elsewhere."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

VENDOR = Path(__file__).resolve().parents[2] / "static" / "vendor"
ROW = re.compile(r"^\| (?P<file>\S+) \|.*\| `(?P<digest>[0-9a-f]{64})` \|$", re.MULTILINE)


def test_every_vendored_file_is_listed_with_its_digest() -> None:
    listed = {row["file"]: row["digest"] for row in ROW.finditer((VENDOR / "VENDOR.md").read_text("utf-8"))}
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in VENDOR.glob("*.*s")}
    assert listed == found


def test_no_vendored_file_asks_another_host() -> None:
    asked = {path.name: re.findall(r"sourceMappingURL|@import|url\(\s*[\"']?(?:https?:)?//", text)
             for path in VENDOR.glob("*.*s") for text in [path.read_text("utf-8")]}  # fmt: skip
    assert {name: places for name, places in asked.items() if places} == {}
