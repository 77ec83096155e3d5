"""Notifications within one process: a topic changed, never how. A lost one costs a little delay only."""

from __future__ import annotations

import threading
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # an agent's process has no loop, and no need of it
    import asyncio


class Listener:
    """An asynchronous listener to some topics; what changed is gathered until `wait` takes it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        from asyncio import Event

        self._loop = loop
        self._event = Event()
        self._topics: set[str] = set()

    def notify(self, topics: Collection[str]) -> None:
        """Called from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._heard, tuple(topics))
        except RuntimeError:
            pass  # the loop is closed: nobody listens any more

    def _heard(self, topics: tuple[str, ...]) -> None:
        self._topics.update(topics)
        self._event.set()

    async def wait(self, timeout_s: float) -> frozenset[str]:
        """The topics that changed since the last call; empty after `timeout_s` of silence."""
        import asyncio

        try:
            await asyncio.wait_for(self._event.wait(), timeout_s)
        except TimeoutError:
            return frozenset()
        self._event.clear()
        heard, self._topics = frozenset(self._topics), set()
        return heard


class InProcessNotifier:
    """Implements the port Notifier. Threads wait for a topic; streams listen to several."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._counts: dict[str, int] = {}
        self._listeners: dict[Listener, frozenset[str]] = {}
        self._narrow: dict[str, set[Listener]] = {}
        self.closed = False

    def notify(self, topics: Collection[str]) -> None:
        with self._condition:
            for topic in topics:
                if not topic.startswith(("environment-", "agent-")):
                    self._counts[topic] = self._counts.get(topic, 0) + 1
            self._condition.notify_all()
            listeners = [one for one, only in self._listeners.items() if not only]
            listeners += [one for topic in topics for one in self._narrow.get(topic, ())]
        for listener in listeners:
            listener.notify(topics)

    def count(self, topic: str) -> int:
        """How often a topic was notified; pass it to `wait` so that no notification falls between."""
        with self._condition:
            return self._counts.get(topic, 0)

    def wait(self, topic: str, seen: int, timeout_s: float) -> None:
        """Block until the topic is notified again, the notifier is closed, or `timeout_s` is over."""
        with self._condition:
            self._condition.wait_for(lambda: self.closed or self._counts.get(topic, 0) != seen, timeout_s)

    def listen(self, only: Collection[str] = ()) -> Listener:
        """A new listener on the running loop, to everything or to some topics; pass it to `leave` at the end."""
        from asyncio import get_running_loop

        listener = Listener(get_running_loop())
        with self._condition:
            self._listeners[listener] = frozenset(only)
            for topic in only:
                self._narrow.setdefault(topic, set()).add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Stop listening."""
        with self._condition:
            for topic in self._listeners.pop(listener, ()):
                self._narrow[topic].discard(listener)
                if not self._narrow[topic]:
                    del self._narrow[topic]

    def close(self) -> None:
        """Wake everyone for the last time."""
        with self._condition:
            self.closed = True
            self._condition.notify_all()
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener.notify(("closed",))
