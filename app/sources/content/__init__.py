"""What is delivered beside files as they lie in Git: Git LFS, submodules, attributes. Plug in `Renditions`."""

from app.sources.content.renditions import Means, Renditions
from app.sources.content.submodule_trees import Submodule, SubmoduleTrees

__all__ = ["Means", "Renditions", "Submodule", "SubmoduleTrees"]
