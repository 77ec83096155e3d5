"""Exit codes, for scripts."""

from __future__ import annotations

FAILED, WRONG_USE, UNREACHABLE, STILL_RUNNING, CHANGES, INTERRUPTED = 1, 2, 3, 4, 5, 130
MEANINGS = {
    0: "The requested thing is true: it was done, it is live and healthy, it is equal, it is valid.",
    FAILED: "It is not true: it failed, it was refused, it differs, it does not exist.",
    WRONG_USE: "The command is wrong (an option, a setting, a profile), or the token is refused or may not do that.",
    UNREACHABLE: "The server cannot be reached, or what answers is no PushPull server.",
    STILL_RUNNING: "It did not end within --timeout; it goes on.",
    CHANGES: "`plan --detailed-exitcode`: there are changes; 0 means that there are none.",
    INTERRUPTED: "Interrupted (Ctrl-C). What was asked for goes on.",
    141: "Whoever read the output went away, as `head` does.",
}


def lines() -> list[str]:
    """One line a code."""
    return [f"{code:>4}  {meaning}" for code, meaning in MEANINGS.items()]
