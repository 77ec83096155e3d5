"""What a notifier promises: listeners wake, nothing falls between two looks, and a closed one wakes everybody."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from app.notifications import InProcessNotifier


def test_a_notification_between_two_looks_is_not_lost() -> None:
    notifier = InProcessNotifier()
    seen = notifier.count("work")
    notifier.notify(("work",))
    notifier.wait("work", seen, 60.0)  # returns at once
    assert notifier.count("work") == seen + 1


def test_only_those_who_wait_for_the_topic_wake() -> None:
    notifier, woken = InProcessNotifier(), threading.Event()

    def work() -> None:
        notifier.wait("work", 0, 60.0)
        woken.set()

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(work)
        notifier.notify(("ledger", "environment-shop"))
        assert not woken.wait(0.05)
        notifier.notify(("work",))
        waiting.result(60.0)


def test_a_listener_gathers_its_topics_and_no_others() -> None:
    async def listen() -> None:
        notifier = InProcessNotifier()
        everything, shop = notifier.listen(), notifier.listen(("environment-shop",))
        await asyncio.to_thread(notifier.notify, ("environment-shop", "ledger"))
        await asyncio.to_thread(notifier.notify, ("environment-site",))
        assert "environment-shop" in await shop.wait(60.0)
        assert await everything.wait(60.0) == {"environment-shop", "environment-site", "ledger"}
        assert await shop.wait(0.01) == frozenset()
        notifier.leave(shop)
        notifier.notify(("environment-shop",))
        assert await shop.wait(0.01) == frozenset()

    asyncio.run(listen())


def test_a_closed_one_wakes_everybody() -> None:
    async def listen() -> None:
        notifier = InProcessNotifier()
        listener = notifier.listen(("environment-shop",))
        await asyncio.to_thread(notifier.close)
        assert await listener.wait(60.0) == {"closed"}
        notifier.wait("work", 0, 60.0)  # returns at once

    asyncio.run(listen())
