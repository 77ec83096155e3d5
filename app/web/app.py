"""The web application: routers, what stands before them, errors, static files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI

from app import __version__
from app.notifications import InProcessNotifier
from app.queries import Queries
from app.services.use_cases import UseCases
from app.web import event_stream, problem_handlers, webhook_routes
from app.web.api import reference_page
from app.web.api import routes as api
from app.web.api.openapi import describe
from app.web.api.routes import health_routes
from app.web.listening.client_address import ClientAddress, TrustedProxies
from app.web.listening.head_requests import HeadRequests
from app.web.listening.idempotency import Idempotency
from app.web.listening.refused_callers import RefusedCallers
from app.web.pages import routes as pages
from app.web.rendering.static_files import Assets
from app.web.requests.access_log import Record
from app.web.requests.background import Background
from app.web.requests.compression import Compression
from app.web.requests.guard import Guard
from app.web.requests.log_in_pool import LogInPool
from app.web.requests.metrics import Metrics
from app.web.requests.routers import routes_of

STATIC = Path(__file__).resolve().parents[2] / "static"
LAG_EVERY_S = 5.0
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class WebOptions:
    """How the server is reached. `public_url`: its address as others see it, "" for that of each request;
    `metrics_token`: what the figures ask for, "" where they are open; `trusted_proxies`: see TrustedProxies; `notice`:
    a sentence above every page; `troubles`, `failures`: of what is done again and again, what goes wrong now, and how
    often it did."""

    public_url: str = ""
    metrics_token: str = ""
    secure_cookies: bool = False
    trusted_proxies: tuple[str, ...] = ()
    notice: str = ""
    troubles: Callable[[], Mapping[str, str]] = dict
    failures: Callable[[], Mapping[str, int]] = dict


def create_app(
    use_cases: UseCases,
    queries: Queries,
    bus: InProcessNotifier,
    background: Background,
    lifespan: Lifespan,
    *,
    readiness: Callable[[], Mapping[str, str]],
    options: WebOptions,
) -> FastAPI:
    """The application over one installation. `readiness` says of each part "ok" or what is wrong with it."""
    app = FastAPI(
        title="PushPull", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None, redirect_slashes=False
    )
    state, assets = app.state, Assets(STATIC)
    state.use_cases, state.queries, state.readiness = use_cases, queries, readiness
    state.troubles, state.failures = options.troubles, options.failures
    state.bus, state.background = bus, background
    state.public_url, state.metrics_token = options.public_url, options.metrics_token
    state.secure_cookies, state.notice = options.secure_cookies, options.notice
    state.metrics, state.assets, state.log_ins = Metrics(), assets, LogInPool()
    app.router.routes.extend((*api, *routes_of((event_stream, webhook_routes, health_routes, reference_page)), *pages))
    app.mount("/static", assets, name="static")
    problem_handlers.install(app)
    describe(app, queries.targets.kinds(), options.public_url or "/")
    app.add_middleware(Idempotency)
    app.add_middleware(Compression)
    app.add_middleware(HeadRequests)
    app.add_middleware(Guard)
    app.add_middleware(RefusedCallers)
    app.add_middleware(Record, metrics=state.metrics, respond=problem_handlers.respond)
    app.add_middleware(ClientAddress, trusted=TrustedProxies(options.trusted_proxies))
    return app


async def watch_loop(metrics: Metrics) -> None:
    """Measure how late the event loop is, for as long as it runs."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + LAG_EVERY_S
        await asyncio.sleep(LAG_EVERY_S)
        metrics.loop_lag.set(max(0.0, loop.time() - due))
