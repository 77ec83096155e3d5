"""The pages in a real browser: rollback in two clicks, keyboard, live updates, the form, and accessibility."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.support.sockets import short_place
from tests.web.pages.conftest import Filled

SERIOUS = ("serious", "critical")
expect.set_options(timeout=30_000)  # five seconds are too few for a loaded machine


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu"],
            env={**os.environ, "TMPDIR": short_place()},
        )
        yield running
        running.close()


def context_of(browser: Browser, filled: Filled, **options: object) -> BrowserContext:
    """A window of somebody who is logged in."""
    context = browser.new_context(base_url=filled.server.url, **options)  # type: ignore[arg-type]
    cookie = filled.person.cookies["pushpull_session"]
    context.add_cookies([{"name": "pushpull_session", "value": cookie, "url": filled.server.url}])
    return context


@pytest.fixture
def page(browser: Browser, filled: Filled) -> Iterator[Page]:
    context = context_of(browser, filled)
    shown = context.new_page()
    wrong: list[str] = []
    shown.on("pageerror", lambda error: wrong.append(str(error)))
    shown.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    yield shown
    context.close()
    assert wrong == []


def test_a_person_logs_in_and_out(browser: Browser, filled: Filled) -> None:
    context = browser.new_context(base_url=filled.server.url)
    page = context.new_page()
    page.goto("/environments/shop/history")
    page.fill("#name", "admin")
    page.fill("#password", "correct horse battery")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{filled.server.url}/environments/shop/history")
    page.click("summary[aria-label^=Account]")
    page.click("text=Log out")
    expect(page.locator("h1")).to_have_text("Log in")
    context.close()


def test_rollback_takes_two_clicks(page: Page, filled: Filled) -> None:
    filled.server.environment("back", filled.repo)
    for sha in filled.shas[:2]:
        filled.server.sync("back", revision=sha)
    page.goto("/environments/back")
    page.click(f"a:has-text('Roll back to {filled.shas[0][:8]}')")
    expect(page.locator("h2").first).to_have_text("The plan: 1 file")
    page.click(f"button:has-text('Roll back to {filled.shas[0][:8]}')")
    expect(page.locator("#operation_phase")).to_contain_text("succeeded")
    assert (filled.server.live / "back" / "index.html").read_text() == "one\n"
    stored = filled.server.call("GET", "/environments/back")["status"]
    assert (stored["revision"], stored["hold"]["left_revision"]) == (filled.shas[0], filled.shas[1])


def test_the_keyboard_reaches_pages_search_and_the_list_of_keys(page: Page) -> None:
    page.goto("/")
    for keys, path in (("g p", "/operations"), ("g d", "/drift"), ("g c", "/compare"), ("g a", "/audit"), ("g o", "/")):
        for key in keys.split():
            page.keyboard.press(key)
        page.wait_for_url(f"**{path}")
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("docs")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=docs")
    expect(page.locator("main a.hit").first).to_contain_text("docs")
    page.goto("/drift")
    page.keyboard.press("Control+k")
    page.keyboard.type("roll back shop")
    expect(page.locator(".rail .hit").first).to_contain_text("Roll back shop")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/environments/shop/rollback")
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()


def test_rows_are_walked_and_chosen_by_keys(page: Page) -> None:
    page.goto("/")
    rows = page.locator("main .table a.go")
    page.keyboard.press("j")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("x")
    expect(page.locator(".bulk-count")).to_have_text("1 chosen")
    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    name = rows.nth(1).inner_text()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/environments/{name}")


def test_a_page_follows_what_happens_without_a_click(page: Page, filled: Filled) -> None:
    filled.server.environment("lively", filled.repo)
    page.goto("/environments/lively")
    expect(page.locator("#bell")).to_have_attribute("data-state", "live")
    page.click("summary:has-text('Hold')")
    page.fill("#reason", "half typed")
    filled.server.sync("lively", revision=filled.shas[1])
    expect(page.locator("#timeline")).to_contain_text(f"Deployed {filled.shas[1][:8]}")
    expect(page.locator("#environment_head .end").last).to_contain_text(filled.shas[1][:8])
    expect(page.locator("#reason")).to_have_value("half typed")


def test_a_running_delivery_is_followed_by_whoever_comes_late(page: Page, filled: Filled) -> None:
    gate = filled.server.folder / "followed.gate"
    os.mkfifo(gate)
    said = 'printf "first <b>line\\n"; read go < "$0"; echo second line; read go < "$0"'
    hook = {"when": "pre", "command": ["sh", "-c", said, str(gate)]}
    filled.server.environment("followed", filled.repo, policy={"hooks": [hook]})
    body = {"revision": filled.shas[0]}
    asked = filled.server.call("POST", "/environments/followed/syncs", body, status=202)
    filled.server.until(lambda: "first <b>line" in said_by(filled, asked["id"]))
    page.goto("/environments/followed")
    expect(page.locator("#environment_head .notice").first).to_contain_text("is on its way: running pre hooks, 0 of 3")
    expect(page.locator("#environment_head")).not_to_contain_text("Live equals Git")
    page.click("a:has-text('Follow the delivery')")
    lines = page.locator("#operation_log")
    expect(lines).to_contain_text("first <b>line")
    expect(page.locator("#operation .progress")).to_contain_text("Running pre hooks")
    expect(page.locator("#operation .progress")).to_contain_text("0 of 3")
    gate.write_text("go\n")
    expect(lines).to_contain_text("second line")
    expect(page.locator("#operation_phase")).to_contain_text("running")
    gate.write_text("go\n")
    expect(page.locator("#operation_phase")).to_contain_text("succeeded")
    text = lines.inner_text()
    assert [text.count(line) for line in ("  first <b>line", "  second line")] == [1, 1]


def said_by(filled: Filled, id: str) -> list[str]:
    """The lines of an operation's log."""
    events = filled.server.call("GET", f"/operations/{id}")["log"]
    return [line for event in events for line in event["reason"].split("\n")]


