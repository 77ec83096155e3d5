"""An environment's specification as people and scripts write it: plain JSON values in, checked domain values out.

Page, REST and command line all come through here, so that they accept and refuse the same things in the same words.
Errors are collected: one InvalidInput names every wrong field by its dotted path and says how to mend it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields as fields_of
from typing import Any

from app.domain.audit import timestamp
from app.domain.environment import (
    CONTENT,
    Content,
    Environment,
    ExternalSpec,
    HealthCheck,
    Hook,
    IgnoreRule,
    Mode,
    Policy,
    RunsOn,
    SourceSpec,
    TargetSpec,
)
from app.domain.specification.reader import FieldReader, unreadable, wrong

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?\Z")
LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?\Z")
WEB = re.compile(r"https?://[^/?#\\\s@]+(?:[/?#]\S*)?\Z")  # nothing before a host's "@"
MAX_INTERVAL_S = 86_400 * 7


def parse(values: Any) -> Environment:
    """A whole specification; `id` and status are left at their defaults. Raises InvalidInput."""
    environment, errors = read(values)
    if errors:
        raise wrong(errors)
    return environment


def read(values: Any) -> tuple[Environment, dict[str, str]]:
    """A specification with defaults in the place of wrong fields, and what is wrong: {dotted path: text}."""
    reader = FieldReader(values)
    reader.known("name", "mode", "runs_on", "external", "source", "target", "policy", "labels")
    name = reader.text("name", limit=63, required=True)
    if name and not NAME.match(name):
        reader.wrong(
            "name", "must be 1 to 63 letters, digits, '.', '_' or '-', and begin and end with a letter or digit"
        )
    mode = Mode(reader.choice("mode", "pull", [one.value for one in Mode]))
    runs_on = RunsOn(reader.choice("runs_on", "server", [one.value for one in RunsOn]))
    away = runs_on is RunsOn.EXTERNAL
    if reader.has("external") and not away:
        reader.wrong("external", f"counts only where runs_on is {RunsOn.EXTERNAL.value}")
    environment = Environment(
        id=0,
        name=name,
        mode=mode,
        runs_on=runs_on,
        source=_source(reader.below("source"), required=not away),
        target=_external(reader) if away else _target(reader.below("target")),
        policy=_policy(reader.below("policy"), mode),
        labels=_labels(reader.below("labels")),
    )
    return environment, reader.errors


def stored_policy(values: Any, mode: Mode) -> Policy:
    """A policy as it was stored, perhaps by another version: a field that cannot be read has its default, so that no
    environment is ever out of reach for mending."""
    return _policy(FieldReader(values, "policy"), mode)


def _external(reader: FieldReader) -> TargetSpec:
    """Whoever delivers knows the target: nothing of it is asked for here."""
    if any(name != "kind" for name in reader.below("target").values):
        reader.wrong("target", "is left out: whoever delivers knows it")
    below = reader.below("external")
    below.known("system", "name")
    return ExternalSpec(below.text("system", required=True, limit=20), below.text("name", limit=200)).target()


def _source(reader: FieldReader, *, required: bool) -> SourceSpec:
    reader.known("repo_url", "ref", "path", "credential", *CONTENT)
    path = reader.text("path").strip("/")
    if ".." in path.split("/"):
        reader.wrong("path", "must stay inside the repository: remove '..'")
    path = "" if path == "." else path
    ref = reader.text("ref", "main", limit=250)
    if ref.startswith("-") or ".." in ref or any(c in ref for c in " ~^:?*[\\"):
        reader.wrong("ref", "must be a branch, a tag or a commit")
    repo_url = reader.text("repo_url", required=required)
    content = Content(*(reader.flag(name, False) for name in CONTENT))
    if content.lfs and not repo_url.lower().startswith(("http://", "https://")):
        reader.wrong("lfs", "needs an http or https address: objects of Git LFS are not fetched over another")
    return SourceSpec(repo_url, ref, path, reader.text("credential") or None, content)


def _target(reader: FieldReader) -> TargetSpec:
    kind = reader.text("kind", required=True, limit=40)
    options = {name: value for name, value in reader.values.items() if name != "kind"}
    return TargetSpec(kind, options)


def _policy(reader: FieldReader, mode: Mode) -> Policy:
    reader.known(*(one.name for one in fields_of(Policy)))
    auto = Policy()
    return Policy(
        interval_s=reader.number("interval_s", auto.interval_s, 1, MAX_INTERVAL_S),
        refresh_interval_s=reader.number("refresh_interval_s", auto.refresh_interval_s, 1, MAX_INTERVAL_S),
        auto_sync=reader.flag("auto_sync", mode is Mode.PULL),
        prune=reader.flag("prune", auto.prune),
        self_heal=reader.flag("self_heal", auto.self_heal),
        allow_empty=reader.flag("allow_empty", auto.allow_empty),
        auto_rollback=reader.flag("auto_rollback", auto.auto_rollback),
        observe=reader.flag("observe", auto.observe),
        ignore=tuple(_rule(reader, index, one) for index, one in enumerate(reader.items("ignore"))),
        health_check=_check(reader.below("health_check")) if reader.has("health_check") else None,
        hooks=_hooks(reader),
    )


def _rule(reader: FieldReader, index: int, value: Any) -> IgnoreRule:
    below = FieldReader({"path": value} if isinstance(value, str) else value, f"policy.ignore.{index}", reader.errors)
    below.known("path", "owner", "reason", "expires_at")
    path = below.text("path", required=True)
    return IgnoreRule(path, below.text("owner", limit=200), below.text("reason"), below.moment("expires_at"))


def _check(reader: FieldReader) -> HealthCheck:
    """Fields of another kind are looked at and left out."""
    reader.known(*("from" if one.name == "seen_from" else one.name for one in fields_of(HealthCheck)))
    kind = reader.choice("kind", "http", ("http", "tcp", "command"))
    url = reader.text("url", required=kind == "http")
    if url and not WEB.match(url):
        reader.wrong("url", "must be an http or https address without a password in it")
    tcp = kind == "tcp"
    seen_from = reader.choice("from", "server", ("server", "target"))
    status = reader.number("expect_status", 200, 100, 599)
    port = reader.number("port", 0, int(tcp), 65535, required=tcp)
    return HealthCheck(
        kind=kind,
        url=url if kind == "http" else "",
        expect_status=status if kind == "http" else 200,
        host=reader.text("host", "127.0.0.1") if tcp else "",
        port=port if tcp else 0,
        command=reader.command("command") if kind == "command" else (),
        seen_from=seen_from if kind != "command" else "server",
        timeout_s=reader.seconds("timeout_s", 5.0),
        interval_s=reader.seconds("interval_s", 1.0),
        deadline_s=reader.seconds("deadline_s", 30.0),
    )


def _hooks(reader: FieldReader) -> tuple[Hook, ...]:
    found = reader.values.get("hooks")
    if isinstance(found, Mapping):  # {"pre": [...], "post": [...]} is read as well as a list
        below = reader.below("hooks")
        below.known("pre", "post")
        pairs = [(when, index, one) for when in ("pre", "post") for index, one in enumerate(below.items(when))]
        return tuple(_hook(reader, f"policy.hooks.{when}.{index}", one, when) for when, index, one in pairs)
    return tuple(_hook(reader, f"policy.hooks.{i}", one, "post") for i, one in enumerate(reader.items("hooks")))


def _hook(reader: FieldReader, place: str, value: Any, when: str) -> Hook:
    given = value if isinstance(value, Mapping) else {"command": value}
    below = FieldReader(given, place, reader.errors)
    below.known("when", "command", "timeout_s")
    return Hook(below.choice("when", when, ("pre", "post")), below.command("command"), below.seconds("timeout_s", 60.0))


def _labels(reader: FieldReader) -> Mapping[str, str]:
    labels = {}
    for key, value in list(reader.values.items())[:50]:
        if not LABEL.match(str(key)) or not isinstance(value, str) or len(value) > 100 or unreadable(value):
            reader.wrong(str(key)[:60], "must be a short word with a text of at most 100 characters")
        labels[str(key)] = value
    return labels


def as_dict(environment: Environment) -> dict[str, Any]:
    """The specification in the contract's shape; `parse` reads it back to the same value."""
    source, policy, external = environment.source, environment.policy, environment.external
    spec: dict[str, Any] = {
        "name": environment.name,
        "mode": environment.mode.value,
        "runs_on": environment.runs_on.value,
        "source": {"repo_url": source.repo_url, "ref": source.ref, "path": source.path},
        "target": {"kind": environment.target.kind, **environment.target.options},
        "policy": policy_dict(policy),
        "labels": dict(environment.labels),
    }
    if source.credential:
        spec["source"]["credential"] = source.credential
    spec["source"] |= dict.fromkeys(source.content.chosen(), True)  # agents of older versions know no others
    if external:
        spec["target"] = {"kind": environment.target.kind}
        spec["external"] = {"system": external.system, "name": external.name}
    return spec


