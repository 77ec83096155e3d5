"""Specifications: what people write, what is refused, and in which words."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.environment import Content, Mode
from app.domain.errors import InvalidInput
from app.domain.specification.environment_fields import as_dict, merge, parse, stored_policy

GOOD: dict[str, Any] = {
    "name": "shop-production",
    "mode": "pull",
    "source": {"repo_url": "https://git.example/shop.git", "ref": "main", "path": "deploy"},
    "target": {"kind": "directory", "path": "/srv/shop"},
}


def wrong(change: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        parse(merge(GOOD, change))
    return caught.value.fields


def test_defaults_follow_the_mode() -> None:
    assert parse(GOOD).policy.auto_sync
    assert not parse({**GOOD, "mode": "push"}).policy.auto_sync
    assert parse(GOOD).mode is Mode.PULL


def test_a_full_specification_survives_the_round_trip() -> None:
    policy = {
        "interval_s": 5,
        "self_heal": True,
        "ignore": ["logs/", {"path": "*.tmp", "owner": "kim", "reason": "r", "expires_at": "2027-01-01T00:00:00Z"}],
        "health_check": {"kind": "http", "url": "http://127.0.0.1:8080/up", "expect_status": 204},
        "hooks": {"pre": ["true"], "post": [{"command": ["nginx", "-s", "reload"], "timeout_s": 3}]},
    }
    first = parse({**GOOD, "policy": policy, "labels": {"team": "shop"}})
    assert parse(as_dict(first)) == first
    assert [(hook.when, hook.command) for hook in first.policy.hooks] == [
        ("pre", ("true",)),
        ("post", ("nginx", "-s", "reload")),
    ]


def test_what_is_delivered_beside_files_is_off_unless_it_is_chosen() -> None:
    plain = parse(GOOD)
    assert not plain.source.content
    assert not {*as_dict(plain)["source"]} & {"lfs", "submodules", "attributes"}, "older agents know no such fields"
    source = {"repo_url": "https://git.example/a.git", "lfs": True, "attributes": True, "submodules": False}
    chosen = parse({**GOOD, "source": source})
    assert chosen.source.content == Content(lfs=True, attributes=True)
    assert parse(as_dict(chosen)) == chosen
    assert chosen.source.content.covers("lfs_pointer")
    assert not chosen.source.content.covers("submodule")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "../etc"}, "name"),
        ({"name": ""}, "name"),
        ({"mode": "sideways"}, "mode"),
        ({"runs_on": "moon"}, "runs_on"),
        ({"source": {"repo_url": None}}, "source.repo_url"),
        ({"source": {"ref": "--upload-pack=x"}}, "source.ref"),
        ({"source": {"path": "a/../../b"}}, "source.path"),
        ({"source": {"submodules": "yes"}}, "source.submodules"),
        ({"source": {"repo_url": "git@git.example:a.git", "lfs": True}}, "source.lfs"),
        ({"target": {"kind": None}}, "target.kind"),
        ({"policy": {"interval_s": 0}}, "policy.interval_s"),
        ({"policy": {"interval_s": True}}, "policy.interval_s"),
        ({"policy": {"interval_s": 10**30}}, "policy.interval_s"),
        ({"policy": {"selfheal": True}}, "policy.selfheal"),
        ({"policy": {"self_heal": "yes"}}, "policy.self_heal"),
        ({"policy": {"ignore": "logs"}}, "policy.ignore"),
        ({"policy": {"ignore": [{"path": ""}]}}, "policy.ignore.0.path"),
        ({"policy": {"health_check": {"kind": "http"}}}, "policy.health_check.url"),
        ({"policy": {"health_check": {"kind": "http", "url": "javascript:alert(1)"}}}, "policy.health_check.url"),
        ({"policy": {"health_check": {"kind": "http", "url": "http://ann:secret@h/"}}}, "policy.health_check.url"),
        ({"policy": {"health_check": {"kind": "http", "url": "http://ann@h/"}}}, "policy.health_check.url"),
        ({"policy": {"health_check": {"kind": "tcp", "host": "x", "port": 70000}}}, "policy.health_check.port"),
        ({"policy": {"hooks": [{"command": "echo 'unclosed"}]}}, "policy.hooks.0.command"),
        ({"labels": {"team": 3}}, "labels.team"),
        ({"source": {"repo_url": "https://git.example/a\x00b"}}, "source.repo_url"),
        ({"sauce": {}}, "sauce"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], field: str) -> None:
    assert field in wrong(change)


def test_bounds_are_told_as_numbers() -> None:
    told = wrong({"policy": {"health_check": {"kind": "tcp", "host": "x", "port": 70000}}})
    assert told["policy.health_check.port"] == "must be a whole number from 1 to 65535"


def test_all_wrong_fields_are_named_at_once() -> None:
    assert set(wrong({"mode": "x", "name": "-", "policy": {"prune": 1}})) == {"mode", "name", "policy.prune"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*GOOD, "policy", "labels", "runs_on"]), json_values))
def test_nothing_but_a_clear_refusal(values: dict[str, Any]) -> None:
    refused = None
    try:
        parse({**GOOD, **values})
    except InvalidInput as problem:
        refused = problem
    assert refused is None or refused.fields


CHECKS = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["http", "tcp", "command"]),
        "url": st.sampled_from(["http://127.0.0.1/", ""]),
        "host": st.sampled_from(["db", ""]),
        "port": st.sampled_from([0, 1, 65535]),
        "command": st.sampled_from([["true"], "systemctl is-active x", []]),
        "timeout_s": st.sampled_from([1, 0.5]),
        "expect_status": st.sampled_from([200, 503]),
    },
)
POLICIES = st.fixed_dictionaries(
    {},
    optional={
        "health_check": CHECKS,
        "hooks": st.lists(st.fixed_dictionaries({"command": st.sampled_from([["a", "b c"], "a 'b c'", []])})),
        "ignore": st.lists(st.sampled_from(["*.log", {"path": "x", "reason": "why"}, ""])),
        "interval_s": st.sampled_from([0, 1, 60]),
    },
)


@given(POLICIES)
def test_whatever_is_accepted_can_be_read_back(policy: dict[str, Any]) -> None:
    try:
        accepted = parse({**GOOD, "policy": policy})
    except InvalidInput:
        return
    assert parse(as_dict(accepted)) == accepted


def test_a_stored_policy_that_no_version_would_accept_is_read_for_mending() -> None:
    policy = stored_policy({"interval_s": "often", "prune": False, "health_check": {"kind": "tcp"}}, Mode.PULL)
    assert (policy.interval_s, policy.prune) == (60, False)


def test_a_tcp_check_needs_its_port() -> None:
    assert wrong({"policy": {"health_check": {"kind": "tcp", "host": "h"}}}) == {
        "policy.health_check.port": "is required"
    }
