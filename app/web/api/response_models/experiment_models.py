"""Twin experiments."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from app.web.api.fields import Moment

Phase = Literal["running", "stopped", "finished", "failed"]


class Experiment(BaseModel):
    """A twin experiment: the same commits and the same faults, delivered by push and by pull."""

    id: str
    seed: Annotated[int, Field(description="With the parameters it tells the whole plan.")]
    parameters: Annotated[dict[str, Any], Field(description="What was asked for, with every default.")]
    phase: Annotated[Phase, Field(description="A stopped one can be taken up; a failed one could not be carried out.")]
    reason: Annotated[str, Field(description="Why it failed or was stopped.")]
    created_at: Moment
    created_by: str
    finished_at: Annotated[Moment | None, Field(description="When it ended; null: it has not.")]
    removed_at: Annotated[Moment | None, Field(description="Since when its twins are gone; null: they are there.")]
    environments: Annotated[dict[str, str], Field(description="The twins' names, by their modes.")]
    version: Annotated[str, Field(description="Of the program that began it.")]
    position_s: Annotated[float, Field(description="Seconds of the plan that are over.")]
    end_s: Annotated[float, Field(description="Seconds at which the plan's last step lies.")]
    steps_done: Annotated[int, Field(description="How many steps were done.")]
    steps: Annotated[int, Field(description="How many steps the plan has.")]
    now: Annotated[str, Field(description="The step that was done last, in words; empty before the first.")]
