"""Health checks and commands on this machine."""

from app.checks.local_checks import LocalChecks

__all__ = ["LocalChecks"]
