"""Made-up values for /patterns, which shows every macro in every state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from types import SimpleNamespace as Record
from typing import Any

from app.comparison import Call, Cell, ComparisonRow, Heading, Stages, StageTime, Verdict
from app.domain.operation import Stage, StageName
from app.web.rendering.curves import curves_of
from app.web.rendering.plots import RoadStep, steps
from app.web.rendering.stage_pairs import stage_pairs
from app.wording.badges import LOOKS

SHA = "9be417d0c2f64c0b8f5d1f2a7e6b3c4d5e6f7a8b"
DIFF = """--- a/nginx/sites/shop.conf
+++ b/nginx/sites/shop.conf
@@ -12,5 +12,6 @@ server {
     listen 443 ssl;
-    client_max_body_size 16m;
+    client_max_body_size 64m;
+    proxy_set_header X-Api-Key ••••••••;
     root /srv/shop;
 }
\\ No newline at end of file
"""
SNIPPET = """- name: Deploy
  run: >
    curl --fail-with-body -X POST "$PUSHPULL_URL/api/v1/environments/shop-prod/syncs"
    -H "Authorization: Bearer $PUSHPULL_TOKEN" -d '{"revision": "${{ github.sha }}"}'
"""


def delivery(now: datetime, gaps: Iterable[float], phase: str) -> tuple[RoadStep, ...]:
    """A delivery that ends at `now`: seconds per stage; while running or when failed its last stage stays open."""
    waits = list(gaps)
    at = now - timedelta(seconds=sum(waits))
    stages = []
    for name, wait in zip(StageName, waits, strict=False):
        start, at = at, at + timedelta(seconds=wait)
        instant = name in (StageName.COMMITTED, StageName.NOTICED)
        stages.append(Stage(name, at if instant else start, at))
    if stages and phase != "succeeded":
        stages[-1] = Stage(stages[-1].name, stages[-1].started_at)
    return steps(stages, now, phase)


def roads(now: datetime) -> list[dict[str, Any]]:
    """Arguments of flow(): pushing right now, pulled and at rest, drifted, and failed."""
    git = {"icon": "branch", "kind": "Git", "title": "acme/shop-config", "detail": "main, deploy/prod",
           "revision": SHA, "subject": "Pin nginx to 1.29.3", "url": "", "note": "noticed 11 s ago",
           "differs": ""}  # fmt: skip
    place = {**git, "icon": "target", "kind": "Directory", "title": "/srv/shop", "detail": "2,113 files"}
    old = {"revision": "1f0c9d2a", "subject": "Raise upload limit to 64 MB", "note": "live for 2 h 30 min"}
    running, done = [0, 3.1, 0.4, 0.9, 0.3, 2.2], [0, 3.1, 12.4, 0.9, 0.3, 2.2, 4.6]
    return [
        {"mode": "push", "source": git, "target": {**place, **old}, "steps": delivery(now, running, "running"),
         "where": "9be417d0 is being applied: 4 of 12 files", "via": "GitHub Actions pushes"},
        {"mode": "pull", "source": git, "target": {**place, "note": "live for 4 min"},
         "steps": delivery(now, done, "succeeded"), "where": "9be417d0 is live and healthy"},
        {"mode": "pull", "source": git, "target": {**place, "differs": "3 files differ"},
         "steps": delivery(now, done, "succeeded"), "where": "9be417d0 was live; the target has moved since"},
        {"mode": "push", "source": git, "target": {**place, **old}, "steps": delivery(now, running, "failed"),
         "where": "9be417d0 was refused by the target; 1f0c9d2a is still live"},
    ]  # fmt: skip


def _compared(push: Sequence[float], pull: Sequence[float]) -> ComparisonRow:
    heading = Heading("key", "criterion", "Lead time", "How long?", "s", "lower", 10, "From commit to live.")
    verdict = Verdict(Call.PUSH, "32 s sooner", -32.0, (-40.0, -20.0))
    return ComparisonRow(heading, _cell("push", push), _cell("pull", pull), verdict)


def _cell(mode: str, sample: Sequence[float]) -> Cell:
    return Cell(mode, sample[len(sample) // 2], len(sample), "", sample=tuple(sample))


def _staged(mode: str, took: Sequence[float]) -> Stages:
    names = ("visible", "noticed", "fetched", "applied", "healthy")
    ends = accumulate(took)
    times = [StageTime(name, at, own) for name, at, own in zip(names, ends, took, strict=True)]
    return Stages(mode, 12, (StageTime("committed", 0.0, 0.0), *times), "")


def samples(now: datetime) -> dict[str, Any]:
    """The context of templates/patterns.html."""
    stages, stage_axis = stage_pairs([_staged("push", (3, 0.6, 0.4, 2.4, 30)), _staged("pull", (3, 31, 0.4, 2.5, 20))])
    spread = [0.6, 0.9, 1.1, 1.2, 1.4, 1.9, 2.4, 2.5, 3.1, 3.3, 4.8, 9.0]
    return {
        "now": now,
        "looks": LOOKS,
        "sha": SHA,
        "ages": [now - timedelta(seconds=age) for age in (2, 40, 420, 9000, 200000, 9000000)],
        "spans": [0.04, 2.44, 48, 112, 11100, 187200],
        "diff_text": DIFF,
        "snippet_text": SNIPPET,
        "hold": Record(owner="user:ben", reason="Rolled back from c04d51e9.", expires_at=now + timedelta(hours=20)),
        "verified": Record(valid=True, entries=12408, first_bad=None, problem=""),
        "broken": Record(valid=False, entries=311, first_bad=312, problem="Entry 312 was altered: its hash is wrong."),
        "days": [(0, 0, False), (1, 0, False), (3, 1, False), (2, 0, True), (0, 0, True), (4, 0, False)] * 2,
        "bars": [(phase, delivery(now, gaps, phase)) for phase, gaps in (
            ("succeeded", [0, 3.1, 0.4, 0.9, 0.3, 2.2, 4.6]),
            ("running", [0, 3.1, 0.4, 0.9, 0.3, 2.2]),
            ("failed", [0, 14, 0.5, 0.7, 0.4, 9.1]),
            ("queued", []))],
        "roads": roads(now),
        "curves": curves_of(_compared(spread, [value * 14 for value in spread])),
        "stages": stages,
        "stage_axis": stage_axis,
        "log": [(now - timedelta(seconds=9 - i), text) for i, text in enumerate(
            ("Fetched 9be417d0 (3 new objects)", "12 files to update, 1 to create", "Updated nginx/tls.conf"))],
        "chart": {"x": [1763856000 + 86400 * i for i in range(6)], "unit": "s", "series": [
            {"label": "→ push", "mode": "push", "values": [41, 44, 39, 52, None, 40]},
            {"label": "← pull", "mode": "pull", "values": [112, 98, 120, 105, 101, 99]}]},
    }  # fmt: skip
