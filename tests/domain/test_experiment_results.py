"""What an experiment found, from a ledger whose times are known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from app.comparison.delivery_facts import DeliveryFact
from app.comparison.experiments.experiment_report import report_of
from app.comparison.experiments.twin_evidence import Fate, TwinEvidence
from app.comparison.experiments.twin_results import Results, results_of
from app.comparison.summary.report import markdown
from app.domain.audit import timestamp
from app.domain.experiments.experiment import Experiment, ExperimentPhase, Progress, StepRecord
from app.domain.experiments.experiment_parameters import ExperimentParameters, FaultKind
from app.domain.experiments.experiment_plan import Step, StepKind
from app.domain.operation import Outcome, Phase, Trigger
from app.domain.state.drift import Episode

START = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
Story = list[tuple[float, StepKind, int, FaultKind | None, dict[str, Any]]]


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def commit(number: int, seconds: float, flaw: FaultKind | None = None) -> tuple[Any, ...]:
    data = {"revision": f"{number:040x}", "visible_at": timestamp(at(seconds)), "announced": True}
    return seconds, StepKind.COMMIT, number, flaw, data


def delivery(mode: str, number: int, live: float, *, well: bool = True) -> DeliveryFact:
    done = (Phase.SUCCEEDED, Outcome.DEPLOYED) if well else (Phase.FAILED, Outcome.FAILED)
    end = at(live)
    return DeliveryFact(
        f"{mode}-{number}", f"twin-{mode}", mode, Trigger.SCHEDULE, *done, f"{number:040x}", end, end, None, None, end,
        end, end, end, end if well else None, False,
    )  # fmt: skip


def found(story: Story, push: list[DeliveryFact], pull: list[DeliveryFact], **more: Any) -> Results:
    steps = tuple(Step(n, when, kind, of, fault) for n, (when, kind, of, fault, _) in enumerate(story, 1))
    records = {n: StepRecord(n, at(one[0]), one[4]) for n, one in enumerate(story, 1)}
    asked = ExperimentParameters(commits=10, faults=())
    progress = Progress(interruptions=more.get("interruptions", ()), requests=more.get("requests", {}))
    one = Experiment("0" * 26, 7, asked, ExperimentPhase.FINISHED, START, "user:kim", "1.0", progress=progress)
    episodes = more.get("episodes", {"push": (), "pull": ()})
    return results_of(TwinEvidence(one, steps, records, {"push": tuple(push), "pull": tuple(pull)}, episodes, at(999)))


def test_a_change_is_out_with_the_newer_one_that_contains_it() -> None:
    story = [commit(1, 1.0), commit(2, 2.0), commit(3, 3.0)]
    push = [delivery("push", n, n + 0.5) for n in (1, 2, 3)]
    got = found(story, push, [delivery("pull", 1, 4.0), delivery("pull", 3, 5.0)])
    sides = [(one.sides["push"].out_s, one.sides["pull"].out_s, one.sides["pull"].fate) for one in got.changes]
    assert sides == [(0.5, 3.0, Fate.DEPLOYED), (0.5, 3.0, Fate.PASSED), (0.5, 2.0, Fate.DEPLOYED)]
    assert got.changes[1].sides["pull"].operation == "pull-3"
    assert (got.totals["push"].fates[Fate.DEPLOYED], got.totals["pull"].fates[Fate.PASSED]) == (3, 1)
    assert got.pairing("lead").n == 3


def test_what_never_came_is_no_pair_and_counted() -> None:
    got = found([commit(1, 1.0), commit(2, 2.0)], [delivery("push", 1, 1.5)], [delivery("pull", 2, 3.0)])
    assert [one.sides["push"].fate for one in got.changes] == [Fate.DEPLOYED, Fate.MISSING]
    assert got.pairing("lead").n == 1


def test_a_bad_commit_is_in_no_lead_time_and_its_recovery_is_measured() -> None:
    story = [commit(1, 1.0, FaultKind.BAD_COMMIT), commit(2, 3.0)]
    push = [delivery("push", 1, 1.5, well=False), delivery("push", 2, 4.0)]
    got = found(story, push, [delivery("pull", 2, 5.0)])
    assert [one.sides["push"].fate for one in got.changes] == [Fate.UNHEALTHY, Fate.DEPLOYED]
    assert [one.sides["pull"].fate for one in got.changes] == [Fate.PASSED, Fate.DEPLOYED]
    assert [dict(one.after_s) for one in got.recoveries] == [{"push": 2.5}]
    assert (got.pairing("lead").n, got.pairing("recovered").n) == (1, 0)


def test_a_fault_lasts_until_what_it_held_up_is_out() -> None:
    outage = FaultKind.GIT_OUTAGE
    story: Story = [
        commit(1, 1.0),
        (5.0, StepKind.BEGIN, 0, outage, {"requests": {"push": {"git": 4}, "pull": {}}}),
        commit(2, 6.0),
        (8.0, StepKind.END, 0, outage, {"requests": {"push": {"git": 4, "refused": 2}, "pull": {"refused": 1}}}),
        commit(3, 9.0),
        commit(4, 13.0),
    ]
    push = [delivery("push", n, t) for n, t in ((1, 2.0), (2, 8.5), (3, 9.5), (4, 13.5))]
    pull = [delivery("pull", n, t) for n, t in ((1, 3.0), (3, 12.0), (4, 14.0))]
    got = found(story, push, pull)
    assert [one.during for one in got.changes] == [(), (outage,), (outage,), ()]
    assert (got.pairing("lead").n, got.pairing("undisturbed_lead").n) == (4, 2)
    assert got.spans[0].counts == {"push": {"git": 0, "refused": 2}, "pull": {"refused": 1}}
    told = next(table for table in report_of(got).tables if table.title == "Faults")
    assert told.rows[0][:2] == ("Git outage", "5.0 to 8.0 s")
    assert told.rows[0][2] == "2 requests refused, 0 requests answered, slowest change 2.5 s"
    assert told.rows[0][3] == "1 request refused, 0 requests answered, slowest change 6.0 s"


def test_an_edit_by_hand_is_measured_from_outside_and_by_its_episode() -> None:
    mended = {"push": timestamp(at(4.0)), "pull": timestamp(at(7.0))}
    data = {"edited_at": timestamp(at(2.0)), "edited": ["push", "pull"], "mended": mended}
    story: Story = [commit(1, 1.0), (2.0, StepKind.DRIFT, 0, FaultKind.DRIFT, data)]
    seen = Episode(5, 1, "twin-push", "push", None, None, at(3.0))
    got = found(story, [], [], episodes={"push": (seen,), "pull": ()})
    (edit,) = got.edits
    assert (dict(edit.found), dict(edit.mended)) == ({"push": 1.0}, {"push": 2.0, "pull": 5.0})
    (row,) = next(table for table in report_of(got).tables if table.title == "Faults").rows
    assert row[2:] == ("episode 5 after 1.0 s, gone after 2.0 s", "gone after 5.0 s")


def test_what_was_on_its_way_while_it_stood_still_is_in_no_pair() -> None:
    story = [commit(1, 1.0), commit(2, 10.0)]
    both = [[delivery(mode, 1, 5.0), delivery(mode, 2, 11.0)] for mode in ("push", "pull")]
    got = found(story, *both, interruptions=((at(3.0), at(4.0)),))
    assert [one.paired for one in got.changes] == [False, True]
    assert "1 change had the experiment stand still" in markdown(report_of(got))


def test_the_answer_names_a_winner_only_where_the_pairs_show_one() -> None:
    gaps = [0.3, 0.9, 0.5, 0.7, 1.1, 0.4, 0.8, 1.3, 0.6, 1.0, 0.2, 1.2, 0.35, 0.85, 0.55, 0.75]
    story = [commit(n, 10.0 * n) for n in range(1, len(gaps) + 1)]
    push = [delivery("push", n, 10.0 * n + 0.5) for n in range(1, len(gaps) + 1)]
    later = [delivery("pull", n, 10.0 * n + 0.5 + gap) for n, gap in enumerate(gaps, 1)]
    mixed = [delivery("pull", n, 10.0 * n + 0.5 + gap * (-0.3, 0.3)[n % 2]) for n, gap in enumerate(gaps, 1)]
    assert report_of(found(story, push, later)).answer.startswith("Push had the same change out sooner")
    told = report_of(found(story, push, mixed)).answer
    assert "neither way can be called sooner" in told
    assert report_of(found([], [], [])).answer.endswith("no change has gone both ways yet while nothing was wrong.")
