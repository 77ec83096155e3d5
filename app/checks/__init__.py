"""Health checks and commands on this machine."""

from app.checks.local import LocalChecks

__all__ = ["LocalChecks"]
