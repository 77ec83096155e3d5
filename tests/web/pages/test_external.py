"""Environments that others deliver, on pages: registered, connected, told of, and without a button that is not ours."""

from __future__ import annotations

import httpx
import pytest

from tests.support.tellings import BY_NAME, SECRET, SHA, Sending
from tests.web.pages.conftest import Filled

ARGO = BY_NAME["argocd"]
VIEWS = ("", "/history", "/pipeline", "/settings", "/drift", "/what-if")
DEEDS = ("syncs", "refreshes", "hold", "rollback", "switch", "plan")


@pytest.fixture(scope="module")
def away(filled: Filled) -> str:
    """An environment that Argo CD delivers and has told of."""
    typed = {"name": "away", "system": "argocd", "called": "shop", "labels": "tier=prod"}
    answer = filled.person.post("/environments/external", data=typed)
    assert (answer.status_code, answer.headers["location"]) == (303, "/environments/away/pipeline")
    filled.server.call("PUT", "/environments/away/webhook", {"secret": SECRET})
    post(filled, ARGO.sending("started"))
    post(filled, ARGO.sending("succeeded"))
    filled.server.until(lambda: filled.server.call("GET", "/environments/away")["status"]["revision"] == SHA)
    return "away"


def post(filled: Filled, sending: Sending) -> None:
    headers = {**sending.proven("argocd"), "Content-Type": "application/json"}
    assert filled.server.anonymous.post("/webhooks/argocd/away", content=sending.body, headers=headers).is_success


def page(filled: Filled, path: str) -> str:
    answer: httpx.Response = filled.person.get(path)
    assert answer.status_code == 200, path
    return answer.text


def test_no_view_offers_what_only_it_can_do(filled: Filled, away: str) -> None:
    for view in VIEWS:
        text = page(filled, f"/environments/{away}{view}")
        offered = [deed for deed in DEEDS if f"/environments/{away}/{deed}" in text]
        assert (view, offered) == (view, [])
        assert "Argo CD" in text


def test_its_timeline_names_who_told(filled: Filled, away: str) -> None:
    text = page(filled, f"/environments/{away}")
    assert "last told" in text
    assert "Begun elsewhere" in text
    assert SHA[:8] in text


def test_how_to_connect_it_is_a_text_to_copy(filled: Filled, away: str) -> None:
    text = page(filled, f"/environments/{away}/pipeline")
    assert "/webhooks/argocd/away" in text
    assert "argocd-notifications-cm" in text
    assert "THE-SECRET" in text
    made = filled.person.post(f"/environments/{away}/webhook").text
    assert "THE-SECRET" not in made
    assert "Copy the secret now" in made
    filled.server.call("PUT", f"/environments/{away}/webhook", {"secret": SECRET})


def test_the_overview_shows_it_beside_the_others_under_its_system(filled: Filled, away: str) -> None:
    text = page(filled, "/?q=away")
    assert "Argo CD" in text
    assert "Not compared yet" not in text


def test_its_settings_are_edited_and_what_is_wrong_is_said(filled: Filled, away: str) -> None:
    typed = {"called": "shop", "mode": "pull", "labels": "tier=test", "repo_url": ""}
    assert filled.person.post(f"/environments/{away}/external", data=typed).status_code == 303
    assert filled.server.call("GET", f"/environments/{away}")["labels"] == {"tier": "test"}
    wrong = filled.person.post(f"/environments/{away}/external", data={**typed, "repo_url": "ftp://x"})
    assert (wrong.status_code, "ftp://x" in wrong.text) == (422, True)
    taken = filled.person.post("/environments/external", data={"name": "shop", "system": "flux"})
    assert (taken.status_code, "is taken" in taken.text) == (422, True)


def test_a_deed_that_is_asked_for_all_the_same_is_refused_in_its_name(filled: Filled, away: str) -> None:
    answer = filled.person.post(f"/environments/{away}/refreshes")
    assert (answer.status_code, "delivered by Argo CD" in answer.text) == (409, True)
    bulk = filled.person.post("/bulk/refreshes", data={"name": [away]})
    assert "delivered by Argo CD" in bulk.text
