"""What programs write when they fail: without what would steer a terminal, and the line that says why."""

from __future__ import annotations

import re

_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\r\n]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
# The reasons of an operating system, the most telling first: where one of them stands in a line, that line says why,
# whatever programs and wrappers say after it.
SIGNS = (
    "No space left",
    "quota exceeded",
    "Input/output error",
    "Stale",
    "Read-only file system",
    "Too many open files",
    "Cannot allocate memory",
    "Permission denied",
    "not permitted",
    "File name too long",
    "Is a directory",
    "Not a directory",
    "Device or resource busy",
)
_SUMMARY = re.compile(r"Exiting with failure status|Error exit delayed|Error is not recoverable|^xargs: ")


def without_controls(text: str) -> str:
    """The text with its tabs and line ends, and without other control and formatting characters."""
    if text.isprintable():
        return text
    return _UNSEEN.sub("", _SEQUENCE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def cause(said: str) -> str:
    """The line of a failed program's words that tells why, "" where there is none."""
    lines = [line.strip() for line in without_controls(said).splitlines() if line.strip()]
    for sign in SIGNS:
        found = next((line for line in lines if sign in line), None)
        if found:
            return found
    telling = [line for line in lines if not _SUMMARY.search(line)] or lines
    complaints = [line for line in telling if ": " in line] or telling
    return complaints[-1] if complaints else ""
