"""Where desired state comes from: Git repositories, each mirrored once on this disk. Plug in `GitSources`."""

from app.sources.objects.trees import Limits
from app.sources.remote.git_remote import Patience
from app.sources.source_registry import GitSources

__all__ = ["GitSources", "Limits", "Patience"]
