"""What a browser with an empty cache loads for one page, counted in bytes as they travel."""

from __future__ import annotations

import re
from urllib.parse import urldefrag

import httpx

LINKED = re.compile(r'(?:src|<link[^>]* href|<use href)="(/[^"]+)"')


def first_visit(client: httpx.Client, path: str) -> dict[str, int]:
    """{address: bytes of its body} of a page and of every file that it names. `client` says what encodings it takes."""
    page = client.get(path)
    assert page.status_code == 200, (path, page.status_code)
    sizes = {path: page.num_bytes_downloaded}
    for url in {urldefrag(found.replace("&amp;", "&")).url for found in LINKED.findall(page.text)}:
        answer = client.get(url)
        assert answer.status_code == 200, url
        sizes[url] = answer.num_bytes_downloaded
    return sizes