def policy_dict(policy: Policy) -> dict[str, Any]:
    """The policy in the contract's shape."""
    plain = (
        "interval_s",
        "refresh_interval_s",
        "auto_sync",
        "prune",
        "self_heal",
        "allow_empty",
        "auto_rollback",
        "observe",
    )
    return {
        **{name: getattr(policy, name) for name in plain},
        "ignore": [
            {
                "path": rule.path,
                "owner": rule.owner,
                "reason": rule.reason,
                "expires_at": timestamp(rule.expires_at) if rule.expires_at else None,
            }
            for rule in policy.ignore
        ],
        "health_check": _check_dict(policy.health_check) if policy.health_check else None,
        "hooks": [
            {"when": hook.when, "command": list(hook.command), "timeout_s": hook.timeout_s} for hook in policy.hooks
        ],
    }


def _check_dict(check: HealthCheck) -> dict[str, Any]:
    kinds: dict[str, dict[str, Any]] = {
        "http": {"url": check.url, "expect_status": check.expect_status},
        "tcp": {"host": check.host, "port": check.port},
        "command": {"command": list(check.command)},
    }
    times = {"timeout_s": check.timeout_s, "interval_s": check.interval_s, "deadline_s": check.deadline_s}
    seen = {"from": check.seen_from} if check.seen_from != "server" else {}
    return {"kind": check.kind, **kinds[check.kind], **seen, **times}


def merge(old: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """A specification with a partial one laid over it, as JSON Merge Patch does (RFC 7396)."""
    merged = dict(old)
    for key, value in change.items():
        before = merged.get(key)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            merged[key] = merge(before, value)
        elif value is None:
            merged.pop(key, None)
        else:
            merged[key] = value
    return merged
