"""Which refs a mirror brings: those that somebody asked for, never all that a server has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.domain.revision import HEADS, TAGS
from app.ports.sources import RefMove
from app.sources.objects.ref_names import candidates

_MOST, _SHOWN = 2000, 200
_JUDGED = 500  # moved refs of which it is told whether they were forced


@dataclass(frozen=True, slots=True)
class RefErrand:
    """What to fetch and what to remove, by full names."""

    bring: tuple[str, ...]
    remove: tuple[str, ...] = ()

    def specs(self) -> tuple[str, ...]:
        """As git takes them."""
        return tuple(f"+{name}:{name}" for name in self.bring)


def known_errand(wanted: Iterable[str], known: Mapping[str, str], default: str) -> RefErrand | None:
    """What to fetch where the mirror has all that is wanted, so that nobody has to ask which refs there are; else None.

    A short name that is only a tag's may have become a branch's, which comes first: then the remote is asked.
    """
    names = {default if name == "HEAD" else name if _is_full(name) else HEADS + name for name in wanted}
    return RefErrand(tuple(sorted(names))) if names and names <= known.keys() else None


def listed_errand(wanted: Iterable[str], known: Mapping[str, str], heads: Mapping[str, str], default: str) -> RefErrand:
    """What to fetch and to remove, now that it is known what the remote has."""
    asked = {full for name in wanted for full in ((default,) if name == "HEAD" else candidates(name)) if _is_full(full)}
    there = asked & heads.keys()
    in_the_way = {old for old in known if any(old.startswith(f"{one}/") or one.startswith(f"{old}/") for one in there)}
    return RefErrand(tuple(sorted(there)), tuple(sorted((asked & known.keys()) - there | in_the_way)))


def moves(
    before: Mapping[str, str], after: Mapping[str, str], contains: Callable[[str, str], bool]
) -> tuple[RefMove, ...]:
    """What changed between two states of the refs. Where very many did, none is called forced."""
    changed = [ref for ref in sorted({*before, *after}) if before.get(ref) != after.get(ref)]
    judged = len(changed) <= _JUDGED

    def forced(old: str | None, new: str | None) -> bool:
        return judged and old is not None and new is not None and not contains(old, new)

    sides = ((ref, before.get(ref), after.get(ref)) for ref in changed)
    return tuple(RefMove(ref, old, new, forced(old, new)) for ref, old, new in sides)


class RefNotes:
    """What was asked for so far, and names that the remote was seen to have: small files beside the mirror."""

    def __init__(self, folder: Path, key: str) -> None:
        self._asked, self._seen = folder / f"{key}.asked", folder / f"{key}.seen"

    def asked(self) -> tuple[str, ...]:
        """Everything that somebody asked for; empty where nobody did, or for everything."""
        return _lines(self._asked)

    def ask(self, wanted: Iterable[str]) -> None:
        """Remember what is asked for."""
        before = self.asked()
        if new := [name for name in wanted if name not in before]:
            _write(self._asked, [*before, *new][-_MOST:])

    def seen(self) -> tuple[str, ...]:
        """Some of the names that the remote had when it was last asked."""
        return _lines(self._seen)

    def see(self, heads: Iterable[str]) -> None:
        """Remember what the remote has."""
        _write(self._seen, sorted(heads, key=lambda name: (name.startswith(TAGS), name))[:_SHOWN])


def _is_full(name: str) -> bool:
    return name.startswith((HEADS, TAGS))


def _lines(file: Path) -> tuple[str, ...]:
    try:
        return tuple(line for line in file.read_text("utf-8").split("\n") if line)
    except (OSError, UnicodeDecodeError):
        return ()


def _write(file: Path, lines: Iterable[str]) -> None:
    beside = file.with_name(f"{file.name}.new")
    beside.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    beside.replace(file)
