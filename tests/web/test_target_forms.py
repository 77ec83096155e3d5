"""A kind that nothing in PushPull was written for is in the form and in OpenAPI, by its description alone."""

from __future__ import annotations

import pytest

from app.domain.environment import RunsOn, TargetSpec
from app.domain.specification.kind_catalogue import KindCatalogue
from app.domain.specification.target_address import AddressForm
from app.domain.specification.target_kind import FieldType, Pin, TargetField, TargetKind
from app.ports import Credential
from app.targets.target_registry import CATALOGUE
from app.web.api.serializers.pinned_values import with_fingerprints, without_fingerprints
from app.web.api.target_schema import target_schemas
from app.web.pages.environments.forms import target_form
from app.web.pages.environments.forms.environment_form import number
from app.web.pages.environments.forms.pin_confirmation import unconfirmed
from app.web.pages.environments.forms.target_inputs import inputs

SEAL = Pin(("name",), "seal", "Seal", "Is it this one?", "Look at its side.", "Sealed: {}.", str.upper)
BALLOON = TargetKind(
    name="balloon",
    title="Balloon",
    help="A balloon.",
    fields=(
        TargetField("name", "Name", required=True, placeholder="kite", row="one"),
        TargetField("height", "Height", type=FieldType.NUMBER, default=100, low=1, high=500, row="one"),
        TargetField("gas", "Gas", type=FieldType.CHOICE, default="air", choices=(("air", "Air"), ("he", "Helium"))),
        TargetField("valve", "Valve", when=("gas", "he")),
        TargetField("pass", "Pass", credential=("token", "password")),
        TargetField("seal", "Seal", pin=SEAL),
        TargetField(
            "tether", "By a tether", type=FieldType.GROUP, noun="tether",
            fields=(TargetField("post", "Post", required=True), TargetField("pass", "Its pass", credential=("token",))),
        ),
    ),
    identity="{name}",
    address=AddressForm("a balloon", "balloon://kite", "balloon://name", scheme="balloon", host="name"),
)  # fmt: skip
KINDS = KindCatalogue([*CATALOGUE.values(), BALLOON])
TYPED = {**target_form.fresh(KINDS), "target.kind": "balloon", "target.name": "kite"}


def target(**typed: str) -> dict[str, object]:
    given = {f"target.{name.replace('__', '.')}": text for name, text in typed.items()}
    return target_form.target(KINDS, {**TYPED, **given}, number)


def stored(name: str, kind: str) -> Credential:
    return Credential(name=name, kind=kind, created_at=None, created_by="", used_at=None, public={})  # type: ignore[arg-type]


def test_a_new_form_has_every_field_and_begins_with_the_first_kind() -> None:
    values = target_form.fresh(KINDS)
    assert values["target.kind"] == next(iter(CATALOGUE))
    assert (values["target.height"], values["target.gas"], values["target.tether.post"]) == ("100", "air", "")


def test_what_was_typed_becomes_the_specification_and_back() -> None:
    plain = {"kind": "balloon", "name": "kite", "height": 100, "gas": "air", "pass": None, "seal": None}
    assert target() == plain
    assert target(valve="v") == plain, "a field whose condition fails is left out"
    assert target(gas="he", valve="v")["valve"] == "v"
    assert target(height="high")["height"] == "high", "what is no number is named by the check"
    assert target(tether__pass="p") == plain, "a group without its first field is left out"
    assert target(tether__post="oak")["tether"] == {"post": "oak", "pass": None}
    shown = target_form.shown(KINDS, TargetSpec("balloon", {"name": "kite", "tether": {"post": "oak"}}))
    assert shown == {"target.kind": "balloon", "target.name": "kite", "target.tether.post": "oak"}


def test_inputs_stand_in_rows_and_offer_the_credentials_that_fit() -> None:
    found = inputs(BALLOON, RunsOn.SERVER, [stored("a", "token"), stored("b", "ssh-key"), stored("c", "password")])
    assert [[one.name for one in row.inputs] for row in found.rows] == [
        ["target.name", "target.height"], ["target.gas"], ["target.valve"], ["target.pass"], ["target.seal"],
    ]  # fmt: skip
    (group,) = found.groups
    assert (group.label, group.opener) == ("By a tether", "target.tether.post")
    by_name = {one.name: one for row in (*found.rows, *group.rows) for one in row.inputs}
    assert [value for value, _ in by_name["target.pass"].options] == ["", "a", "c"]
    assert [words for _, words in by_name["target.tether.pass"].options[1:]] == ["a"]
    assert (by_name["target.valve"].when, by_name["target.seal"].look_up) == ("he", "seal")
    assert (by_name["target.name"].attrs or {})["required"] is True
    assert "required" not in (by_name["target.tether.post"].attrs or {})


@pytest.mark.parametrize(
    ("typed", "before", "asked"),
    [
        ({}, None, True),
        ({"target.seal": "wax"}, None, False),
        ({"target.seal": "wax"}, {"name": "kite", "seal": "wax"}, False),
        ({"target.seal": "wax"}, {"name": "other", "seal": "wax"}, True),
        ({"target.seal": "lead"}, {"name": "other", "seal": "wax"}, False),
        ({"target.kind": "directory"}, None, False),
    ],
)
def test_a_value_that_nobody_has_seen_is_confirmed_first(
    typed: dict[str, str], before: dict[str, str] | None, asked: bool
) -> None:
    found = unconfirmed(KINDS, {**TYPED, **typed}, TargetSpec("balloon", before) if before else None)
    assert (found is SEAL) is asked


def test_a_fingerprint_stands_beside_what_is_pinned_and_can_be_sent_back() -> None:
    target = {"kind": "balloon", "name": "kite", "seal": "wax"}
    shown = with_fingerprints(KINDS, target)
    assert shown == {**target, "seal_fingerprint": "WAX"}
    assert without_fingerprints(KINDS, {"target": shown}) == {"target": target}


def test_openapi_tells_the_kinds_apart() -> None:
    schemas = target_schemas(KINDS)
    body, balloon = schemas["TargetBody"], schemas["BalloonTarget"]
    assert body["discriminator"]["mapping"]["balloon"] == "#/components/schemas/BalloonTarget"
    assert len(body["oneOf"]) == len(KINDS)
    assert {"kind": "balloon", "name": "kite"} in body["examples"]
    assert balloon["required"] == ["kind", "name"]
    assert balloon["properties"]["gas"]["anyOf"][0]["enum"] == ["air", "he"]
    assert balloon["properties"]["seal_fingerprint"]["readOnly"] is True
    tether = balloon["properties"]["tether"]["anyOf"][0]
    assert (tether["required"], list(tether["properties"])) == (["post"], ["post", "pass"])


def test_credentials_are_named_with_what_they_are_for() -> None:
    spec = TargetSpec("balloon", {"name": "kite", "pass": "a", "tether": {"post": "oak", "pass": "b"}})
    uses = [(one.field, one.of, one.name, one.kinds) for one in KINDS.credentials(spec)]
    assert uses == [
        ("target.pass", "target", "a", ("token", "password")),
        ("target.tether.pass", "tether", "b", ("token",)),
    ]


def test_what_makes_a_place_is_said_by_the_kind() -> None:
    here = TargetSpec("balloon", {"name": "kite", "height": 5})
    assert not KINDS.moved(here, TargetSpec("balloon", {"name": "kite", "height": 9}))
    assert KINDS.moved(here, TargetSpec("balloon", {"name": "bird", "height": 5}))
    assert KINDS.moved(here, TargetSpec("directory", {"path": "kite"}))
