"""What an experiment is asked for with."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from app.domain.experiments.experiment_parameters import SEEDS, FaultKind
from app.web.api.request_bodies.bodies import Body

Seconds = Annotated[float, Field(gt=0, le=3600, strict=False)]
Fault = Annotated[FaultKind, Field(strict=False)]


class ExperimentBody(Body):
    """Parameters; what is left out is the profile's."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [{"profile": "quick", "seed": 7}]}
    )
    profile: Annotated[Literal["standard", "quick"], Field(description="Whose defaults: minutes, or one.")] = "standard"
    seed: Annotated[
        int | None, Field(ge=0, lt=SEEDS, description="The same seed makes the same plan; drawn where left out.")
    ] = None
    commits: Annotated[int | None, Field(ge=1, le=2000, description="Commits that both twins get.")] = None
    spacing_s: Annotated[Seconds | None, Field(description="Mean seconds between two commits.")] = None
    interval_s: Annotated[int | None, Field(ge=1, le=3600, description="Seconds between the pull twin's polls.")] = None
    refresh_interval_s: Annotated[
        int | None, Field(ge=1, le=3600, description="Seconds between both twins' drift scans.")
    ] = None
    build_s: Annotated[Seconds | None, Field(description="Median seconds of the imitated pipeline.")] = None
    fault_s: Annotated[Seconds | None, Field(description="How long a fault lasts at most.")] = None
    delay_s: Annotated[Seconds | None, Field(description="Delay of each request on a slow network.")] = None
    self_heal: Annotated[bool | None, Field(description="Whether both twins heal drift by themselves.")] = None
    faults: Annotated[
        list[Fault] | None, Field(max_length=100, description="What goes wrong, each once for each time named.")
    ] = None

    def given(self) -> dict[str, Any]:
        """What was given."""
        return self.model_dump(mode="json", exclude_none=True)
