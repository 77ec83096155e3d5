"""Twin experiments: push against pull, the same commits and the same faults both ways."""

from __future__ import annotations

from typing import Literal

from fastapi import Response

from app.comparison.experiments.experiment_report import report_of
from app.comparison.summary.report import as_json, markdown
from app.domain.permissions import Permission
from app.web.api.fields import AfterName, Limit, OperationId
from app.web.api.openapi import problems
from app.web.api.request_bodies.experiment_bodies import ExperimentBody
from app.web.api.response_models import Experiment, Items, reply
from app.web.api.serializers.domain_json import page_of
from app.web.api.serializers.experiment_json import experiment_json, unstarted
from app.web.rendering.report_document import document
from app.web.requests.permission_check import By, Who, may
from app.web.requests.route_dependencies import Cases, Reads
from app.web.requests.routers import api_router

router = api_router("experiments")


@router.get("/experiments", response_model=Items[Experiment], dependencies=[may(Permission.VIEW)])
def list_experiments(queries: Reads, who: Who, limit: Limit = 50, after: AfterName = "") -> Response:
    """Experiments, newest first."""
    found = queries.experiments.page(who, limit, after or None)
    return reply(page_of(found, lambda one: experiment_json(queries.experiments.state(who, one.id))))


@router.post(
    "/experiments",
    status_code=202,
    response_model=Experiment,
    responses=problems(409),
    dependencies=[may(Permission.RUN_EXPERIMENTS)],
)
def start_experiment(use_cases: Cases, by: By, body: ExperimentBody | None = None) -> Response:
    """Begin an experiment; follow it at its Location. One runs at a time."""
    made = use_cases.experiments.start((body or ExperimentBody()).given(), by)
    return reply(experiment_json(unstarted(made)), 202, Location=f"/api/v1/experiments/{made.id}")


@router.get("/experiments/{id}", response_model=Experiment, dependencies=[may(Permission.VIEW)])
def show_experiment(id: OperationId, queries: Reads, who: Who) -> Response:
    """One experiment, and how far it is."""
    return reply(experiment_json(queries.experiments.state(who, id)))


@router.post(
    "/experiments/{id}/stops",
    status_code=202,
    response_model=Experiment,
    responses=problems(409),
    dependencies=[may(Permission.RUN_EXPERIMENTS)],
)
def stop_experiment(id: OperationId, use_cases: Cases, queries: Reads, who: Who, by: By) -> Response:
    """Let it stand still; it can be taken up again, also after a restart."""
    use_cases.experiments.stop(id, by)
    return reply(experiment_json(queries.experiments.state(who, id)), 202)


@router.post(
    "/experiments/{id}/resumptions",
    status_code=202,
    response_model=Experiment,
    responses=problems(409),
    dependencies=[may(Permission.RUN_EXPERIMENTS)],
)
def resume_experiment(id: OperationId, use_cases: Cases, queries: Reads, who: Who, by: By) -> Response:
    """Take it up where it stood still."""
    use_cases.experiments.resume(id, by)
    return reply(experiment_json(queries.experiments.state(who, id)), 202)


@router.delete(
    "/experiments/{id}", status_code=204, responses=problems(409), dependencies=[may(Permission.RUN_EXPERIMENTS)]
)
def remove_experiment(id: OperationId, use_cases: Cases, by: By) -> None:
    """Delete its twins, their files and their credential. Its report and the ledger stay."""
    use_cases.experiments.remove(id, by)


Form = Literal["html", "md", "json"]
MEDIA = {"html": "text/html", "md": "text/markdown", "json": "application/json"}


@router.get(
    "/experiments/{id}/report",
    response_class=Response,
    responses={200: {"content": {media: {"schema": {"type": "string"}} for media in MEDIA.values()}}},
    dependencies=[may(Permission.VIEW)],
)
def report_experiment(
    id: OperationId, queries: Reads, who: Who, format: Literal["html", "md", "json"] = "html"
) -> Response:
    """What it found so far, as one file that needs nothing else: it holds no address, no secret and no path."""
    found = queries.experiments.results(who, id)
    made = report_of(found)
    text = {"html": document, "md": markdown, "json": as_json}[format](made)
    name = f'attachment; filename="pushpull-experiment-{found.experiment.tail}.{format}"'
    return Response(text, media_type=MEDIA[format], headers={"Content-Disposition": name})
