"""The doorbell between threads, and from threads to streams."""

from app.live.bus import Bus

__all__ = ["Bus"]
