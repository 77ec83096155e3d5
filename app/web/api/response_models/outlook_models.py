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


class MeasuredSide(LateModel):
    """What was measured of one mode."""

    mode: Literal["push", "pull"]
    measure: str = Field(description="Key of the comparison's row that measures it.")
    place: Literal["here", "elsewhere", ""] = Field(
        description="Measured in this environment, in all environments of the mode, or nowhere."
    )
    value: float | None
    unit: str
    figure: str = Field(description="The value in words; empty where words alone say it.")
    n: int
    text: str = Field(description="What was measured, or what would measure it.")
    evidence: str | None = Field(description="Address of all that was counted; null where nothing was.")


class AdviceReason(LateModel):
    """What one rule of docs/advice.md found."""

    rule: str = Field(description="Name of the rule.")
    speaks_for: Literal["push", "pull", "told"] = Field(
        description="`told`: to be told of commits at once, in either mode."
    )
    text: str = Field(description="What was found, in a sentence.")
    evidence: str | None = Field(description="Address of what was counted; null where a specification says it.")


class AdviceCriterion(LateModel):
    """One of the four criteria, for both modes."""

    key: str
    title: str = Field(description="The criterion in words.")
    push: MeasuredSide = Field(description="What was measured of push.")
    pull: MeasuredSide = Field(description="What was measured of pull.")
    verdict: str = Field(description="What the comparison of all environments says.")


class TradeOff(LateModel):
    """Something that is said for or against a mode, and what was measured of it."""

    key: str = Field(description="Which claim it is.")
    mode: Literal["push", "pull"]
    side: Literal["for", "against"] = Field(description="Whether it is said for the mode or against it.")
    title: str = Field(description="The claim in words.")
    measured: MeasuredSide = Field(description="What was measured of it.")
    verdict: str = Field(description="What the comparison of all environments says.")


class Advice(LateModel):
    """What to choose for an environment, by the rules of docs/advice.md."""

    environment: str
    mode: Literal["push", "pull"]
    since: Moment
    until: Moment
    choice: Literal["push", "pull", "pull_with_webhook"] | None = Field(
        description="What is advised; null: nothing, and `sentence` says why."
    )
    sentence: str = Field(description="The advice in a sentence.")
    reasons: list[AdviceReason] = Field(description="What the rules found, for it and against it.")
    criteria: list[AdviceCriterion] = Field(description="The four criteria.")
    trade_offs: list[TradeOff] = Field(description="The fourteen pros and cons.")
