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
    that sends neither is no browser and holds no cookie by accident. Our own hosts are the one that was asked for and
    that of the public address, because a proxy may ask for another one; schemes are not compared, because a TLS proxy
    may speak plain HTTP with us.
    """
    site = request.headers.get("sec-fetch-site")
    if site in ("same-origin", "none"):
        return
    origin = request.headers.get("origin")
    own = {_host(f"//{request.headers.get('host', '')}"), _host(request.app.state.public_url)} - {None}
    if site is None and (origin is None or _host(origin) in own):
        return
    raise NotPermitted("The request came from another site and was not carried out.")


def _host(url: str) -> tuple[str, int | None] | None:
    """The host in small letters and a port other than the usual ones."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    usual = {"http": (80,), "https": (443,)}.get(parts.scheme, (80, 443))
    return (parts.hostname.rstrip("."), None if port in usual else port) if parts.hostname else None
