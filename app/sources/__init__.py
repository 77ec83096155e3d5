"""Where desired state comes from: Git repositories, each mirrored once on this disk. Plug in `GitSources`."""

from app.sources.registry import GitSources
from app.sources.remote.connection import Patience
from app.sources.source import Limits

__all__ = ["GitSources", "Limits", "Patience"]