def test_the_form_answers_while_one_types_and_keeps_what_was_typed(page: Page, filled: Filled) -> None:
    page.goto("/environments/new")
    page.fill("[name='source.repo_url']", filled.repo.url)
    page.fill("[name='source.path']", "site")
    page.fill("[name='target.path']", "/etc")
    page.fill("[name='name']", "typed")
    expect(page.locator("[id='target.path_error']")).to_contain_text("lies outside")
    page.fill("[name='target.path']", str(filled.server.live / "typed"))
    expect(page.locator("[id='target.path_error']")).to_have_count(0)
    page.click("text=Test the repository")
    expect(page.locator("#finding")).to_contain_text("Reachable, 1 branch, 3 files under site/")
    expect(page.locator("[name='name']")).to_have_value("typed")
    page.click("button:has-text('Register environment')")
    expect(page.locator("h1")).to_have_text("typed")


def test_a_page_greys_a_minute_after_its_connection_is_lost_and_comes_back(page: Page) -> None:
    page.clock.install()
    page.goto("/")
    expect(page.locator("#bell")).to_have_attribute("data-state", "live")
    root = page.locator("html")
    page.evaluate("document.getElementById('bell').dispatchEvent(new CustomEvent('htmx:sse:close', {detail: {}}))")
    page.clock.fast_forward(50_000)
    expect(page.locator("#bell")).to_have_attribute("data-state", "lost")
    assert root.get_attribute("data-stale") is None
    page.clock.fast_forward(20_000)
    assert root.get_attribute("data-stale") == ""
    page.evaluate("document.getElementById('bell').dispatchEvent(new CustomEvent('htmx:sse:after:connection'))")
    assert root.get_attribute("data-stale") is None


def test_usual_moments_are_at_hand(page: Page) -> None:
    page.clock.set_fixed_time("2026-11-25T15:20:00Z")
    page.goto("/environments/shop")
    page.click("summary:has-text('Hold')")
    moments = {"1 h": "2026-11-25T16:20", "End of day": "2026-11-25T23:59", "Monday 9:00": "2026-11-30T09:00"}
    for words, moment in (*moments.items(), ("No end", "")):
        page.click(f"#expires_at_field button:has-text('{words}')")
        expect(page.locator("#expires_at")).to_have_value(moment)


def test_each_choice_of_a_filter_is_a_step_back_and_addresses_are_short(page: Page, filled: Filled) -> None:
    page.goto("/")
    page.select_option("[name=mode]", "pull")
    page.wait_for_url("**/?mode=pull")
    page.select_option("[name=health]", "Healthy")
    page.wait_for_url("**/?mode=pull&health=Healthy")
    for address in ("/?mode=pull", "/"):
        page.evaluate("setTimeout(() => history.back())")
        expect(page).to_have_url(f"{filled.server.url}{address}")


def test_pages_work_without_javascript(browser: Browser, filled: Filled) -> None:
    context = context_of(browser, filled, java_script_enabled=False)
    page = context.new_page()
    page.goto("/?q=shop")
    expect(page.locator("tbody a.go").first).to_have_text("shop")
    page.goto("/environments/shop")
    page.click("button:has-text('Refresh now')")
    expect(page.locator(".notice").first).to_contain_text("A refresh was asked for")
    context.close()


LOOKS: tuple[tuple[int, Literal["light", "dark"]], ...] = (
    (1280, "light"), (390, "dark"), (390, "light"), (1280, "dark"),
)  # fmt: skip


@pytest.mark.timeout(900)
def test_no_page_has_a_serious_barrier_or_runs_over(browser: Browser, filled: Filled) -> None:
    """Each page is loaded once; window and colours change under it, as they do for somebody who turns a phone."""
    context = context_of(browser, filled, bypass_csp=True, reduced_motion="reduce")
    page, found = context.new_page(), []
    for path in filled.pages:
        page.goto(path)
        for width, theme in LOOKS:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=theme)
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            found += [f"{path} is {over} px too wide at {width} px"] if over > 0 else []
            looked_at = [] if (width, theme) == (390, "dark") else barriers(page, again=theme == "dark")
            found += [f"{path}, {theme}, {width} px: {barrier}" for barrier in looked_at]
    context.close()
    assert found == []


def barriers(page: Page, *, again: bool) -> list[str]:
    """The serious ones; of a page that was looked at in other colours only those that colours make."""
    asked = {"runOnly": ["color-contrast"]} if again else {}
    violations = Axe().run(page, options=asked).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:150]}" for one in violations if one["impact"] in SERIOUS]


def test_a_chart_is_drawn_when_it_comes_near_and_not_before(page: Page) -> None:
    loaded: list[str] = []
    page.on("request", lambda asked: loaded.append(asked.url) if "uPlot.iife" in asked.url else None)
    page.goto("/patterns")
    expect(page.locator("#bell")).to_have_attribute("data-state", "live")
    assert loaded == []
    page.locator("#sample_chart").scroll_into_view_if_needed()
    expect(page.locator("#sample_chart .uplot canvas")).to_be_visible()
    assert len(loaded) == 1
