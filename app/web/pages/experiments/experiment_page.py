"""The pages of experiments: their list with the way to begin one, and one as it runs and what it found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated

from fastapi import Form, Request, Response

from app.comparison.experiments.experiment_report import report_of
from app.comparison.summary.report import MeasuredReport
from app.domain.errors import ExperimentInProgress, InvalidInput
from app.domain.experiments.experiment import Experiment
from app.domain.experiments.experiment_parameters import PROFILES
from app.domain.permissions import Permission
from app.queries.experiments.experiment_queries import ExperimentState
from app.web.pages.query_parameters import Word, clean
from app.web.rendering import render
from app.web.rendering.curves import Curves, curves_of_samples
from app.web.requests.permission_check import By, Who, may
from app.web.requests.route_dependencies import Cases, Reads
from app.web.requests.routers import page_router
from app.web.requests.visit import Visit, Visiting
from app.wording.experiments.experiment_words import step_in_words
from app.wording.times import duration

PATH = "/compare/experiments"
SHOWN = 50
LONGEST_SEED = 16  # digits: more are no seed, and too many no number
router = page_router()


@dataclass(frozen=True, slots=True)
class ExperimentsPage:
    """The context of experiments/index.html. `profiles`: (key, words, chosen)."""

    experiments: tuple[Experiment, ...]
    profiles: tuple[tuple[str, str, bool], ...]
    seed: str
    next: str
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExperimentPage:
    """The context of experiments/show.html. `now`: what was done last; `files`: the report's, by form."""

    experiment: Experiment
    report: MeasuredReport
    curves: Curves
    now: str
    done: int
    planned: int
    twins: tuple[tuple[str, str], ...]
    files: Mapping[str, str]
    here: str


@router.get(PATH, dependencies=[may(Permission.VIEW)])
def experiments(here: Visiting, after: Word = "") -> Response:
    """The list."""
    return _listed(here, clean(after))


def _listed(
    here: Visit, after: str = "", seed: str = "", profile: str = "", errors: Mapping[str, str] | None = None
) -> Response:
    found = here.queries.experiments.page(here.who, SHOWN, after or None)
    words = {
        key: f"{key.capitalize()}: {one.commits} commits, {len(one.faults)} faults, about {duration(one.about_s)}"
        for key, one in PROFILES.items()
    }
    context = ExperimentsPage(
        experiments=found.items,
        profiles=tuple((key, text, key == (profile or "quick")) for key, text in words.items()),
        seed=seed,
        next=f"{PATH}?after={found.next}" if found.next else "",
        errors=errors or {},
    )
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK
    return render.page(
        here.request, "experiments/index.html", context, nav="compare", regions=("experiments",), status=status
    )


@router.post(PATH, dependencies=[may(Permission.RUN_EXPERIMENTS)])
def begin(
    here: Visiting, by: By, profile: Annotated[str, Form()] = "quick", seed: Annotated[str, Form()] = ""
) -> Response:
    """Begin one."""
    text = clean(seed).strip()
    try:
        if text and not (text.isascii() and text.isdigit() and len(text) <= LONGEST_SEED):
            raise InvalidInput(fields={"seed": "must be a whole number, or empty"})
        given = {"profile": clean(profile), **({"seed": int(text)} if text else {})}
        made = here.use_cases.experiments.start(given, by)
    except ExperimentInProgress as problem:
        return _listed(here, "", text, profile, {"profile": problem.detail})
    except InvalidInput as problem:
        return _listed(here, "", text, profile, problem.fields)
    return render.done(here.request, f"{PATH}/{made.id}", "The experiment begins", "Its page follows it.", "busy")


@router.get(PATH + "/{id}", dependencies=[may(Permission.VIEW)])
def experiment(request: Request, id: str, queries: Reads, who: Who) -> Response:
    """One experiment."""
    state, found = queries.experiments.state(who, id), queries.experiments.results(who, id)
    context = _context(state, report_of(found))
    return render.page(request, "experiments/show.html", context, nav="compare", regions=("experiment",))


def _context(state: ExperimentState, report: MeasuredReport) -> ExperimentPage:
    one, last = state.experiment, state.last
    address = f"/api/v1/experiments/{one.id}/report"
    twins = () if one.removed_at else tuple((mode, one.twin(mode)) for mode in one.progress.twins)
    return ExperimentPage(
        experiment=one,
        report=report,
        curves=curves_of_samples(report.curves, report.drawn),
        now=step_in_words(last) if last else "the twins are made and delivered to for the first time",
        done=len(state.done),
        planned=len(state.steps),
        twins=twins,
        files={form: f"{address}?format={form}" for form in ("html", "md", "json")},
        here=f"{PATH}/{one.id}",
    )


@router.post(PATH + "/{id}/stop", dependencies=[may(Permission.RUN_EXPERIMENTS)])
def stop(request: Request, id: str, use_cases: Cases, by: By) -> Response:
    """Let it stand still."""
    use_cases.experiments.stop(id, by)
    return render.done(request, f"{PATH}/{id}", "The experiment stands still", "It can be taken up again.", "none")


@router.post(PATH + "/{id}/resume", dependencies=[may(Permission.RUN_EXPERIMENTS)])
def resume(request: Request, id: str, use_cases: Cases, by: By) -> Response:
    """Take it up again."""
    use_cases.experiments.resume(id, by)
    return render.done(request, f"{PATH}/{id}", "The experiment goes on", "", "busy")


@router.post(PATH + "/{id}/remove", dependencies=[may(Permission.RUN_EXPERIMENTS)])
def remove(request: Request, id: str, use_cases: Cases, by: By) -> Response:
    """Delete its twins and files."""
    use_cases.experiments.remove(id, by)
    return render.done(request, f"{PATH}/{id}", "The twins are deleted", "The report and the ledger stay.", "none")
