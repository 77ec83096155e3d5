"""uvicorn's protocol with ends, so that no proxy is needed for them: a request's head has a size and a time, its body a
pace, an answer a reader, and connections that wait a number. uvicorn itself bounds none of these with httptools."""

from __future__ import annotations

import asyncio
import os
import resource
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

SPARE = 256  # descriptors for databases, repositories, children
ENOUGH = 8192


class ConnectionStage(StrEnum):
    """What a connection is at."""

    HEAD = "head"  # of a request that has not begun, or is not complete
    BODY = "body"
    ANSWER = "answer"


def capacity() -> int:
    """Connections that this process can hold, after it asked for as many descriptors as it may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(ENOUGH, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    now = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    most = ENOUGH if now == resource.RLIM_INFINITY else min(ENOUGH, now)
    return max(16, most - max(_open(), 32) - min(SPARE, most // 4))


def _open() -> int:
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return 0


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What a connection may cost. Times in seconds, sizes in bytes; a body may take `body_s` and what its bytes need at
    `pace` bytes a second."""

    connections: int
    head_bytes: int = 64 * 1024
    head_s: float = 15.0
    body_s: float = 30.0
    pace: int = 8 * 1024
    reader_s: float = 60.0


class BoundedProtocol(HttpToolsProtocol):
    """One connection. `limits` is set by `bounded`."""

    limits: ConnectionLimits

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client connected; where too many wait, the one that waits for longest makes room."""
        super().connection_made(transport)
        self._timer: asyncio.TimerHandle | None = None
        self._reader_timer: asyncio.TimerHandle | None = None
        self._enter(ConnectionStage.HEAD)
        if len(self.connections) > self.limits.connections:
            others = [one for one in self.connections if isinstance(one, BoundedProtocol)]
            waiting = [one for one in others if one is not self and one.stage is not ConnectionStage.ANSWER]
            min(waiting, key=lambda one: one.since, default=self).drop()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is over."""
        for timer in (self._timer, self._reader_timer):
            if timer:
                timer.cancel()
        super().connection_lost(exc)

    def drop(self) -> None:
        """Give the connection up at once."""
        self.connections.discard(self)
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """More of a request. What was refused is not read on."""
        while data and not self.transport.is_closing():
            room = self.limits.head_bytes - self._extra if self.stage is ConnectionStage.HEAD else len(data)
            piece, data = data[: max(room, 1)], data[max(room, 1) :]
            self._extra += len(piece)
            super().data_received(piece)
            self._weigh()

    def _weigh(self) -> None:
        """Refuse a head that is too large, and a body that is mostly chunk sizes and trailers."""
        if self._extra >= self.limits.head_bytes + 8 * self._body:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; those that follow a body are nobody's."""
        if self.stage is not ConnectionStage.BODY:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete."""
        self._enter(ConnectionStage.BODY)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Some of the body."""
        self._extra -= len(body)
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is complete: from here on the client waits for us."""
        super().on_message_complete()
        if self.cycle.response_complete:  # it was answered before its end
            self._enter(ConnectionStage.HEAD)
        else:
            self._enter(ConnectionStage.ANSWER)

    def on_response_complete(self) -> None:
        """The answer is sent; uvicorn waits for the next request no longer than for `timeout_keep_alive`."""
        if self.stage is ConnectionStage.ANSWER and not self.pipeline:
            self._enter(ConnectionStage.HEAD)
        super().on_response_complete()

    def pause_writing(self) -> None:
        """The client does not read what it asked for."""
        super().pause_writing()
        self._reader_timer = self.loop.call_later(self.limits.reader_s, self.drop)

    def resume_writing(self) -> None:
        """It reads on."""
        super().resume_writing()
        if self._reader_timer:
            self._reader_timer.cancel()

    def _enter(self, stage: ConnectionStage) -> None:
        self.stage, self.since = stage, self.loop.time()
        self._extra = self._body = 0
        self._wait()

    def _wait(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self.stage is not ConnectionStage.ANSWER:
            self._timer = self.loop.call_later(max(0.05, self._due() - self.loop.time()), self._late)

    def _due(self) -> float:
        limits = self.limits
        return self.since + (
            limits.head_s if self.stage is ConnectionStage.HEAD else limits.body_s + self._body / limits.pace
        )

    def _late(self) -> None:
        self._timer = None
        if self.stage is ConnectionStage.BODY and self.flow.read_paused:  # it waits for us
            self.since = self.loop.time()
        if self.loop.time() < self._due():
            return self._wait()
        if self.stage is ConnectionStage.HEAD and not self._extra:
            return self.transport.close()  # nothing was asked
        return self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer, unless the answer to this connection's request has begun, and close."""
        if self.transport.is_closing():
            return
        cycle = self.cycle
        if cycle is None or cycle.response_complete or not cycle.response_started:
            text = status.phrase.encode()
            head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: text/plain; charset=utf-8\r\n"
            self.transport.write(head.encode() + b"content-length: %d\r\nconnection: close\r\n\r\n" % len(text) + text)
        if cycle is not None:
            cycle.disconnected = True
            cycle.message_event.set()
        self.transport.close()


def bounded(limits: ConnectionLimits) -> type[BoundedProtocol]:
    """The protocol with these limits."""
    return type("LimitedProtocol", (BoundedProtocol,), {"limits": limits})


class AcceptErrors:
    """asyncio's handler of what goes wrong in its loop: that no descriptor is left is told once a minute."""

    EVERY_S = 60.0

    def __init__(self) -> None:
        self._told: float | None = None

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Tell it, or leave it."""
        if "socket.accept()" in str(context.get("message")):
            if self._told is not None and loop.time() - self._told < self.EVERY_S:
                return
            self._told = loop.time()
        loop.default_exception_handler(context)
