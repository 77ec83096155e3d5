"""Each row's figure against one computed by hand from a few facts of a made-up ledger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.comparison import Call, Cell, Comparison, ComparisonRow, Evidence, compare_modes, parse_window
from app.comparison.delivery_facts import CommitFact, DeliveryFact
from app.comparison.measures import MEASURES
from app.comparison.measures.definitions import DEFINITIONS
from app.domain.environment import Environment, ExternalSpec, Mode, Policy, RunsOn, SourceSpec, Status, TargetSpec
from app.domain.operation import Outcome, Phase, Trigger
from app.domain.state.drift import Ending, Episode
from app.domain.status import SyncStatus
from app.targets.target_registry import CATALOGUE

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOW = NOON + timedelta(hours=2)
WINDOW = parse_window("7d", NOW)


def at(seconds: float | None) -> datetime | None:
    return None if seconds is None else NOON + timedelta(seconds=seconds)


def delivery(
    mode: str = "push",
    revision: str = "a",
    commit: float | None = 0,
    *,
    unseen: float | None = None,
    noticed: float | None = 1,
    live: float = 5,
    **other: Any,
) -> DeliveryFact:
    """A sync whose times are seconds after noon; `unseen`: the last look that did not show the commit."""
    noticed_at = at(noticed)
    fact = DeliveryFact(
        operation="operation",
        environment=mode,
        mode=mode,
        trigger=Trigger.WEBHOOK if mode == "push" else Trigger.SCHEDULE,
        phase=Phase.SUCCEEDED,
        outcome=Outcome.DEPLOYED,
        revision=revision,
        created_at=noticed_at or NOON,
        finished_at=at(live),
        committed_at=at(None if commit is None else commit - 0.5),  # the middle of its second counts
        visible_after=at(unseen),
        noticed_at=noticed_at,
        fetched_at=noticed_at,
        planned_at=noticed_at,
        applied_at=at(live),
        healthy_at=at(live),
        webhook_missed=False,
    )
    return replace(fact, **other)


def environment(mode: str = "push", name: str = "", created: float = -3600, **other: Any) -> Environment:
    plain = Environment(
        id=len(name) * 100 + sum(map(ord, name or mode)),
        name=name or mode,
        mode=Mode(mode),
        source=SourceSpec("https://git.example/site.git"),
        target=TargetSpec("directory", {"path": "/srv/site"}),
        policy=Policy(auto_sync=mode == "pull"),
        created_at=at(created),
    )
    return replace(plain, **other)


def compared(*deliveries: DeliveryFact, **other: Any) -> Comparison:
    others = {one.environment: one.mode for one in deliveries if one.environment not in ("push", "pull")}
    named = (environment(mode, name) for name, mode in others.items())
    other.setdefault("environments", (environment("push"), environment("pull"), *named))
    return compare_modes(Evidence(WINDOW, deliveries, kinds=CATALOGUE, **other))


def details(cell: Cell) -> dict[str, float | None]:
    return {one.label: one.value for one in cell.details}


def row(key: str, *deliveries: DeliveryFact, **other: Any) -> ComparisonRow:
    return compared(*deliveries, **other).row(key)


# --- lead time ---
def test_lead_time_is_the_median_from_commit_to_healthy() -> None:
    found = row(
        "lead_time", delivery(revision="a", live=4), delivery(revision="b", live=9), delivery(revision="c", live=5)
    )
    assert (found.push.value, found.push.n, found.push.sample) == (5, 3, (4, 5, 9))
    assert found.push.sentence == "With push, a commit was live 5.0 s after it was made (median of 3)."
    assert found.pull.value is None
    assert found.pull.sentence == "No pull delivery can be timed."


@pytest.mark.parametrize(
    "left_out",
    [
        delivery(trigger=Trigger.ROLLBACK, outcome=Outcome.ROLLED_BACK),
        delivery(trigger=Trigger.SELF_HEAL, outcome=Outcome.HEALED),
        delivery(outcome=Outcome.NO_OP),
        delivery(phase=Phase.FAILED, outcome=Outcome.FAILED),
        delivery(commit=None),
        delivery(commit=2, noticed=1),
        delivery(commit=-7200, noticed=1),
    ],
    ids=["rollback", "self-heal", "no-op", "failed", "no commit time", "clocks disagree", "older than environment"],
)
def test_what_tells_nothing_about_lead_time_is_left_out(left_out: DeliveryFact) -> None:
    assert row("lead_time", left_out).push.n == 0


def test_what_was_deployed_but_cannot_be_timed_is_counted() -> None:
    found = row("lead_time", delivery(commit=None), delivery(revision="b"))
    assert details(found.push) == {"longest": 5, "each value is good to ±": 0.5, "left out: date unknown": 1}


def test_a_date_from_the_future_is_unknown_and_what_could_be_seen_still_counts() -> None:
    future = delivery("pull", commit=31, unseen=20, noticed=30, live=40)
    assert details(row("lead_time", future).pull) == {"left out: date unknown": 1}
    assert row("visible_to_live", future).pull.sample == (15,)  # from half-way between the looks


def test_the_first_delivery_of_an_environment_has_no_lead_time() -> None:
    first, second = delivery(live=5), delivery(revision="b", commit=90, noticed=95, live=100)
    found = compared(first, second, first_live={"push": NOON + timedelta(seconds=5)})
    assert found.row("lead_time").push.sample == (10,)
    assert details(found.row("lead_time").push)["left out: first delivery"] == 1


def test_truncated_commit_times_do_not_make_delivery_seem_slower() -> None:
    """Live 108 ms after the commit, whenever within its second that was made."""
    facts = []
    for tenth in range(20):
        made = tenth * 1.05
        committed = at(int(made))
        facts.append(delivery(revision=str(tenth), committed_at=committed, noticed=made + 0.03, live=made + 0.108))
    assert row("lead_time", *facts).push.value == pytest.approx(0.108, abs=0.03)


def test_visible_to_live_counts_from_the_push_that_the_provider_tells_of_where_that_can_be() -> None:
    fact = delivery("pull", commit=0, unseen=20, noticed=30, live=40)
    assert row("visible_to_live", fact).pull.sample == (20,)
    assert row("visible_to_live", replace(fact, pushed_at=at(25.25))).pull.sample == (14.75,)
    for impossible in (19.25, 30.25):
        assert row("visible_to_live", replace(fact, pushed_at=at(impossible))).pull.sample == (20,)


def test_a_revision_counts_once_per_environment() -> None:
    again = delivery(live=5000, noticed=4000)
    assert row("lead_time", delivery(live=5), again).push.sample == (5,)
    assert row("lead_time", delivery(live=5), replace(again, environment="other")).push.sample == (5, 5000)


def test_without_a_health_check_the_change_of_the_target_counts() -> None:
    assert row("lead_time", delivery(live=8, healthy_at=None, applied_at=at(6))).push.value == 6


# --- noticing ---
def test_the_wait_for_a_poll_counts_from_the_last_look_that_did_not_show_the_commit() -> None:
    found = row("noticed", delivery("pull", commit=0, unseen=20, noticed=30, live=40))
    assert found.pull.value == 10
    assert found.pull.sentence == "Pull noticed a commit 10 s after it could first be seen (the only one measured)."


def test_both_modes_are_measured_from_the_same_moment() -> None:
    push = delivery("push", commit=0, unseen=None, noticed=23, live=25)
    pull = delivery("pull", commit=0, unseen=20, noticed=30, live=40)
    found = row("noticed", push, pull)
    assert (found.push.value, found.pull.value) == (3, 10)


def test_a_look_after_somebody_noticed_the_commit_is_no_bound() -> None:
    push = delivery("push", commit=0, noticed=10, live=25)
    pull = delivery("pull", commit=0, unseen=20, noticed=30, live=40)  # watches a branch that got it later
    found = row("noticed", push, pull)
    assert (found.push.value, found.pull.value) == (10, 30)


def test_a_click_is_not_a_notice() -> None:
    assert row("noticed", delivery(trigger=Trigger.MANUAL)).push.n == 0


# --- superseded commits ---
def test_a_superseded_commit_waits_until_what_took_its_place_is_live() -> None:
    skipped = CommitFact("pull", "pull", "a", NOON + timedelta(seconds=60), at(9.5), "b")
    found = compared(delivery("pull", "b", commit=30, noticed=60, live=70), superseded=(skipped,))
    never, both = found.row("never_deployed").pull, found.row("lead_time_all").pull
    assert (never.value, never.n) == (0.5, 2)
    assert never.sentence == ("With pull, 1 of 2 commits never went live by themselves; a newer one took their place.")
    assert details(never) == {"lay between two looks": 1}
    assert both.sample == (40, 60)
    assert found.row("lead_time").pull.sample == (40,)
    assert found.row("never_deployed").verdict.call is Call.OPEN


def test_a_pipeline_that_came_late_waited_for_the_delivery_before_it() -> None:
    newer = delivery(revision="b", commit=10, noticed=11, live=20)
    late = delivery(
        revision="a", commit=5, noticed=100, live=101, phase=Phase.SUPERSEDED, outcome=Outcome.SUPERSEDED,
        trigger=Trigger.PIPELINE,
    )  # fmt: skip
    assert row("lead_time_all", newer, late).push.sample == (10, 15)


def test_a_queued_sync_that_made_way_waited_for_the_next_delivery() -> None:
    older = delivery("pull", "a", commit=5, noticed=None, phase=Phase.SUPERSEDED, outcome=Outcome.SUPERSEDED, live=8)
    made_way = replace(older, created_at=NOON + timedelta(seconds=6), fetched_at=None)
    earlier = delivery("pull", "0", commit=0, noticed=1, live=2)
    newer = delivery("pull", "b", commit=7, noticed=8, live=20)
    assert row("lead_time_all", earlier, made_way, newer).pull.sample == (2, 13, 15)


def test_a_commit_that_went_live_after_all_is_not_superseded() -> None:
    first = delivery("pull", "a", phase=Phase.SUPERSEDED, outcome=Outcome.SUPERSEDED)
    assert row("never_deployed", first, delivery("pull", "a")).pull.value == 0


def test_what_is_superseded_and_not_live_yet_is_said() -> None:
    skipped = CommitFact("pull", "pull", "a", NOON, at(-5), "b")
    assert details(row("lead_time_all", superseded=(skipped,)).pull) == {"superseded and not live yet": 1}


# --- drift ---
def episode(
    mode: str = "push", good: float | None = 0, found: float = 100, ended: float | None = 160, **other: Any
) -> Episode:
    detected = at(found)
    assert detected
    plain = Episode(1, 1, mode, mode, "a", at(good), detected, ended_at=at(ended), ending=Ending.HEALED)
    return replace(plain, **other)


def test_drift_is_found_after_and_lasts() -> None:
    healed = episode(ended_by="system:self-heal")
    by_hand = episode(good=40, ended=400, ended_by="user:ana")
    found = compared(episodes=(healed, by_hand, episode(good=None, ended_by="system:self-heal")))
    undetected, lasting = found.row("drift_found").push, found.row("time_in_drift").push
    assert (undetected.value, undetected.n) == (80, 2)
    assert details(undetected) == {"mean": 80, "episodes without an earlier comparison": 1}
    assert (lasting.value, lasting.n) == (60, 3)
    assert details(lasting) == {"healed by self-heal": 2, "healed by a person": 1}
    assert lasting.sentence == (
        "Push: drift lasted 1 min after it was found (median of 3). Healed by self-heal 2 times and by a person once."
    )


def test_an_open_episode_counts_with_the_time_so_far() -> None:
    found = row("time_in_drift", episodes=(episode("pull", found=3600, ended=None, ending=None),)).pull
    assert (found.value, found.n, found.sample) == (None, 1, (3600,))
    assert found.sentence == (
        "Pull: the only one is not over yet, so that no median is known; the longest so far is 1 h."
    )
    assert details(found) == {"still open": 1}


def test_of_open_episodes_the_median_uses_what_is_known() -> None:
    ended = [episode("pull", id=n, found=0, ended=60.0 * n) for n in (1, 2, 3)]
    still = [episode("pull", id=n, found=7200 - 90.0, ended=None, ending=None) for n in (4, 5)]
    found = row("time_in_drift", episodes=(*ended, *still)).pull
    assert found.value == 120  # four of five last 60 s, and of the two known to last 120 s one does: 0.8 · 0.5 < 0.5
    assert "(median of 5, 2 of them not over yet)" in found.sentence


# --- the way back ---
def test_time_to_restore_runs_from_the_request_to_health() -> None:
    back = delivery(
        trigger=Trigger.ROLLBACK, outcome=Outcome.ROLLED_BACK, noticed=100, live=104, initiated_by="user:ana"
    )
    broken = replace(back, phase=Phase.FAILED, outcome=Outcome.FAILED)
    found = row("time_to_restore", back, broken).push
    assert (found.value, found.n) == (4, 1)
    assert details(found) == {"asked for by a person": 2, "did not succeed": 1}


def test_recovery_runs_from_the_first_failure_to_the_next_success() -> None:
    bad = delivery(revision="b", live=10, phase=Phase.FAILED, outcome=Outcome.FAILED)
    worse = delivery(revision="c", live=20, phase=Phase.FAILED, outcome=Outcome.FAILED)
    back = delivery(live=40, trigger=Trigger.ROLLBACK, outcome=Outcome.ROLLED_BACK)
    refused = delivery("pull", live=10, phase=Phase.FAILED, outcome=Outcome.REFUSED, applied_at=None)
    found = row("recovery", bad, worse, back, refused)
    assert (found.push.value, found.push.n, found.pull.n) == (30, 1, 0)


def test_an_environment_that_is_still_unwell_counts_with_the_time_so_far() -> None:
    found = row("recovery", delivery(live=3600, phase=Phase.FAILED, outcome=Outcome.FAILED)).push
    assert (found.value, found.n, found.sample) == (None, 1, (3600,))
    assert details(found) == {"still unwell": 1}


# --- daily running ---
def test_a_verdict_is_fresh_for_two_refresh_intervals() -> None:
    def checked(age: float, name: str) -> Environment:
        status = Status(SyncStatus.SYNCED, checked_at=NOW - timedelta(seconds=age), expires_at=NOW + timedelta(1))
        return environment("pull", name, policy=Policy(refresh_interval_s=60), status=status)

    found = row(
        "status_synchronization", environments=(checked(119, "one"), checked(120, "two"), environment("pull"))
    ).pull
    assert found.value == pytest.approx(1 / 3)
    assert found.n == 3
    assert details(found)["median age of the verdict"] == 119.5


def test_automation_is_the_share_without_a_person() -> None:
    found = row(
        "automation",
        delivery(revision="a", trigger=Trigger.PIPELINE),
        delivery(revision="b", trigger=Trigger.MANUAL),
        delivery(trigger=Trigger.ROLLBACK, outcome=Outcome.ROLLED_BACK, initiated_by="system:auto-rollback"),
        delivery(trigger=Trigger.ROLLBACK, outcome=Outcome.ROLLED_BACK, initiated_by="user:ana"),
        delivery(outcome=Outcome.NO_OP),
        decisions={("push", "held"): 3},
    ).push
    assert (found.value, found.n) == (0.5, 4)
    assert details(found)["times that a hold stopped automation"] == 3


def test_what_no_webhook_brought_is_lost_whether_the_poll_mended_it_or_not() -> None:
    came = delivery(revision="a", live=5)
    mended = delivery(revision="b", noticed=50, live=55, trigger=Trigger.SCHEDULE, webhook_missed=True)
    by_pipeline = delivery(revision="c", trigger=Trigger.PIPELINE)
    missed = tuple(CommitFact("push", "push", revision, NOON) for revision in ("b", "c", "d"))
    found = row("pipeline_dependence", came, mended, by_pipeline, missed=missed).push
    assert (found.value, found.n) == (0.5, 4)  # b and d of a, b, c, d; c came by pipeline
    assert details(found) == {
        "brought by the poll instead": 1,
        "median lead time of these": 55,
        "median lead time of the others": 5,
        "what a missing one cost: the difference": 50,
        "never delivered": 1,
    }


def test_audit_is_the_share_of_syncs_on_record() -> None:
    found = row(
        "audit_completeness",
        delivery(),
        delivery("pull"),
        delivery("pull", "b", operation="other"),
        audited=frozenset({"operation"}),
    )
    assert (found.push.value, found.pull.value) == (1, 0.5)
    assert found.pull.sentence == "With pull, 1 of 2 syncs have an audit entry that names who started them."


def test_reach_is_the_time_from_the_first_environment_to_the_last() -> None:
    found = row(
        "multi_environment_reach",
        delivery(live=5),
        delivery(live=9, environment="two"),
        delivery(live=25, environment="three"),
        delivery(revision="b"),
    ).push
    assert (found.value, found.n) == (20, 1)
    assert details(found)["most environments reached by one commit"] == 3


# --- founding ---
def test_parts_and_secrets_are_those_of_the_specification_and_of_what_was_used() -> None:
    source = SourceSpec("git@git.example:site.git", credential="deploy-key")
    push = environment("push", source=source, target=TargetSpec("ssh", {"host": "web1", "credential": "web-key"}))
    agent = environment("pull", runs_on=RunsOn.AGENT)
    used = delivery(trigger=Trigger.PIPELINE, initiated_by="token:ci")
    found = compared(used, environments=(push, agent))
    effort, secrets = found.row("installation_effort"), found.row("security")
    assert (effort.push.value, effort.pull.value) == (4, 2)
    assert (secrets.push.value, secrets.pull.value) == (3, 1)
    assert details(secrets.push) == {
        "held by the control plane": 2,
        "held by the pipeline": 1,
        "environments open to the most shared secret": 1,
    }
    assert secrets.verdict.text == "By design: 2 credentials fewer with pull"
    assert secrets.push.sentence == (
        "Push: 3 credentials held per environment (mean of 1). Held by the control plane (2) and the pipeline (1)."
    )


def test_a_shared_secret_says_how_much_it_opens() -> None:
    source = SourceSpec("https://git.example/site.git", credential="read")
    found = row("security", environments=(environment(name="a", source=source), environment(name="b", source=source)))
    assert details(found.push)["environments open to the most shared secret"] == 2


def test_configuration_counts_what_differs_from_the_defaults() -> None:
    tuned = environment("pull", policy=Policy(interval_s=5, self_heal=True), labels={"tier": "web"})
    found = compare_modes(
        Evidence(
            WINDOW,
            (delivery(trigger=Trigger.PIPELINE),),
            environments=(environment("push"), tuned),
            kinds=CATALOGUE,
            step="one\ntwo\nthree\n",
        )
    ).row("configuration_size")
    assert found.push.value == 5 + 3  # name, mode, address, kind and path; the pipeline's step
    assert found.pull.value == 5 + 3  # two settings and a label
    assert details(found.push)["of them outside PushPull"] == 3
    assert (found.verdict.call, found.verdict.text) == (Call.OPEN, "By design, not a contest")


def test_first_delivery_counts_from_the_registration() -> None:
    new, old = environment("pull", "new", created=0), environment("pull", "old", created=-30 * 86400)
    waiting = environment("pull", "waiting", created=0)
    first = {"new": NOON + timedelta(seconds=42), "old": NOON}
    found = row("first_delivery", environments=(new, old, waiting), first_live=first).pull
    assert (found.value, found.n) == (42, 1)
    assert details(found) == {"without a revision yet": 1}


def test_suitability_is_said_in_words() -> None:
    agent = environment("pull", "far", runs_on=RunsOn.AGENT)
    found = row("suitability", delivery("push"), environments=(environment("push"), agent))
    assert found.push.sentence == (
        "Push serves 1 environment here (1 directory target). "
        "The control plane reaches every target itself, so it suits places that let it in. "
        "Syncs were started by webhook (1)."
    )
    assert "suits places that let nobody in" in found.pull.sentence
    assert found.verdict.call is Call.OPEN


# --- the same commits, stages ---
def test_paired_figures_compare_each_commit_with_itself() -> None:
    facts = [delivery("push", name, live=1) for name in "abc"] + [delivery("pull", "a", live=3, noticed=2)]
    facts += [delivery("pull", "b", live=5, noticed=2), delivery("pull", "b", live=7, noticed=2, environment="two")]
    lead, noticed = compared(*facts).paired
    assert (lead.n, lead.push, lead.pull) == (2, 1, 4.5)
    assert lead.sample == (-5, -2)
    assert lead.verdict.difference == -3.5
    assert (lead.push_first, lead.pull_first) == (2, 0)
    assert lead.verdict.text == "Too few to say (2 of 8 needed)"
    assert lead.sentence == (
        "2 revisions went both ways: push was sooner with 2, pull with 0. Too few to say (2 of 8 needed)."
    )
    assert noticed.sample == (-1, -1)


def both_ways(*leads: float, **other: Any) -> list[DeliveryFact]:
    """Commits a minute apart: by push live after 2 s, by pull after each of these."""
    facts = []
    for number, lead in enumerate(leads):
        start, name = number * 60.0, f"{number}"
        facts.append(delivery("push", name, start, noticed=start + 1, live=start + 2))
        facts.append(delivery("pull", name, start, noticed=start + 1, live=start + lead, **other))
    return facts


WAITS = (9, 14, 7, 11, 15, 6, 12, 8, 16, 10, 5, 13)


def test_twelve_pairs_of_twins_are_enough() -> None:
    lead, _ = compared(*both_ways(*WAITS)).paired
    assert lead.verdict.call is Call.PUSH
    assert lead.verdict.text == "Push: 8.5 s sooner (95 %: 6.0 s to 11 s), in 100 % of pairs"
    assert lead.sentence.endswith(
        "pull with 0. The typical difference is 8.5 s (95 %: 6.0 s to 11 s), in favour of push."
    )
    assert lead.verdict.p == pytest.approx(2 / 2**12)
    assert lead.verdict.effect == 1


def test_two_environments_that_are_no_twins_tell_nothing_of_their_modes() -> None:
    other = environment("pull", target=TargetSpec("ssh", {"host": "far"}))
    lead, _ = compared(*both_ways(*WAITS), environments=(environment("push"), other)).paired
    assert lead.verdict.call is Call.TOO_FEW
    assert lead.verdict.text.startswith("No twins: their source, path or kind of target differs")


def test_one_slow_environment_makes_no_mode_slow() -> None:
    facts = [
        *both_ways(*WAITS),
        *(replace(one, environment="third") for one in both_ways(*WAITS) if one.mode == "pull"),
    ]
    lead, _ = compared(*facts).paired
    assert lead.verdict.call is Call.TOO_FEW
    assert lead.verdict.text.startswith("Too few environments to say: it takes 5 of each mode with the same commits")


def test_of_a_deleted_environment_what_is_older_than_its_first_sync_says_nothing() -> None:
    old = delivery("push", "a", -86_400, noticed=0, live=5, environment="gone")
    new = delivery("push", "b", 60, noticed=61, live=65, environment="gone")
    lead = row("lead_time", old, new, environments=()).push
    assert (lead.n, lead.value) == (1, 5)


def test_lead_time_by_day_is_the_median_of_what_went_live_that_day() -> None:
    day = 86_400
    found = compared(
        delivery("push", "a", 0, live=10),
        delivery("push", "b", 0, live=30),
        delivery("pull", "c", day, noticed=day + 1, live=day + 7),
    ).days
    assert [(one.day - NOON.date(), dict(one.lead), dict(one.n)) for one in found] == [
        (timedelta(0), {"push": 20}, {"push": 2}),
        (timedelta(1), {"pull": 7}, {"pull": 1}),
    ]


def test_stages_add_up_from_the_commit() -> None:
    fact = delivery(
        "pull", commit=0, unseen=20, noticed=30, live=40, fetched_at=at(31), planned_at=at(33), applied_at=at(38)
    )
    push, pull = compared(fact, replace(fact, revision="b", applied_at=None)).stages
    assert push.n == 0
    assert push.stages == ()
    assert [(one.name, one.at, one.took) for one in pull.stages] == [
        ("committed", 0, 0),
        ("visible", 20, 20),
        ("noticed", 30, 10),
        ("fetched", 31, 1),
        ("rendered", 31, 0),
        ("planned", 33, 2),
        ("applied", 38, 5),
        ("healthy", 40, 2),
    ]
    assert pull.n == 1
    assert pull.sentence == "With pull, a commit takes 40 s to live; the longest stage is visible (20 s)."


def test_every_measure_has_a_row_of_its_own_that_explains_itself() -> None:
    rows = [entry.row(Evidence(WINDOW)) for entry in MEASURES]
    assert len({row.heading.key for row in rows}) == len(MEASURES)
    assert [
        one.key
        for one in DEFINITIONS
        if not all((one.title, one.question, one.definition, one.events, one.formula, one.exclusions, one.source))
    ] == []
    assert [row.heading.key for row in compare_modes(Evidence(WINDOW)).rows] == [row.heading.key for row in rows]


# --- what others deliver ---
def others(mode: str = "pull", name: str = "away", system: str = "argocd") -> Environment:
    return environment(mode, name, runs_on=RunsOn.EXTERNAL, target=ExternalSpec(system).target())


def told(revision: str = "a", *, began: bool = True, **other: Any) -> DeliveryFact:
    """A delivery that Argo CD told of, as it is stored: noticed by nobody here."""
    given: dict[str, Any] = {
        "trigger": Trigger.EXTERNAL,
        "initiated_by": "external:argocd",
        "environment": "away",
        **other,
    }
    fact = delivery("pull", revision, noticed=None, **given)
    return replace(fact, fetched_at=None, planned_at=None, applied_at=fact.finished_at if began else None,
                   healthy_at=None, created_at=NOON + timedelta(seconds=2))  # fmt: skip


def test_what_others_deliver_counts_where_they_tell_enough_and_is_named() -> None:
    found = row("lead_time", told(live=5), told("b", live=9), environments=(others(),))
    assert (found.pull.sample, details(found.pull)["reported by Argo CD"]) == ((5, 9), 2)


def test_what_others_do_not_tell_is_left_out_and_not_bad() -> None:
    found = compared(told(), audited=frozenset(), environments=(others(), environment("push")))
    left_out = {"status_synchronization", "installation_effort", "security", "configuration_size", "automation",
                "noticed", "visible_to_live", "never_deployed", "lead_time_all", "audit_completeness",
                "pipeline_dependence", "first_delivery"}  # fmt: skip
    assert {key: found.row(key).pull.n for key in left_out} == dict.fromkeys(left_out, 0)
    for key in ("status_synchronization", "installation_effort", "security", "suitability"):
        assert details(found.row(key).pull)["not told by Argo CD"] == 1


def test_a_rollback_that_nobody_saw_begin_has_no_duration() -> None:
    back: dict[str, Any] = {"trigger": Trigger.ROLLBACK, "outcome": Outcome.ROLLED_BACK}
    found = row("time_to_restore", told(began=False, **back), told(live=9, **back), environments=(others(),))
    assert (found.pull.sample, details(found.pull)["reported by Argo CD"]) == ((7,), 1)
