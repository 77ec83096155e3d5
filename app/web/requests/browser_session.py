"""What a browser's requests carry: the cookie of a session, and where the request comes from."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request

from app.domain.errors import NotPermitted

COOKIE = "pushpull_session"
DEVICE = "pushpull_device"  # who logged in before with this browser
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})  # methods that change nothing


def require_same_origin(request: Request) -> None:
    """Refuse a cookie's authority for a request that another site made.

    Browsers say where a request comes from in Sec-Fetch-Site, older ones and those on plain HTTP in Origin; a client
    that sends neither is no browser and holds no cookie by accident. Only hosts are compared, because a TLS proxy may
    speak plain HTTP with us.
    """
    site = request.headers.get("sec-fetch-site")
    if site in ("same-origin", "none"):
        return
    origin = request.headers.get("origin")
    if site is None and (origin is None or _host(origin) == request.headers.get("host", "")):
        return
    raise NotPermitted("The request came from another site and was not carried out.")


def _host(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None
