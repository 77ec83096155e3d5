"""Errors of the operating system as problems whose text says what to do."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from app.domain.errors import Problem, TargetRefused, TargetUnreachable

NOTHING = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG})  # nothing of ours stands there
_RIGHTS = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_SHAPE = frozenset({errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENOTEMPTY, errno.ENAMETOOLONG, errno.EINVAL})


def problem(what: str, error: OSError) -> Problem:
    """An operating system error as TargetRefused (a person must act) or TargetUnreachable (it may pass)."""
    reason = os.strerror(error.errno or errno.EIO)
    if error.errno in _RIGHTS:
        return TargetRefused(f"{what}: {reason}. Give the account that runs PushPull the right to do so.")
    if error.errno in _ROOM:
        return TargetUnreachable(f"{what}: {reason}. Make room and sync again.")
    if error.errno in _SHAPE:
        return TargetRefused(f"{what}: {reason}. Look at what stands there, move it away and sync again.")
    return TargetUnreachable(f"{what}: {reason}.")


@contextmanager
def as_problem(what: str) -> Iterator[None]:
    """Turn an operating system error into a Problem that says what was being done."""
    try:
        yield
    except OSError as error:
        raise problem(what, error) from error
