"""What it takes to have an environment: parts to set up, lines to write, the first delivery, and what it suits."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from app.comparison.counted import Counted
from app.comparison.evidence import STARTS, Evidence
from app.comparison.figures.rates import words
from app.comparison.judgement import Measure, Phrases, counts, detail
from app.comparison.measures.entry import Entry
from app.comparison.measures.told_by_others import not_told
from app.comparison.result import Detail, Heading
from app.comparison.setup_parts import SetupPart, lines, parts
from app.domain.environment import Environment, RunsOn
from app.domain.operation import Trigger
from app.wording.quantities import listed, number, plural


def parts_of(evidence: Evidence, mode: str) -> list[tuple[SetupPart, ...]]:
    """What each environment of a mode is made of, in their order."""
    started: dict[str, set[Trigger]] = defaultdict(set)
    for fact in evidence.deliveries:
        if fact.mode == mode:
            started[fact.environment].add(fact.trigger)
    return [
        parts(one, evidence.kinds, frozenset(started[one.name]), evidence.step) for one in evidence.ours(mode)
    ]  # of a switched one, each mode's own


def sized(evidence: Evidence, mode: str, sizes: Iterable[Sequence[object]]) -> list[Counted]:
    """The environments of a mode, each with the size of something of its own."""
    return [Counted(len(of), one) for of, one in zip(sizes, evidence.ours(mode), strict=True)]


def _effort(evidence: Evidence, mode: str) -> Measure:
    of_each = parts_of(evidence, mode)
    steps = Counter(part.step for of in of_each for part in of)
    details = [detail(step, count) for step, count in steps.most_common()] + not_told(evidence, mode)
    return Measure(mode, sized(evidence, mode, of_each), tuple(details))


def _size(evidence: Evidence, mode: str) -> Measure:
    of_each = parts_of(evidence, mode)
    written = [lines(one, of) for one, of in zip(evidence.ours(mode), of_each, strict=True)]
    sizes = [len("\n".join(of).encode()) for of in written]
    outside = sum(len(part.written) for of in of_each for part in of)
    details = (
        detail("mean size", sum(sizes) / len(sizes), "bytes"),
        detail("of them outside PushPull", outside / len(sizes), "lines"),
    ) if sizes else ()  # fmt: skip
    return Measure(mode, sized(evidence, mode, written), details)


def _first_delivery(evidence: Evidence, mode: str) -> Measure:
    window, first = evidence.window, evidence.first_live
    new = [one for one in evidence.ours(mode) if one.created_at and one.created_at >= window.since]
    waits = [
        Counted.lasting(one.created_at, first[one.name], one) for one in new if one.name in first and one.created_at
    ]
    waiting = len(new) - len(waits)
    return Measure(mode, waits, (detail("without a revision yet", waiting),) if waiting else ())


# --- suitability ---
def _suits(evidence: Evidence, mode: str) -> Measure:
    environments, others = evidence.ours(mode), not_told(evidence, mode)
    if not environments:
        return Measure(mode, details=tuple(others))
    starts = Counter(f.trigger.value for f in evidence.finished[mode] if f.trigger in STARTS)
    sentence = f"{_where(mode, environments)} {_reached(environments)} {_started(starts)}"
    return Measure(mode, [Counted(1, one) for one in environments], (*_features(environments), *others), sentence)


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


COUNTED = (
    "Counted from the specifications of all environments there are now, and from what started their syncs in this "
    "window; the figure is the mean per environment."
)
SPECIFIED = "The specifications of the environments, and the triggers of their finished syncs in the window."
NO_ENVIRONMENT = "No {mode} environment is registered."

ENTRIES = (
    Entry(
        Heading(
            key="installation_effort",
            criterion="installation effort",
            title="Parts to set up",
            question="What has to be set up for an environment?",
            unit="parts",
            better="lower",
            needed=1,
            definition=(
                "The registration, credentials to store, a webhook or pipeline step where one is in use, an agent. "
                f"{COUNTED}"
            ),
            by_design=True,
            events=SPECIFIED,
            formula="mean over the environments of: 1 + credentials + webhook + pipeline step + agent",
            exclusions="PushPull itself, which both modes need; what others had set up before (hosts, networks, CI).",
            source="ours",
        ),
        Phrases("{Mode} needs {value} per environment (mean of {n}).", NO_ENVIRONMENT, "fewer"),
        _effort,
        counts,
    ),
    Entry(
        Heading(
            key="first_delivery",
            criterion="installation effort",
            title="From registered to first delivery",
            question="How long until a new environment has its first revision?",
            unit="s",
            better="lower",
            needed=10,
            definition=(
                "For environments registered in this window: from their registration until a revision was live there."
            ),
            events="The registration of an environment, and the first entry of its history of live revisions.",
            formula="median of `first live_at − created_at`",
            exclusions="Environments registered before the window; those without a revision yet are counted beside it.",
            source="ours",
        ),
        Phrases(
            "With {mode}, a new environment had its first revision after {value} ({of}).",
            "No {mode} environment was registered and delivered to.",
            "sooner",
        ),
        _first_delivery,
    ),
    Entry(
        Heading(
            key="configuration_size",
            criterion="configuration size",
            title="Lines of configuration",
            question="How much has to be written down?",
            unit="lines",
            better="lower",
            needed=1,
            definition=(
                "Settings that differ from the defaults, one to a line, and the lines that a pipeline step or a "
                f"webhook needs where one is in use. {COUNTED}"
            ),
            by_design=True,
            events=SPECIFIED,
            formula="mean over the environments of: settings off their default + lines written elsewhere",
            exclusions="What is delivered, and the configuration of PushPull itself: they are the same in both modes.",
            source="ours",
        ),
        Phrases("{Mode} takes {value} of configuration per environment (mean of {n}).", NO_ENVIRONMENT, "fewer"),
        _size,
        counts,
    ),
    Entry(
        Heading(
            key="suitability",
            criterion="suitability",
            title="What it is used for here",
            question="Which places does it suit?",
            unit="",
            better=None,
            needed=1,
            definition=(
                "Derived from the specifications of all environments there are now, and from what started their syncs "
                "in this window."
            ),
            events=SPECIFIED,
            formula="words, no figure: kinds of target, who reaches them, what starts syncs",
            exclusions="Shadows, which deliver nothing.",
            source="ours",
        ),
        Phrases("", NO_ENVIRONMENT, ""),
        _suits,
        words,
    ),
)
