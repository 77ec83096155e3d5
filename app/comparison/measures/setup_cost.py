"""What it takes to have an environment: parts to set up, secrets handed out, lines to write, and what it suits."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from app.comparison.counted import Counted
from app.comparison.evidence import MODES, STARTS, Evidence
from app.comparison.judgement import Measure, Phrases, counts, detail, judge, times
from app.comparison.measures.told_by_others import not_told
from app.comparison.mode_tests import Contrast
from app.comparison.result import Cell, ComparisonRow, Detail, Heading
from app.comparison.setup_parts import SetupPart, lines, parts
from app.domain.environment import Environment, Mode, RunsOn
from app.domain.operation import Trigger
from app.wording.quantities import listed, number, plural

_COUNTED = (
    "Counted from the specifications of all environments there are now, and from what started their syncs in this "
    "window; the figure is the mean per environment."
)

EFFORT = Heading(
    "installation_effort", "installation effort", "Parts to set up", "What has to be set up for an environment?",
    "parts", "lower", 1,
    f"The registration, credentials to store, a webhook or pipeline step where one is in use, an agent. {_COUNTED}",
    by_design=True,
)  # fmt: skip
FIRST_DELIVERY = Heading(
    "first_delivery", "installation effort", "From registered to first delivery",
    "How long until a new environment has its first revision?",
    "s", "lower", 10,
    "For environments registered in this window: from their registration until a revision was live there.",
)  # fmt: skip
SUITABILITY = Heading(
    "suitability", "suitability", "What it is used for here", "Which places does it suit?",
    "", None, 1,
    "Derived from the specifications of all environments there are now, and from what started their syncs in this "
    "window.",
)  # fmt: skip
SECURITY = Heading(
    "security", "security", "Credentials held", "How many secrets are held for an environment, and by whom?",
    "credentials", "lower", 1,
    "The repository's and the target's credentials as specified, the webhook's secret or the pipeline's token where "
    f"one is in use, the agent's token. {_COUNTED} Fewer secrets, known to fewer parties, leave less to steal.",
    by_design=True,
)  # fmt: skip
SIZE = Heading(
    "configuration_size", "configuration size", "Lines of configuration", "How much has to be written down?",
    "lines", "lower", 1,
    "Settings that differ from the defaults, one to a line, and the lines that a pipeline step or a webhook needs "
    f"where one is in use. {_COUNTED}",
    by_design=True,
)  # fmt: skip


class Foundation:
    """The rows on founding an environment."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence, step = evidence, evidence.step
        started = _triggers(evidence)
        self._parts: Mapping[tuple[int, Mode], tuple[SetupPart, ...]] = {
            (one.id, one.mode): parts(one, evidence.kinds, started.get((one.name, one.mode.value), frozenset()), step)
            for one in evidence.environments
        }

    def _all_parts(self, mode: str) -> list[tuple[SetupPart, ...]]:
        return [self._parts[one.id, one.mode] for one in self._evidence.ours(mode)]

    def _each(self, mode: str, sizes: Iterable[Sequence[object]]) -> list[Counted]:
        """The environments of a mode, each with the size of something of its own."""
        return [Counted(len(of), one) for of, one in zip(sizes, self._evidence.ours(mode), strict=True)]

    def installation_effort(self) -> ComparisonRow:
        """The row EFFORT."""
        says = Phrases(
            "{Mode} needs {value} per environment (mean of {n}).", "No {mode} environment is registered.", "fewer"
        )
        return counts(EFFORT, says, *(self._effort_of(mode) for mode in MODES))

    def _effort_of(self, mode: str) -> Measure:
        of_each = self._all_parts(mode)
        steps = Counter(part.step for of in of_each for part in of)
        details = [detail(step, count) for step, count in steps.most_common()] + not_told(self._evidence, mode)
        return Measure(mode, self._each(mode, of_each), tuple(details))

    def first_delivery(self) -> ComparisonRow:
        """The row FIRST_DELIVERY."""
        says = Phrases(
            "With {mode}, a new environment had its first revision after {value} ({of}).",
            "No {mode} environment was registered and delivered to.",
            "sooner",
        )
        return times(FIRST_DELIVERY, says, *(self._first_delivery_of(mode) for mode in MODES))

    def _first_delivery_of(self, mode: str) -> Measure:
        window, first = self._evidence.window, self._evidence.first_live
        new = [one for one in self._evidence.ours(mode) if one.created_at and one.created_at >= window.since]
        waits = [
            Counted(max(0.0, (first[one.name] - one.created_at).total_seconds()), one)
            for one in new
            if one.name in first and one.created_at
        ]
        waiting = len(new) - len(waits)
        return Measure(mode, waits, (detail("without a revision yet", waiting),) if waiting else ())

    # --- security ---
    def security(self) -> ComparisonRow:
        """The row SECURITY."""
        says = Phrases(
            "{Mode}: {value} held per environment (mean of {n}).",
            "No {mode} environment is registered.",
            "fewer",
        )
        return counts(SECURITY, says, *(self._security_of(mode) for mode in MODES))

    def _security_of(self, mode: str) -> Measure:
        secrets = [[part for part in of if part.credential] for of in self._all_parts(mode)]
        holders = Counter(part.holder for of in secrets for part in of)
        details = [detail(f"held by {holder}", count) for holder, count in holders.most_common()]
        shared = self._shared(mode)
        details += [detail("environments open to the most shared secret", max(shared))] if shared else []
        details += not_told(self._evidence, mode)
        told = listed(f"{holder} ({count:,})" for holder, count in holders.most_common())
        note = f"Held by {told}." if holders else ""
        return Measure(mode, self._each(mode, secrets), tuple(details), note)

    def _shared(self, mode: str) -> list[int]:
        """How many environments each named secret opens: stored credentials, and tokens that pipelines used."""
        opens: dict[str, set[str]] = defaultdict(set)
        for one in self._evidence.ours(mode):
            for part in self._parts[one.id, one.mode]:
                if ": " in part.credential:
                    opens[part.credential].add(one.name)
        for fact in self._evidence.finished[mode]:
            if fact.trigger is Trigger.PIPELINE and fact.initiated_by:
                opens[fact.initiated_by].add(fact.environment)
        return [len(names) for names in opens.values()]

    # --- configuration ---
    def configuration_size(self) -> ComparisonRow:
        """The row SIZE."""
        says = Phrases(
            "{Mode} takes {value} of configuration per environment (mean of {n}).",
            "No {mode} environment is registered.",
            "fewer",
        )
        return counts(SIZE, says, *(self._size_of(mode) for mode in MODES))

    def _size_of(self, mode: str) -> Measure:
        written = [lines(one, self._parts[one.id, one.mode]) for one in self._evidence.ours(mode)]
        sizes = [len("\n".join(of).encode()) for of in written]
        outside = sum(len(part.written) for of in self._all_parts(mode) for part in of)
        details = (
            detail("mean size", sum(sizes) / len(sizes), "bytes"),
            detail("of them outside PushPull", outside / len(sizes), "lines"),
        ) if sizes else ()  # fmt: skip
        return Measure(mode, self._each(mode, written), details)

    # --- suitability ---
    def suitability(self) -> ComparisonRow:
        """The row SUITABILITY."""
        cells = [self._suits(mode) for mode in MODES]
        verdict = judge(SUITABILITY, "", (cells[0].n, cells[1].n), Contrast())
        return ComparisonRow(SUITABILITY, cells[0], cells[1], verdict)

    def _suits(self, mode: str) -> Cell:
        environments, others = self._evidence.ours(mode), not_told(self._evidence, mode)
        if not environments:
            return Cell(mode, None, 0, f"No {mode} environment is registered.", details=tuple(others))
        starts = Counter(f.trigger.value for f in self._evidence.finished[mode] if f.trigger in STARTS)
        sentence = f"{_where(mode, environments)} {_reached(environments)} {_started(starts)}"
        cases = tuple(Counted(1, one) for one in environments)
        return Cell(mode, None, len(cases), sentence, details=(*_features(environments), *others), cases=cases)


