"""Whose address a request came from: the peer's, unless the peer is a proxy that the settings name."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

Address = IPv4Address | IPv6Address
UNIX = "unix"  # stands for peers without an address, which come by a Unix socket
SCHEMES = ("http", "https")


def address(text: str) -> Address | None:
    """An address as proxies write it, with or without a port, zone or brackets; None for anything else."""
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ip_address(bare.partition("%")[0])  # a zone is any text
    except ValueError:
        return None
    return (found.ipv4_mapped if isinstance(found, IPv6Address) else None) or found


class TrustedProxies:
    """The peers whose word on a client's address is taken: addresses, networks, "unix"."""

    def __init__(self, named: Iterable[str] = ()) -> None:
        names = tuple(named)
        self._unix = UNIX in names
        self._networks: list[IPv4Network | IPv6Network] = [
            ip_network(one, strict=False) for one in names if one != UNIX
        ]

    def __contains__(self, peer: Address | None) -> bool:
        if peer is None:
            return self._unix
        return any(peer in network for network in self._networks)

    def client(self, peer: Address | None, hops: Iterable[str]) -> Address | None:
        """The nearest address that is no proxy of ours. `hops`: what proxies appended, the nearest last. Behind a hop
        that is no address nothing can be believed; it ends there."""
        found = peer
        for hop in reversed(tuple(hops)):
            if found not in self:
                break
            said = address(hop)
            if said is None:
                break
            found = said
        return found


class ClientAddress:
    """ASGI middleware: `client` and `scheme` as the trusted proxies tell them, and never a text that is no address."""

    def __init__(self, app: ASGIApp, *, trusted: TrustedProxies) -> None:
        self._app, self._trusted = app, trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            host, port = scope.get("client") or ("", 0)
            peer, headers = address(host), Headers(scope=scope)
            client = self._trusted.client(peer, ",".join(headers.getlist("x-forwarded-for")).split(","))
            scope["client"] = (str(client), port if client == peer else 0) if client else None
            scheme = headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
            if peer in self._trusted and scheme in SCHEMES:
                scope["scheme"] = scheme
        await self._app(scope, receive, send)
