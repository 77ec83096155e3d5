"""`python -m bench [NAME …] [--quick] [--out FOLDER] [--folder FOLDER]`."""

from __future__ import annotations

import argparse
import importlib
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench import report
from bench.ground import ROOT, NotInstalled, Unable, ground, load, machine
from bench.measuring import Result

NAMES = (
    *("noop_poll", "sync_one", "refresh", "ssh", "push_to_live", "overview", "first_visit", "start", "memory", "queue"),
    *("agent", "fleet", "processes", "verdicts"),
)
NOT_INSTALLED = 3  # exit code


def main() -> int:
    """Run what was asked for; 0 if all of it could be run, NOT_INSTALLED if only programs are missing."""
    given = _arguments()
    names = tuple(given.names) or NAMES
    results: dict[str, report.Kept] = {}
    missing: dict[str, Unable] = {}
    for name in names:
        print(f"{name} …", flush=True)
        command = " ".join(["python -m bench", name, *(["--quick"] if given.quick else [])])
        facts = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine(given.folder), "command": command,
                 "load": load()}  # fmt: skip
        try:
            result = _run(name, given.folder, given.quick)
        except Unable as reason:
            missing[name] = reason
            continue
        facts["load"] += f" before, {load()} after"
        results[name] = report.kept(result, facts)
        print("\n".join(report._section(results[name])), flush=True)
    out = given.out or (None if given.quick else ROOT / "bench")
    if out and results:
        report.write(out, results, NAMES)
    for name, why in missing.items():
        print(f"COULD NOT RUN {name}: {why}", file=sys.stderr)
    if not missing:
        return 0
    return NOT_INSTALLED if all(isinstance(why, NotInstalled) for why in missing.values()) else 1


def _run(name: str, folder: Path | None, quick: bool) -> Result:
    with ground(folder, quick) as place:
        result: Result = importlib.import_module(f"bench.{name}").run(place)
    return result


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help=f"which: {', '.join(NAMES)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that it works, says nothing")
    parser.add_argument("--out", type=Path, help="folder for results.md and results.json (default: bench/)")
    parser.add_argument("--folder", type=Path, help="where to work (default: in memory, if there is room)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
