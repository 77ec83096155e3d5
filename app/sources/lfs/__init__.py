"""Git LFS: pointers, the server that has the objects, and the objects in a mirror. Plug in `LfsObjects`."""

from app.sources.lfs.lfs_objects import LfsObjects
from app.sources.lfs.lfs_pointers import Pointer, parse_pointer
from app.sources.lfs.lfs_server import LfsServer

__all__ = ["LfsObjects", "LfsServer", "Pointer", "parse_pointer"]
