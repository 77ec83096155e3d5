"""The dependencies of kinds of targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from app.domain.errors import CredentialNotFound
from app.ssh import Pool
from app.targets.files.allowed_roots import AllowedRoots

Secret = Callable[[str], Mapping[str, str]]


def no_secret(name: str) -> Mapping[str, str]:
    """A store of credentials without any."""
    raise CredentialNotFound(f"There is no credential '{name}' here.")


@dataclass(frozen=True, slots=True)
class TargetDependencies:
    """Local places, the values of credentials, and connections to hosts."""

    places: AllowedRoots
    secret: Secret
    pool: Pool

    @classmethod
    def of(cls, data_dir: Path, target_roots: Sequence[Path], secret: Secret) -> Self:
        """The dependencies of an installation, without open connections."""
        return cls(AllowedRoots(data_dir, target_roots), secret, Pool())
