"""Targets. A new kind: one module, one line in registry.py, one parameter of the contract suite, one form partial."""

from app.targets.registry import TargetRegistry

__all__ = ["TargetRegistry"]
