"""What the other mode would have given an environment."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.web.api.fields import LateModel, Moment


class WhatIfFigure(LateModel):
    """A figure of one way of delivering."""

    key: Literal["visible_to_live", "superseded", "time_in_drift", "looks"]
    title: str = Field(description="The figure's name in words.")
    unit: Literal["s", "share", "per day"]
    value: float | None = Field(description="The value, in its unit; null: not known, and `text` says why.")
    n: int = Field(description="Of how many commits, episodes or polls it is made.")
    text: str = Field(description="How the figure comes about, or why it is not known.")


class WhatIfWay(LateModel):
    """A way of delivering: the one that was measured, or one that is reckoned from what was measured."""

    mode: Literal["push", "pull"]
    kind: Literal["measured", "predicted"] = Field(description="Whether it happened.")
    title: str = Field(description="The way in words.")
    figures: list[WhatIfFigure] = Field(description="The same figures of each way, in the same order.")
    assumptions: list[str] = Field(description="What a prediction rests on, in sentences.")


class WhatIf(LateModel):
    """What was measured in an environment beside what would have been."""

    environment: str
    mode: Literal["push", "pull"]
    interval_s: float = Field(description="The poll's interval that pull is reckoned with, in seconds.")
    pipeline_s: float | None = Field(
        description="Median seconds from a commit's being visible to its pipeline's call that push is reckoned with; "
        "null: none are known."
    )
    since: Moment
    until: Moment
    untimed: int = Field(description="Commits of which it is not known when they could be seen; they are left out.")
    missing: str = Field(description="Why nothing is predicted; empty where something is.")
    ways: list[WhatIfWay] = Field(description="What was measured first, then what is predicted.")
