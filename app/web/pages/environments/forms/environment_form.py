"""The form of an environment, converted to a specification and back. Fields have the specification's dotted names."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.domain.environment import CONTENT, Environment, HealthCheck, RunsOn
from app.domain.errors import Problem
from app.domain.specification.kind_catalogue import KindCatalogue
from app.ports import Probe
from app.web.pages.environments.forms import target_form as targets
from app.web.pages.environments.forms.target_inputs import NO_CREDENTIAL, TargetInputs, inputs
from app.web.pages.environments.forms.test_result import Finding
from app.web.pages.query_parameters import clean
from app.web.requests.visit import Visit
from app.wording.operation_words import undelivered_counts
from app.wording.quantities import plural

CREDENTIALS = 200
NUMBERS = ("policy.interval_s", "policy.refresh_interval_s")
FLAGS = ("prune", "self_heal", "allow_empty", "auto_rollback", "observe")
CHECKS = {"http": ("url", "expect_status"), "tcp": ("host", "port"), "command": ("command",)}
TIMES = ("timeout_s", "interval_s", "deadline_s")
FRESH: Mapping[str, str] = {
    "name": "", "mode": "pull", "runs_on": "server", "labels": "",
    "source.repo_url": "", "source.ref": "main", "source.path": "", "source.credential": "",
    **{f"source.{name}": "" for name in CONTENT},
    "policy.interval_s": "60", "policy.refresh_interval_s": "300", "policy.auto_sync": "",
    "policy.prune": "true", "policy.self_heal": "", "policy.allow_empty": "", "policy.auto_rollback": "",
    "policy.observe": "",
    "policy.hooks.pre": "", "policy.hooks.post": "",
    "policy.health_check.kind": "", "policy.health_check.url": "", "policy.health_check.expect_status": "200",
    "policy.health_check.host": "127.0.0.1", "policy.health_check.port": "", "policy.health_check.command": "",
    "policy.health_check.from": "server",
    "policy.health_check.timeout_s": "5", "policy.health_check.interval_s": "1", "policy.health_check.deadline_s": "30",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Form:
    """The form for display. `editing`: the environment's name, "" for a new one; `problem`: an error beside fields."""

    typed: Mapping[str, str]
    kinds: tuple[tuple[str, str], ...]
    credentials: tuple[tuple[str, str], ...]
    target: TargetInputs
    errors: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    finding: Finding | None = None
    host: Finding | None = None
    editing: str = ""
    version: int = 0

    @property
    def policy_wrong(self) -> bool:
        """Whether a field in the part that is folded at first has an error."""
        return any(name.startswith("policy.") for name in self.errors)


def fresh(kinds: KindCatalogue) -> dict[str, str]:
    """A new form's values."""
    return {**FRESH, **targets.fresh(kinds)}


def form(visit: Visit, typed: Mapping[str, str], environment: Environment | None = None, **more: Any) -> Form:
    """A form with these values and the choices that exist here."""
    known, runs_on = visit.queries.targets.kinds(), RunsOn.AGENT if typed["runs_on"] == "agent" else RunsOn.SERVER
    there = known.that_run_on(runs_on)
    kinds = tuple((one.name, one.title_on(runs_on)) for one in there)
    typed = typed if typed["target.kind"] in dict(kinds) else {**typed, "target.kind": kinds[0][0]}
    stored = visit.queries.secrets.credentials(visit.who, CREDENTIALS).items
    usable = [one for one in stored if one.kind not in ("webhook-secret", "kubeconfig")]
    credentials = (NO_CREDENTIAL, *((one.name, f"{one.name} ({one.kind})") for one in usable))
    target = inputs(known[typed["target.kind"]], runs_on, stored)
    editing, version = (environment.name, environment.version) if environment else ("", 0)
    return Form(typed, kinds, credentials, target, editing=editing, version=version, **more)


def typed_values(kinds: KindCatalogue, given: Mapping[str, Any]) -> dict[str, str]:
    """The values that a browser sent, with every field; boxes that were not ticked are empty."""
    return {name: _text(given.get(name)) for name in fresh(kinds)}


def _text(value: Any) -> str:
    lines = str(value or "").replace("\r\n", "\n").split("\n") if isinstance(value, str) else []
    return "\n".join(clean(line) for line in lines).strip()[:20_000]


def specification(kinds: KindCatalogue, typed: Mapping[str, str]) -> dict[str, Any]:
    """The form as a specification; a number that is not valid stays text, so that the check reports it."""
    policy: dict[str, Any] = {name: typed[f"policy.{name}"] == "true" for name in FLAGS}
    policy |= {name.removeprefix("policy."): number(typed[name]) for name in NUMBERS}
    if typed["policy.auto_sync"]:
        policy["auto_sync"] = typed["policy.auto_sync"] == "true"
    policy["health_check"] = _check(typed)
    policy["hooks"] = {when: _lines(typed[f"policy.hooks.{when}"]) for when in ("pre", "post")}
    source = {name: typed[f"source.{name}"] for name in ("repo_url", "ref", "path", "credential")}
    content = {name: typed[f"source.{name}"] == "true" for name in CONTENT}
    return {
        "name": typed["name"],
        "mode": typed["mode"],
        "runs_on": typed["runs_on"] or "server",
        "source": {**source, "ref": source["ref"] or "main", "credential": source["credential"] or None, **content},
        "target": targets.target(kinds, typed, number),
        "policy": policy,
        "labels": labels(typed["labels"]),
    }


