"""Servers that somebody has logged in to, with their tokens: a file that only its owner reads."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from app.client import Failure

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Profile:
    """A server, and the token to ask it with."""

    url: str
    token: str


def place() -> Path:
    """Where profiles are kept."""
    base = os.environ.get("XDG_CONFIG_HOME") or ""
    folder = Path(base) if Path(base).is_absolute() else Path.home() / ".config"
    return folder / "pushpull" / "profiles.json"


class ProfileFile:
    """Profiles by name, and which of them is used where none is named."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or place()
        found = self._read()
        try:
            self.profiles = {name: Profile(**one) for name, one in found.get("profiles", {}).items()}
            self.current = str(found.get("current", ""))
        except (TypeError, AttributeError):
            raise Failure(f"{self.path} holds no profiles; remove it and log in again", 2) from None

    def _read(self) -> dict[str, Any]:
        try:
            with self.path.open(encoding="utf-8") as file:
                if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                    raise Failure(f"{self.path} holds tokens and others may read it: chmod 600 {self.path}", 2)
                found: dict[str, Any] = json.load(file)
                return found
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise Failure(f"{self.path}: {error.strerror}", 2) from None
        except ValueError:
            raise Failure(f"{self.path} cannot be read; remove it and log in again", 2) from None

    def get(self, name: str) -> Profile:
        """A profile. Raises Failure that names those there are."""
        if name not in self.profiles:
            there = f"There is {', '.join(sorted(self.profiles))}" if self.profiles else "There is none"
            raise Failure(f"there is no profile '{name}'. {there}; `pushpull login URL --profile {name}` makes it", 2)
        return self.profiles[name]

    def put(self, name: str, profile: Profile) -> None:
        """Keep a profile, and use it from now on."""
        self.profiles[name] = profile
        self.current = name
        self._write()

    def use(self, name: str) -> None:
        """Use a profile from now on."""
        self.get(name)
        self.current = name
        self._write()

    def remove(self, name: str) -> None:
        """Forget a profile and its token."""
        self.get(name)
        del self.profiles[name]
        self.current = "" if self.current == name else self.current
        self._write()

    def _write(self) -> None:
        kept = {"current": self.current, "profiles": {name: asdict(one) for name, one in self.profiles.items()}}
        beside = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                file.write(json.dumps(kept, indent=2) + "\n")
            beside.replace(self.path)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise Failure(f"{self.path}: {error.strerror}", 2) from None
