"""Notifications between threads, and from threads to streams; and the clock."""

from app.notifications.clock import SystemClock
from app.notifications.in_process_notifier import InProcessNotifier, Listener

__all__ = ["InProcessNotifier", "Listener", "SystemClock"]
