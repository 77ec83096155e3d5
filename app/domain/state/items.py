"""What a state is made of: items under keys, whatever delivers them. A file and an object travel the same road.

The core compares digests and traits for equality and reads neither; only who made an item knows what they say.
"""

from __future__ import annotations

from dataclasses import dataclass

Key = bytes  # b"css/site.css" of a file, b"apps/Deployment/shop/web" of an object: unique within a state, sortable


@dataclass(frozen=True, slots=True)
class Item:
    """What stands at a key. `digest` is equal where the content is; "" where there is none, or none that can be read.
    `traits` is what an item has beside its content and is delivered with it, such as "100755" of a file; "" for none.
    """

    digest: str
    traits: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A key whose item differs between two states; None where it does not exist."""

    key: Key
    before: Item | None
    after: Item | None


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Something that is declared and not delivered as it is meant, `kind` being "submodule", "lfs_pointer",
    "gitattributes" (a file that asks for eol or export-ignore of others) or "conversion" (one that asks for more)."""

    key: Key
    kind: str


def printable(key: Key) -> str:
    """A key as text for pages and JSON: UTF-8, with other bytes as \\xNN."""
    return key.decode("utf-8", "backslashreplace")