def _triggers(evidence: Evidence) -> Mapping[tuple[str, str], frozenset[Trigger]]:
    """{(environment, mode): what started its syncs}: of a switched one, each mode's own."""
    found: dict[tuple[str, str], set[Trigger]] = defaultdict(set)
    for fact in evidence.deliveries:
        found[fact.environment, fact.mode].add(fact.trigger)
    return {place: frozenset(triggers) for place, triggers in found.items()}


def _where(mode: str, environments: Sequence[Environment]) -> str:
    kinds = Counter(one.target.kind for one in environments)
    told = listed((plural(count, f"{kind} target") for kind, count in kinds.most_common()), "none")
    return f"{mode.capitalize()} serves {plural(len(environments), 'environment')} here ({told})."


def _reached(environments: Sequence[Environment]) -> str:
    away = sum(one.runs_on is RunsOn.AGENT for one in environments)
    if not away:
        return "The control plane reaches every target itself, so it suits places that let it in."
    if away == len(environments):
        return "Agents beside the targets do the work, so it suits places that let nobody in."
    return f"Agents do the work for {number(away)} of them; the control plane reaches the others itself."


def _started(starts: Mapping[str, int]) -> str:
    if not starts:
        return "Nothing but people has started a sync so far."
    told = listed(f"{name} ({count:,})" for name, count in sorted(starts.items(), key=lambda pair: (-pair[1], pair[0])))
    return f"Syncs were started by {told}."


def _features(environments: Sequence[Environment]) -> tuple[Detail, ...]:
    policies = [one.policy for one in environments]
    figures = {
        "with auto-sync": sum(one.auto_sync for one in policies),
        "with self-heal": sum(one.self_heal for one in policies),
        "with automatic rollback": sum(one.auto_rollback for one in policies),
        "with a health check": sum(one.health_check is not None for one in policies),
    }
    return tuple(detail(label, count) for label, count in figures.items())