def change(kinds: KindCatalogue, typed: Mapping[str, str], before: Environment) -> dict[str, Any]:
    """The form as a merge patch of an environment, with null for each removed key. Ignore rules stay."""
    wanted = specification(kinds, typed)
    gone = {key: None for key in before.labels if key not in wanted["labels"]}
    gone_options = {key: None for key in before.target.options if key not in wanted["target"]}
    kept = {shlex.join(hook.command): hook.timeout_s for hook in before.policy.hooks}
    hooks = {when: [{"command": line, "timeout_s": kept.get(line, 60.0)} for line in lines]
             for when, lines in wanted["policy"]["hooks"].items()}  # fmt: skip
    check = wanted["policy"]["health_check"]
    unused = {name: None for kind, names in CHECKS.items() if check and kind != check["kind"] for name in names}
    policy = {**wanted["policy"], "hooks": hooks, "health_check": {**unused, **check} if check else None}
    return {
        "mode": wanted["mode"],
        "source": wanted["source"],
        "target": {**gone_options, **wanted["target"]},
        "policy": policy,
        "labels": {**gone, **wanted["labels"]},
    }


def number(text: str) -> int | float | str | None:
    """The text as a number if it is one, else the text itself, so that the check reports it."""
    for kind in (int, float):
        try:
            return kind(text) if text.isascii() and len(text) < 20 and text.lower() not in ("nan", "inf") else text
        except ValueError:
            continue
    return text or None


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _check(typed: Mapping[str, str]) -> dict[str, Any] | None:
    kind = typed["policy.health_check.kind"]
    if kind not in CHECKS:
        return None
    words = ("url", "host", "command")
    values = {name: typed[f"policy.health_check.{name}"] for name in (*CHECKS[kind], *TIMES)}
    seen = {"from": typed["policy.health_check.from"] or "server"} if kind != "command" else {}
    return {"kind": kind, **seen, **{name: text if name in words else number(text) for name, text in values.items()}}


def labels(text: str) -> dict[str, str]:
    """ "tier=prod region=eu", also one a line; a word without "=" is its own key with an empty value."""
    pairs = (part.partition("=") for part in text.replace(",", " ").split())
    return {key: value for key, _, value in pairs}


def of_environment(kinds: KindCatalogue, one: Environment) -> dict[str, str]:
    """An environment as the form shows it."""
    source, policy = one.source, one.policy
    values = {
        **fresh(kinds), "name": one.name, "mode": one.mode.value, "runs_on": one.runs_on.value,
        "labels": " ".join(f"{key}={value}" for key, value in one.labels.items()),
        "source.repo_url": source.repo_url, "source.ref": source.ref, "source.path": source.path,
        "source.credential": source.credential or "",
        **{f"source.{name}": "true" for name in source.content.chosen()},
        "policy.interval_s": str(policy.interval_s), "policy.refresh_interval_s": str(policy.refresh_interval_s),
        "policy.auto_sync": "true" if policy.auto_sync else "false",
        **{f"policy.{name}": "true" if getattr(policy, name) else "" for name in FLAGS},
        **{f"policy.hooks.{when}": "\n".join(shlex.join(hook.command) for hook in policy.hooks if hook.when == when)
           for when in ("pre", "post")},
    }  # fmt: skip
    values |= targets.shown(kinds, one.target)
    return values | dict(_check_values(policy.health_check))


def _check_values(check: HealthCheck | None) -> Iterator[tuple[str, str]]:
    if check is None:
        return
    place = "policy.health_check"
    yield f"{place}.kind", check.kind
    for name in CHECKS[check.kind]:
        value = getattr(check, name)
        yield f"{place}.{name}", shlex.join(value) if name == "command" else str(value)
    yield f"{place}.from", check.seen_from
    for name in TIMES:
        yield f"{place}.{name}", f"{getattr(check, name):g}"


def placed(errors: Mapping[str, str], typed: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """Errors by form field, and the remaining ones as a sentence; an error inside a list goes to the list's field."""
    found: dict[str, str] = {}
    others = []
    for name, text in errors.items():
        known = next((place for place in _above(name) if place in typed), None)
        if known:
            within = name.removeprefix(known).strip(".")
            found.setdefault(
                known,
                f"Line {int(within) + 1} {text}" if within.isdecimal() else f"{within} {text}".strip(),
            )
        else:
            others.append(f"{name} {text}")
    return found, "; ".join(others)


def _above(name: str) -> Iterator[str]:
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        yield ".".join(parts[:end])


def tested(visit: Visit, typed: Mapping[str, str]) -> Finding:
    """Look at the repository: "reachable, 3 branches, 214 files under deploy/"."""
    try:
        spec = specification(visit.queries.targets.kinds(), typed)["source"]
        return _found(visit.use_cases.registration.probe(spec), spec)
    except Problem as problem:
        return Finding("bad", "This repository cannot be used like this", f"{problem.detail} Nothing was saved.")


def _found(probe: Probe, spec: Mapping[str, Any]) -> Finding:
    branches = plural(len(probe.branches), "branch", "branches")
    place = f"{spec['path']}/" if spec["path"] else "the whole tree"
    title = f"Reachable, {branches}, {plural(probe.files, 'file')} under {place}"
    if probe.revision is None:
        known = f"It has {', '.join(probe.branches[:8])}." if probe.branches else "It has no branches yet."
        return Finding("warn", f"Reachable, but there is no {spec['ref']}", known, probe.branches)
    body = f"{spec['ref']} is at {probe.revision.short} “{probe.revision.subject}”."
    if not probe.files:
        return Finding("warn", title, f"{body} There is nothing to deliver; is the path right?", probe.branches)
    if probe.unsupported:
        odd = undelivered_counts([one.kind for one in probe.unsupported])
        return Finding("warn", title, f"{body} Not delivered as it is meant: {odd}.", probe.branches)
    return Finding("ok", title, body, probe.branches)
