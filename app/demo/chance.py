"""Chance in the demo: how long pipelines and people take, and what goes wrong, the same for both modes."""

from __future__ import annotations

import math
import random

PIPELINE_S = (20.0, 42.0, 90.0)  # shortest, median, longest
ANSWER_S = (60.0, 420.0, 3600.0)  # until a person answers drift or a bad release
FAILING = 1 / 9  # of the pipelines


class Chance:
    """Draws from a seed: the same seed tells the same story. `scale` shortens pipelines for a story told faster."""

    def __init__(self, seed: int, scale: float = 1.0) -> None:
        self._random = random.Random(seed)  # noqa: S311 - a story, no secret
        self._scale = scale

    def pipeline_s(self) -> float:
        """Seconds that a pipeline takes, log-normal: most near the median, a few far longer."""
        return self._scale * self._between(*PIPELINE_S)

    def answer_s(self) -> float:
        """Seconds until a person answers."""
        return self._between(*ANSWER_S)

    def work_s(self) -> float:
        """Seconds of one stage of a delivery."""
        return self._between(0.03, 0.12, 0.9)

    def within(self, seconds: float) -> float:
        """A moment within a span, each as likely."""
        return self._random.uniform(0, seconds)

    def pipeline_fails(self) -> bool:
        """Whether a pipeline fails before it delivers."""
        return self._random.random() < FAILING

    def some(self, number: int, of: int) -> list[int]:
        """`number` of the indices below `of`, in order."""
        return sorted(self._random.sample(range(of), number))

    def _between(self, least: float, middle: float, most: float) -> float:
        drawn = self._random.lognormvariate(math.log(middle), 0.45)
        return min(most, max(least, drawn))
