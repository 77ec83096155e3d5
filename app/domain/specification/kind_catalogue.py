"""The registered kinds of target, in the registry's order: what can be said about a target from data alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.domain.environment import RunsOn, TargetSpec
from app.domain.errors import InvalidInput
from app.domain.specification.target_kind import CredentialUse, TargetKind


class KindCatalogue(Mapping[str, TargetKind]):
    """Kinds by name. The first one is what a new form begins with."""

    def __init__(self, kinds: Iterable[TargetKind] = ()) -> None:
        self._kinds = {one.name: one for one in kinds}

    def __getitem__(self, name: str) -> TargetKind:
        return self._kinds[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)

    def that_run_on(self, runs_on: RunsOn) -> tuple[TargetKind, ...]:
        """The kinds that may run there."""
        return tuple(one for one in self.values() if runs_on in one.runs_on)

    def place(self, spec: TargetSpec) -> str:
        """What the inventory of a target belongs to: the same text for the same place, however it is reached."""
        kind = self.get(spec.kind)
        return f"{spec.kind} {kind.place(spec.options) if kind else spec.options}"

    def moved(self, before: TargetSpec, after: TargetSpec) -> bool:
        """Whether it is another place, and not only another way to it (a key, a jump host) or another setting."""
        return self.place(before) != self.place(after)

    def address(self, spec: TargetSpec) -> str:
        """A target on one line, as `located` reads it."""
        kind = self.get(spec.kind)
        written = kind.address.write(spec.options) if kind else str(spec.options.get("path") or "")
        return written or spec.kind

    def path(self, spec: TargetSpec) -> str:
        """The last part of a target's address: its directory, without the way to it."""
        kind = self.get(spec.kind)
        return str(spec.options.get(kind.address.path if kind else "path") or "")

    def located(self, text: str) -> dict[str, Any]:
        """The target that an address names: {"kind": ..., its fields}. Raises InvalidInput (field "target")."""
        for kind in self.values():
            found = kind.address.read(text.strip())
            if found is not None:
                return {"kind": kind.name, **found}
        forms = (f"{one.address.noun} ({one.address.example})" for one in self.values())
        raise InvalidInput(fields={"target": f"must be {' or '.join(forms)}"})

    def credentials(self, spec: TargetSpec) -> tuple[CredentialUse, ...]:
        """The credentials that a target is reached with."""
        kind = self.get(spec.kind)
        return tuple(kind.credentials(spec.options)) if kind else ()

    def pins(self, spec: TargetSpec) -> tuple[tuple[Any, ...], ...]:
        """The pinned values of a target, each after the address that it belongs to."""
        kind = self.get(spec.kind)
        return tuple(kind.pins(spec.options)) if kind else ()

    def leaves(self, spec: TargetSpec, switched: bool) -> tuple[str, ...]:
        """What stays at a place that is no longer this target's, in sentences."""
        kind = self.get(spec.kind)
        texts = kind.leaves(spec.options, switched) if kind else ()
        return tuple(text.format(place=self.address(spec)) for text in texts)

    def counted(self, spec: TargetSpec, count: int) -> str:
        """So many of what is delivered to a target: "1 file", "2,113 files"."""
        return f"{count:,} {self.nouns(spec)[count != 1]}"

    def nouns(self, spec: TargetSpec) -> tuple[str, str]:
        """One and many of what is delivered to a target."""
        kind = self.get(spec.kind)
        return kind.nouns if kind else ("file", "files")
