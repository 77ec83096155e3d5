"""Computes every figure of a comparison again from the raw rows of its export alone: `recompute.py FILE.json`."""

import json
import sys
from collections import defaultdict
from datetime import datetime
from itertools import product
from pathlib import Path
from statistics import median, quantiles


def lasting(rows):  # the median, also where some have not ended yet (Kaplan and Meier)
    left, level, ordered = 1.0, None, sorted(rows, key=lambda row: (row["took"], not row["ended"]))
    for at_risk, took in ((len(rows) - place, row["took"]) for place, row in enumerate(ordered) if row["ended"]):
        left *= 1 - 1 / at_risk
        if level is not None or left < 0.5 - 1e-9:
            return took if level is None else (level + took) / 2
        level = took if left <= 0.5 + 1e-9 else None
    return level


def cell(unit, rows, observed):  # what is observed: days of environments, or polls
    n, over, ended = len(rows), sum(row["value"] for row in observed), all(row["ended"] for row in rows)
    part, whole = {"a day": (n, over), "polls": (over, n)}.get(unit, (sum(row["value"] for row in rows), n))
    measured = {"": False, "polls": observed, "a day": over >= 1}.get(unit, True) and whole
    value = lasting(rows) if unit == "s" else part / whole if measured else None
    many = [row["took"] for row in rows] if unit == "s" and n >= 20 and ended else []
    return value, n, quantiles(many, n=20, method="inclusive")[18] if many else None, over if observed else None


def compared(figures, rows):  # of all on the page: (what it is, its figures as shown, the same computed again)
    of, modes = defaultdict(list), ("push", "pull")
    for row in rows:
        since, until = (datetime.fromisoformat(row[end] or "1970-01-01T00:00Z") for end in ("since", "until"))
        row["took"] = max(0.0, (until - since).total_seconds())
        for group in ((row["section"], row["key"]), (row["key"], row["revision"]), (row["key"], f"{until:%Y-%m-%d}")):
            of[*group, row["mode"]].append(row)
    for one, mode in product(figures["rows"], modes):
        again = cell(one["unit"], *(of[section, one["key"], mode] for section in ("counted", "observed")))
        yield (one["key"], mode), [one[mode][name] for name in ("value", "n", "p95", "observed")], again
    for one in figures["paired"]:
        found = {row["revision"]: [] for mode in modes for row in of["paired", one["key"], mode]}
        for commit, mode in product(found, modes):
            found[commit].append(median([row["took"] for row in of[one["key"], commit, mode]] or [-1]))
        middle = [median(side) for side in zip(*found.values(), strict=True)] or [None, None]
        sooner = [sum(a < b for a, b in found.values()), sum(a > b for a, b in found.values())]
        again = [sum(len(of["paired", one["key"], mode]) for mode in modes), len(found), *middle, *sooner]
        yield one["key"], [one[name] for name in ("deliveries", "n", "push", "pull", "push_first", "pull_first")], again
    for part, one in ((stages, one) for stages in figures["stages"] for one in stages["stages"]):
        times = [(row["value"], row["took"]) for row in of["stage", one["name"], part["mode"]]] or [(-1, -1)]
        yield one["name"], [part["n"], one["at"], one["took"]], [len(times), *map(median, zip(*times, strict=True))]
    for one, mode in ((day, mode) for day in figures["days"] for mode in day["n"]):
        leads = [row["took"] for row in of["lead_time", one["day"], mode]]
        yield one["day"], [one["lead"][mode], one["n"][mode]], [median(leads or [-1]), len(leads)]


if __name__ == "__main__":
    for what, shown, again in compared(**json.loads(Path(sys.argv[1]).read_text("utf-8"))):
        if [one and round(one, 8) for one in shown] != [one and round(one, 8) for one in again]:
            print(what, "is shown as", shown, "and computed as", [*again])
