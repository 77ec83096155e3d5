"""Pages out of frozen contexts: beside templating.py the only module that knows Jinja.

A region that refreshes alone is a block whose name is its element's id. The browser says in HX-Target which element it
wants; the handler lists which blocks may be had alone, and everything else gets the whole page.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment
from starlette.types import Receive, Scope, Send

from app.web.rendering.templating import environment

TEMPLATES = Path(__file__).resolve().parents[3] / "templates"
FLASH = "pushpull_flash"
FLASH_LIFE_S = 60
FLASH_LIMIT = 600
VARY = {"Vary": "HX-Request, HX-Target"}


@dataclass(frozen=True, slots=True)
class Message:
    """A word after a redirect. Tones: ok, busy, warn, bad, none."""

    tone: str
    title: str
    body: str = ""


class Rendered(HTMLResponse):
    """HTML that remembers for tests which template and context it was made from."""

    def __init__(self, text: str, status: int, template: str, context: Mapping[str, Any]) -> None:
        super().__init__(text.encode("utf-8", "replace"), status, VARY)
        self.template_name = template
        self.context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; a test client that listens hears of template and context first."""
        if "http.response.debug" in scope.get("extensions", {}):
            info = {"template": self.template_name, "context": self.context}
            await send({"type": "http.response.debug", "info": info})
        await super().__call__(scope, receive, send)


def pages(request: Request) -> Environment:
    """The installation's templates, read once."""
    state = request.app.state
    if not hasattr(state, "templates"):
        state.templates = environment(TEMPLATES, state.assets.url, state.notice)
    templates: Environment = state.templates
    return templates


def values(context: Any) -> dict[str, Any]:
    """The fields of a frozen context: exactly what its template gets."""
    return {field.name: getattr(context, field.name) for field in fields(context)}


def page(
    request: Request, template: str, context: Any, *, nav: str = "", regions: Collection[str] = (), status: int = 200
) -> Response:
    """A page, or one of its `regions` where that alone was asked for."""
    given = values(context)
    region = wanted(request)
    if region in regions and status in (HTTPStatus.OK, HTTPStatus.UNPROCESSABLE_ENTITY):
        return Rendered(_block(pages(request), template, region, given), status, template, given)
    shell = {"user": getattr(request.state, "user", None), "nav": nav, "flash": flashed(request)}
    text = pages(request).get_template(template).render(**shell, **given)
    answer = Rendered(text, status, template, given)
    if FLASH in request.cookies:
        answer.delete_cookie(FLASH, path="/")
    return answer


def wanted(request: Request) -> str:
    """The id of the element that htmx will put the answer into, "" for a whole page."""
    if not by_htmx(request) or request.headers.get("hx-history-restore-request"):
        return ""
    return unquote(request.headers.get("hx-target", "").partition("#")[2])


def by_htmx(request: Request) -> bool:
    """Whether htmx asks, not the browser itself."""
    return request.headers.get("hx-request") == "true"


def _block(templates: Environment, template: str, name: str, given: Mapping[str, Any]) -> str:
    """One block alone, wherever in the template's line of inheritance it stands.

    The first step of rendering runs the template's own `set`s and gathers the blocks of all its parents.
    """
    found = templates.get_template(template)
    context = found.new_context({"user": None, "nav": "", "flash": (), **given})
    next(iter(found.root_render_func(context)), None)
    return "".join(context.blocks[name][0](context))


def message(request: Request, tone: str, title: str, body: str = "", status: int = 200) -> Response:
    """A toast, as the whole answer to htmx."""
    given = {"tone": tone, "title": title, "body": body}
    text = pages(request).get_template("shared/_toast.html").render(**given)
    return Rendered(text, status, "shared/_toast.html", given)


def done(request: Request, url: str, title: str, body: str = "", tone: str = "ok") -> Response:
    """After a deed: on to a page that says so."""
    answer = RedirectResponse(url, HTTPStatus.SEE_OTHER, VARY)
    text = json.dumps([tone, title[:FLASH_LIMIT], body[:FLASH_LIMIT]])
    answer.set_cookie(
        FLASH, base64.urlsafe_b64encode(text.encode()).decode(), max_age=FLASH_LIFE_S, httponly=True, samesite="strict"
    )
    return answer


def flashed(request: Request) -> tuple[Message, ...]:
    """What the page before left to be said. Whoever wrote the cookie, it is plain text with a known tone."""
    try:
        parts = json.loads(base64.urlsafe_b64decode(request.cookies.get(FLASH, "").encode()))
        tone, title, body = (str(part) for part in parts)
    except (ValueError, TypeError):
        return ()
    return (Message(tone, title, body),) if tone in ("ok", "busy", "warn", "bad", "none") else ()
