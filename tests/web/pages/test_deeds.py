"""What people do on pages: logging in, forms, answers that come back as pages, as fragments and as refusals."""

from __future__ import annotations

import re
from dataclasses import replace

import httpx
import pytest

from tests.support.server import PATIENCE_S, LiveServer
from tests.web.pages.conftest import NAME, Filled, logged_in

FORM = {
    "name": "made", "mode": "push", "source.ref": "main", "source.path": "site", "policy.interval_s": "3600",
    "policy.refresh_interval_s": "3600", "policy.prune": "true", "labels": "tier=test",
}  # fmt: skip
HTMX = {"HX-Request": "true", "Accept": "text/html"}


def form_for(filled: Filled, name: str, **fields: str) -> dict[str, str]:
    target = {"target.kind": "directory", "target.path": str(filled.server.live / name)}
    return {**FORM, "name": name, "source.repo_url": filled.repo.url, **target, **fields}


def anonymous(server: LiveServer) -> httpx.Client:
    return httpx.Client(base_url=server.url, timeout=PATIENCE_S, headers={"Accept": "text/html"})


def test_without_a_session_every_page_leads_to_the_log_in_and_on(filled: Filled) -> None:
    with anonymous(filled.server) as client:
        for path in filled.pages:
            answer = client.get(path)
            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/login?next=%2F")
        sent = client.get("/environments/shop/history")
        onward = client.post(
            "/login", data={"name": "admin", "password": "correct horse battery", "next": "/environments/shop/history"}
        )
        assert "next=%2Fenvironments%2Fshop%2Fhistory" in sent.headers["location"]
        assert onward.headers["location"] == "/environments/shop/history"
        assert "httponly" in onward.headers["set-cookie"].lower()


def test_a_wrong_password_keeps_the_name_and_says_so(filled: Filled) -> None:
    with anonymous(filled.server) as client:
        answer = client.post("/login", data={"name": "somebody", "password": "wrong"})
    assert answer.status_code == 422
    assert 'value="somebody"' in answer.text
    assert "Name or password is wrong." in answer.text
    assert 'wrong"' not in answer.text


@pytest.mark.parametrize("path", ["/environments/shop/syncs", "/environments/shop/delete", "/environments", "/logout"])
@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}], ids=str)
def test_another_site_cannot_do_anything(filled: Filled, path: str, headers: dict[str, str]) -> None:
    before = filled.server.call("GET", "/audit")["items"][0]["seq"]
    assert filled.person.post(path, headers=headers).status_code == 403
    assert filled.server.call("GET", "/audit")["items"][0]["seq"] == before


