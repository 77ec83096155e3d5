"""Objects as items: a JSON document under a key. Who renders documents and who delivers them agree on this digest."""

from __future__ import annotations

import hashlib
import json

from app.domain.state.items import Item


def document_item(content: bytes) -> Item:
    """The item of a JSON document. Documents that say the same have the same digest, however they are written; what is
    no JSON has none."""
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        return Item("")
    plain = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Item(hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest())


def canonical(value: object) -> bytes:
    """A JSON value in canonical form, readable line by line."""
    return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def readable(content: bytes) -> bytes:
    """A live document as a target's `read` gives it: in canonical form, so that a diff shows what it says and not how
    it is written. What is no JSON document stays as it is."""
    try:
        return canonical(json.loads(content))
    except (ValueError, RecursionError):
        return content
