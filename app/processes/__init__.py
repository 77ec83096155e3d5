"""Child processes and private files of this process, which are found and cleared up by the next one after a kill."""

from app.processes.leftovers import MARK, clear_up, end_children_with, mark
from app.processes.private_files import key_file, new_private_folder, private_folder, write_private

__all__ = [
    "MARK",
    "clear_up",
    "end_children_with",
    "key_file",
    "mark",
    "new_private_folder",
    "private_folder",
    "write_private",
]