def test_another_site_cannot_log_a_browser_in(filled: Filled) -> None:
    with anonymous(filled.server) as client:
        data = {"name": "admin", "password": "correct horse battery"}
        answer = client.post("/login", data=data, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert "pushpull_session" not in answer.headers.get("set-cookie", "")


def test_log_out_ends_the_session_for_good(filled: Filled) -> None:
    with logged_in(filled.server) as person:
        cookie = person.cookies["pushpull_session"]
        assert person.post("/logout").headers["location"] == "/login?out=1"
    with anonymous(filled.server) as client:
        client.cookies.set("pushpull_session", cookie)
        assert client.get("/").status_code == 303


def test_registering_delivering_editing_and_deleting_by_forms(filled: Filled) -> None:
    person = filled.person
    made = person.post("/environments", data=form_for(filled, "made"))
    assert (made.status_code, made.headers["location"]) == (303, "/environments/made")
    shown = person.get("/environments/made")
    assert "made is registered" in shown.text
    assert "made is registered" not in person.get("/environments/made").text
    sent = person.post("/environments/made/syncs")
    filled.server.end({"id": sent.headers["location"].rpartition("/")[2]})
    assert (filled.server.live / "made" / "index.html").is_file()
    page = person.get("/environments/made/settings").text
    version = re.findall(r'name="version" value="(\d+)"', page)[0]
    chosen = {"source.attributes": "true", "policy.interval_s": "77", "version": version}
    change = form_for(filled, "made", labels="", **chosen)
    assert person.post("/environments/made/edit", data=change).status_code == 303
    stored = filled.server.call("GET", "/environments/made")
    assert (stored["policy"]["interval_s"], stored["labels"]) == (77, {})
    assert [stored["source"][name] for name in ("lfs", "submodules", "attributes")] == [False, False, True]
    assert (
        'name="source.attributes" type="checkbox" value="true" checked'
        in person.get("/environments/made/settings").text
    )
    assert "eol and export-ignore" in person.get("/environments/made").text
    again = person.post("/environments/made/edit", data={**change, "policy.interval_s": "78"})
    assert again.status_code == 422
    assert "Somebody else edited it meanwhile" in again.text
    assert 'value="78"' in again.text
    gone = person.post("/environments/made/delete")
    assert gone.headers.get("location") == "/", gone.text
    assert (filled.server.live / "made" / "index.html").is_file()


def test_a_wrong_form_keeps_what_was_typed_and_names_the_fields(filled: Filled) -> None:
    wrong = form_for(filled, "no good <b>", **{"policy.interval_s": "often", "policy.hooks.pre": "ok\n'unclosed"})
    answer = filled.person.post("/environments", data=wrong)
    assert answer.status_code == 422
    assert 'value="no good &lt;b&gt;"' in answer.text
    assert 'value="often"' in answer.text
    for field in ("name", "policy.interval_s", "policy.hooks.pre"):
        assert f'id="{field}_error"' in answer.text
    taken = filled.person.post("/environments", data=form_for(filled, "shop"))
    assert taken.status_code == 422
    assert 'id="name_error"' in taken.text or "overlaps" in taken.text


def test_the_form_checks_as_one_types_and_tests_the_repository(filled: Filled) -> None:
    headers = {**HTMX, "HX-Target": "form#environment_form"}
    typed = {"name": "-", "source.repo_url": filled.repo.url, "target.kind": "directory", "mode": "pull"}
    checked = filled.person.post("/environments/checks", data=typed, headers=headers)
    assert checked.status_code == 200
    assert checked.text.strip().startswith("<form")
    assert 'id="name_error"' in checked.text
    assert 'id="target.path_error"' not in checked.text, "nothing was typed there yet"
    full = {**form_for(filled, "other"), "test": "1"}
    found = filled.person.post("/environments/checks", data=full, headers=headers).text
    assert "Reachable, 1 branch, 3 files under site/" in found
    plain = filled.person.post("/environments/checks", data=full).text
    assert "<html" in plain
    assert "Reachable, 1 branch, 3 files under site/" in plain
    bad = filled.person.post("/environments/checks", data={**full, "source.repo_url": "/etc"}).text
    assert "cannot be used like this" in bad


def test_a_region_comes_alone_and_only_one_that_may(filled: Filled) -> None:
    alone = filled.person.get("/environments/shop", headers={**HTMX, "HX-Target": "section#timeline"})
    assert alone.text.strip().startswith("<section")
    assert "<html" not in alone.text
    assert "HX-Target" in alone.headers["vary"]
    for target in ("section#scripts", "main#main", "body"):
        assert "<html" in filled.person.get("/environments/shop", headers={**HTMX, "HX-Target": target}).text
    restored = {**HTMX, "HX-Target": "section#timeline", "HX-History-Restore-Request": "true"}
    assert "<html" in filled.person.get("/environments/shop", headers=restored).text


def test_a_refusal_to_htmx_is_a_toast(filled: Filled) -> None:
    answer = filled.person.post(f"/operations/{filled.operation}/stop", headers=HTMX)
    assert answer.status_code == 409
    assert answer.text.startswith("<hx-partial")
    page = filled.person.post(f"/operations/{filled.operation}/stop")
    assert page.status_code == 409
    assert "Nothing was changed." in page.text


def test_a_wrong_rollback_shows_the_plan_again(filled: Filled) -> None:
    data = {"revision": filled.shas[0], "reason": "typed reason", "expires_at": "2001-01-01T10:00"}
    answer = filled.person.post("/environments/shop/rollback", data=data)
    assert answer.status_code == 422
    assert 'value="typed reason"' in answer.text
    assert "lies in the past" in answer.text


def test_nothing_to_roll_back_to_says_why_and_leads_to_the_history(filled: Filled) -> None:
    page = filled.person.get(f"/environments/{NAME}/rollback")
    assert page.status_code == 409
    assert "Nothing was live in" in page.text
    assert f'href="/environments/{NAME}/history"' in page.text


def test_hold_and_resume(filled: Filled) -> None:
    assert filled.person.post("/environments/docs/resume").status_code == 303
    assert filled.person.post("/environments/docs/hold", data={"reason": "<i>freeze</i>"}).status_code == 303
    page = filled.person.get("/environments/docs").text
    assert "&lt;i&gt;freeze&lt;/i&gt;" in page
    assert "Automation of docs is held" in page
    wrong = filled.person.post("/environments/docs/hold", data={"reason": " "})
    assert wrong.status_code == 422
    assert "is required: say why" in wrong.text


def test_a_token_and_a_webhook_secret_are_shown_once(filled: Filled) -> None:
    answer = filled.person.post("/settings/tokens", data={"token_name": "ci"})
    value = re.findall(r"pp_[\w-]{30,}", answer.text)[0]
    assert value not in filled.person.get("/settings/tokens").text
    assert ">ci<" in filled.person.get("/settings/tokens").text
    secret = re.findall(r"<code>([\w-]{43})</code>", filled.person.post("/environments/shop/webhook").text)[0]
    assert secret not in filled.person.get("/environments/shop/pipeline").text


def test_the_audit_log_leads_to_the_drift_that_an_entry_is_about(filled: Filled) -> None:
    server = filled.server
    server.environment("known", filled.repo)
    server.sync("known")
    (server.live / "known" / "index.html").write_text("by hand\n")
    server.refresh("known")
    filled.person.post("/environments/known/drift/acknowledgements")
    number = server.call("GET", "/environments/known")["status"]["episode"]
    assert f'href="/drift/{number}"' in filled.person.get("/audit?action=drift.acknowledge").text


def test_revisions_of_operations_lead_to_their_commits_at_the_git_host(filled: Filled) -> None:
    server = filled.server
    server.environment("hosted", filled.repo)
    done = server.sync("hosted")
    with server.installation.use_cases.ports.store.write() as tx:
        one = tx.environments.get("hosted")
        there = replace(one.source, repo_url="https://github.com/acme/shop.git")
        tx.environments.replace(replace(one, source=there, version=one.version + 1))
    link = f'href="https://github.com/acme/shop/commit/{done["revision"]}"'
    assert link in filled.person.get("/operations?environment=hosted").text
    assert link in filled.person.get(f"/operations/{done['id']}").text


def test_the_chain_is_verified_on_demand(filled: Filled) -> None:
    assert filled.person.post("/audit/verify").headers["location"] == "/audit"
    assert "Chain intact" in filled.person.get("/audit").text


def test_a_credential_is_stored_and_its_secret_comes_back_in_no_answer(filled: Filled) -> None:
    secret = "ghx_" + "s3cret" * 5
    fields = {"credential_kind": "token", "credential_secret": secret}
    wrong = filled.person.post("/settings/credentials", data={**fields, "credential_name": "not good"})
    assert wrong.status_code == 422
    assert 'value="not good"' in wrong.text
    assert (
        filled.person.post("/settings/credentials", data={**fields, "credential_name": "git-read"}).status_code == 303
    )
    shown = filled.person.get("/settings/credentials").text
    assert "git-read" in shown
    assert secret not in shown + wrong.text
