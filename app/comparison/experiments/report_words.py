"""The sentences of an experiment's report."""

from __future__ import annotations

from collections.abc import Mapping

from app.comparison.evidence import MODES
from app.comparison.experiments.twin_evidence import ChangeSide, Fate
from app.comparison.experiments.twin_results import NEEDED, Results
from app.domain.experiments.experiment import ExperimentPhase
from app.wording.quantities import plural
from app.wording.times import duration, every

METHOD = (
    """Two environments of the same making got the same commits from one repository, and the same faults at the same
    time. To one a pipeline pushed, of which only the waiting is imitated (about {build}, drawn from the seed): at its
    end it asked the control plane's REST API for a sync, as a pipeline does; one that fails is not run again. The
    other one polled Git {poll}. Both were compared with Git {scan}{heal}.""",
    """The plan follows from the seed {seed} and the parameters alone: PushPull {version} makes the same one anywhere.
    Commits come at their times, whatever became of those before. Faults are real: requests are refused, dropped or
    delayed by a proxy between the twins, Git and the control plane, files are edited on the targets, tokens are
    revoked, polls are left out.""",
    """Each change counts from the moment at which the repository showed it, by the clock of the machine that everything
    ran on, until it, or a newer one, was live and healthy. The differences within the pairs are judged as the
    comparison judges twins: that takes {needed} pairs, and values that move together count for less.""",
)
UNKNOWN = (
    """One machine, one small repository, one kind of target: other networks, sizes and pipelines have other times. What
    it says about the two ways depends on the parameters, the pipeline's length and the poll's interval before all.""",
    """Two twins differ in nothing but the way; of your own environments the comparison tells more.""",
)
REQUESTS = "Requests for each change that went live by itself, polls without news included"


def seconds(value: float | None) -> str:
    """A duration; "–" where there is none."""
    return "–" if value is None else duration(value)


def answer(found: Results) -> str:
    """What was found, in a sentence that holds."""
    lead, one = found.pairing("undisturbed_lead"), found.experiment
    state = {
        ExperimentPhase.RUNNING: "So far, while it is still running: ",
        ExperimentPhase.STOPPED: "It was stopped before its end; up to there: ",
        ExperimentPhase.FAILED: "It could not be carried out to its end; up to there: ",
    }.get(one.phase, "")
    setting = (
        f"with a pipeline of about {duration(one.parameters.build_s)} against a poll {every(one.parameters.interval_s)}"
    )
    if not lead.n:
        return _sentence(f"{state}{setting}, no change has gone both ways yet while nothing was wrong.")
    both = f"{setting}, {plural(lead.n, 'change')} went both ways while nothing was wrong"
    if not lead.verdict.winner:
        told = lead.verdict.text[:1].lower() + lead.verdict.text[1:]
        return _sentence(f"{state}{both}, and neither way can be called sooner: {told}.")
    medians = f"{duration(lead.push or 0)} by push and {duration(lead.pull or 0)} by pull"
    text = f"{state}{lead.verdict.winner} had the same change out sooner: {both}, the medians are {medians}"
    return _sentence(f"{text} ({lead.verdict.finding}).")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def fate_in_words(side: ChangeSide) -> str:
    """What became of a change in a twin, with its time."""
    if side.fate is Fate.DEPLOYED:
        return seconds(side.out_s)
    return side.fate.value if side.out_s is None else f"{seconds(side.out_s)} ({side.fate.value})"


def counts_in_words(counts: Mapping[str, int]) -> list[str]:
    """Requests in words: those that came through, and those that did not."""
    through = counts.get("git", 0) + counts.get("control", 0)
    parts = [plural(counts["refused"], "request") + " refused"] if counts.get("refused") else []
    return [*parts, plural(through, "request") + " answered"] if counts else parts


def method(found: Results) -> tuple[str, ...]:
    """How it was measured, in paragraphs."""
    one = found.experiment
    asked = one.parameters
    words = {
        "build": duration(asked.build_s),
        "poll": every(asked.interval_s),
        "scan": every(asked.refresh_interval_s),
        "heal": ", and healed drift by themselves" if asked.self_heal else "",
        "seed": one.seed,
        "version": one.version,
        "needed": NEEDED,
    }
    return tuple(" ".join(paragraph.split()).format(**words) for paragraph in METHOD)


def unknown(found: Results) -> tuple[str, ...]:
    """What the experiment does not tell."""
    stood = len([one for one in found.changes if one.interrupted])
    rare = [one.heading.title for one in found.pairings if one.n < NEEDED]
    requests = {mode: found.totals[mode].per_delivery for mode in MODES}
    load = " and ".join(f"{value:.1f} by {mode}" for mode, value in requests.items() if value is not None)
    lines = [" ".join(line.split()) for line in UNKNOWN]
    if load:
        lines.append(f"{REQUESTS}: {load}. They tell of load, and are no contest.")
    if rare:
        lines.append(f"Fewer than {NEEDED} pairs, so no verdict: {', '.join(rare)}.")
    if stood:
        changes = plural(stood, "change")
        lines.append(f"{changes} had the experiment stand still on the way, and count in no pair.")
    return tuple(lines)
