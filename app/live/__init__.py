"""The doorbell between threads, and from threads to streams."""

from app.live.bus import Bus, Listener
from app.live.clock import SystemClock

__all__ = ["Bus", "Listener", "SystemClock"]
