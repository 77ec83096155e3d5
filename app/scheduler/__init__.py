"""Ticks: when something is looked at again, without ever holding a truth."""

from app.scheduler.schedule import Scheduler

__all__ = ["Scheduler"]
