"""The doorbell between threads, and from threads to streams."""

from app.notifications.bus import Bus, Listener
from app.notifications.clock import SystemClock

__all__ = ["Bus", "Listener", "SystemClock"]
