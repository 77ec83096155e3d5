"""Rendering: from a revision in Git to the desired state that a target takes; a driven adapter."""

from app.desired.desired_registry import RENDERERS, DesiredStateRegistry

__all__ = ["RENDERERS", "DesiredStateRegistry"]
