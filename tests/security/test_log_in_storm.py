"""Many log-ins at once wait for each other and for nobody else; a browser that logged in before has its own turn."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from app.crypto import Passwords
from app.web.requests.log_in_pool import PER_SENDER
from tests.support.server import LiveServer, ServerProcess

PASSWORD = "correct horse battery"
FORM = {"name": "admin", "password": PASSWORD}


def test_a_storm_of_log_ins_delays_no_other_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release, entered = threading.Event(), threading.Event()
    honest = Passwords.verify

    def slow(self: Passwords, stored: str, password: str) -> bool:
        entered.set()
        assert release.wait(60)
        return honest(self, stored, password)

    guesses, limits = 60, httpx.Limits(max_connections=None)
    with (
        LiveServer(tmp_path, scheduler=False) as server,
        ThreadPoolExecutor(guesses + 1) as pool,
        httpx.Client(base_url=server.url, timeout=60, limits=limits) as stranger,
        httpx.Client(base_url=server.url, timeout=60) as browser,
    ):
        assert browser.post("/login", data=FORM).status_code == 303
        monkeypatch.setattr(Passwords, "verify", slow)
        forms = [{"name": f"nobody {number}", "password": "x"} for number in range(guesses)]
        waiting = [pool.submit(stranger.post, "/login", data=form) for form in forms]
        assert entered.wait(30)
        for _ in range(5):  # nothing of the storm is checked yet: these come in between
            assert server.call("GET", "/environments")["items"] == []
            assert server.anonymous.get("/readyz").status_code == 200
        owner = pool.submit(browser.post, "/login", data=FORM)
        release.set()
        assert owner.result().status_code == 303
        answers = [one.result() for one in waiting]
    assert {one.status_code for one in answers} == {422, 429}
    assert sum(one.status_code == 422 for one in answers) >= PER_SENDER
    for one in answers:
        if one.status_code == 429:
            assert f"{one.headers['Retry-After']} seconds" in one.text or "minutes" in one.text


def test_ten_wrong_passwords_do_not_keep_out_a_browser_that_was_in_before(tmp_path: Path) -> None:
    with LiveServer(tmp_path, scheduler=False) as server, httpx.Client(base_url=server.url) as browser:
        assert browser.post("/login", data=FORM).status_code == 303
        wrong = {"name": "admin", "password": "wrong"}
        answers = [httpx.post(f"{server.url}/login", data=wrong) for _ in range(11)]
        assert [one.status_code for one in answers] == [422] * 10 + [429]
        assert (answers[-1].headers["Retry-After"], "in 15 minutes" in answers[-1].text) == ("900", True)
        browser.post("/logout")
        assert "pushpull_session" not in browser.cookies
        assert httpx.post(f"{server.url}/login", data=FORM).status_code == 429
        assert browser.post("/login", data=FORM).status_code == 303


def test_the_command_on_the_server_lets_in_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from app.cli.command_line import app

    with ServerProcess(tmp_path, PUSHPULL_ADMIN_PASSWORD=PASSWORD) as server:
        for _ in range(10):
            httpx.post(f"{server.url}/login", data={"name": "admin", "password": "wrong"})
        monkeypatch.setenv("PUSHPULL_DATA_DIR", str(tmp_path / "data"))
        done = CliRunner().invoke(app, ["user", "reset"])
        assert done.exit_code == 0, done.output
        once = done.output.split()[-1]
        answer = httpx.post(f"{server.url}/login", data={"name": "admin", "password": once})
        assert (answer.status_code, answer.headers["location"]) == (303, "/settings")
        assert server.call("GET", "/audit", action="password.reset")["items"][0]["actor"].startswith("local:")
