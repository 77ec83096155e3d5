"""The doorbell between threads, and from threads to streams."""

from app.notifications.bus import InProcessNotifier, Listener
from app.notifications.clock import SystemClock

__all__ = ["InProcessNotifier", "Listener", "SystemClock"]
