"""Composition root of the server: settings → adapters → use cases → web, workers, ticks."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from app.checks import LocalChecks
from app.config import Settings
from app.crypto import Passwords, Signer, public_half
from app.desired import DesiredStateRegistry
from app.experimenter import Experimenter
from app.logs import structured as logs
from app.notifications import InProcessNotifier, SystemClock
from app.ports import Ports
from app.processes.end_signals import EndSignals
from app.processes.process_end import leave
from app.processes.shared_heaps import share_heaps
from app.queries import Queries, wire_queries
from app.scheduler import Scheduler
from app.services.security.access import Access
from app.services.use_cases import UseCases, wire_use_cases
from app.sources import GitSources
from app.store import AnchorFile, HeadFile, Secrets, SqlStore, open_store, upgrade
from app.store.migrate import current, newest
from app.store.only_server import claim
from app.targets.target_registry import TargetRegistry
from app.web.app import WebOptions, watch_loop
from app.web.app import create_app as web
from app.web.listening.bounded_protocol import AcceptErrors, ConnectionLimits, bounded, capacity
from app.web.requests.background import Background
from app.wording.times import duration
from app.worker import Workers

GRACE_S = 2.0  # for requests, and again for what runs: a stop takes at most five seconds
CHECKPOINT_S = 60.0
BACKLOG = 128  # connections that are taken at once; the system holds others back
log = structlog.get_logger("server")


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything that one process runs. `password`: the first admin's one-time one; `claimed`: its locks."""

    settings: Settings
    store: SqlStore
    use_cases: UseCases
    queries: Queries
    bus: InProcessNotifier
    workers: Workers
    scheduler: Scheduler | None
    experimenter: Experimenter
    background: Background
    password: str | None
    claimed: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        """Begin to work."""
        self.workers.start()
        self.background.start()
        if self.scheduler:
            self.scheduler.add("checkpoints", self.use_cases.audit.checkpoint, CHECKPOINT_S)
            self.scheduler.start()

    def quiet(self) -> None:
        """Take nothing new and let every stream end. Safe to call from a signal's handler, and more than once."""
        self.workers.quit()
        self.experimenter.quit()
        self.bus.close()

    def stop(self) -> None:
        """Stop within GRACE_S; what is still running then is settled at the next start."""
        self.quiet()
        if self.scheduler:
            self.scheduler.stop()
        self.background.stop()
        self.experimenter.stop(GRACE_S)
        self.workers.stop(GRACE_S)
        self.use_cases.ports.targets.close()
        self.store.close()
        self.claimed.close()

    def readiness(self) -> Mapping[str, str]:
        """{part: "ok" or what is wrong with it}."""
        running = self.scheduler is None or self.scheduler.running
        return {
            "database": self._database(),
            "workers": self._working(),
            "scheduler": "ok" if running else "is not running",
        }

    def _working(self) -> str:
        if stuck_s := self.workers.stuck_s():
            return f"are all taken, and none has ended anything for {duration(stuck_s)}"
        return "ok" if self.workers.alive() else "are not running"

    def troubles(self) -> Mapping[str, str]:
        """{what is done again and again: why it fails now, or since when it hangs}; the rest goes on."""
        return self.scheduler.troubles() if self.scheduler else {}

    def failures(self) -> Mapping[str, int]:
        """{what is done again and again: how often it failed since the start}."""
        return self.scheduler.failures() if self.scheduler else {}

    def _database(self) -> str:
        try:
            version = current(self.store.engine)
        except (SQLAlchemyError, OSError) as error:
            return f"cannot be reached ({type(error).__name__})"
        return "ok" if version == _needed() else "is at another version than this program needs"


@lru_cache
def _needed() -> str | None:
    return newest()


def private_folder(settings: Settings) -> None:
    """Make the data directory, readable by its owner only."""
    os.umask(0o077)
    settings.folder().mkdir(mode=0o700, parents=True, exist_ok=True)


def open_database(settings: Settings) -> SqlStore:
    """The store, migrated."""
    private_folder(settings)
    folder = settings.folder()
    store = open_store(settings.database(), folder / "secret.key", appended=HeadFile(folder).note)
    upgrade(store.engine)
    return store


def wire_ports(settings: Settings, store: SqlStore, bus: InProcessNotifier) -> Ports:
    """The adapters of this process, behind their ports."""
    folder, clock = settings.folder(), SystemClock()
    secrets = Secrets(store, clock)
    sources = GitSources(folder, settings.sources(), secrets)
    targets = TargetRegistry(folder, settings.targets(), secret=secrets)
    return Ports(
        store=store,
        sources=sources,
        desired=DesiredStateRegistry(sources, targets),
        targets=targets,
        checks=LocalChecks(settings.commands),
        notifier=bus,
        clock=clock,
    )


@contextmanager
def local_access(settings: Settings) -> Iterator[Access]:
    """The accounts of an installation for a command on its machine, beside a running server or without one."""
    store = open_database(settings)
    try:
        yield Access(wire_ports(settings, store, InProcessNotifier()), Passwords())
    finally:
        store.close()


def build(settings: Settings) -> Installation:
    """Everything, wired and not started. Raises AlreadyServed."""
    private_folder(settings)
    with claim(settings.folder(), settings.database()) as claimed:
        return replace(_wired(settings), claimed=claimed.pop_all())


def _wired(settings: Settings) -> Installation:
    store, bus, folder = open_database(settings), InProcessNotifier(), settings.folder()
    ports = wire_ports(settings, store, bus)
    signer, anchor = Signer(folder / "signing.key", folder / "secret.key"), AnchorFile.at(settings.anchor())
    use_cases = wire_use_cases(ports, Passwords(), signer, public_half, HeadFile(folder), anchor)
    password = use_cases.access.bootstrap(_secret(settings.bootstrap_token), _secret(settings.admin_password))
    workers = Workers(use_cases, bus, settings.workers, shared=settings.shared_database())
    scheduler = Scheduler(use_cases, worker=workers.name) if settings.scheduler else None
    background = Background()
    experimenter = Experimenter(use_cases, bus, workers.name, folder, settings.targets()[0])
    parts = workers, scheduler, experimenter, background
    return Installation(settings, store, use_cases, wire_queries(ports, background.run), bus, *parts, password)


def _secret(value: object) -> str | None:
    reveal: Callable[[], str] | None = getattr(value, "get_secret_value", None)
    return (reveal() or None) if reveal else None


def application(installation: Installation) -> FastAPI:
    """The web application over an installation; its lifespan starts and stops it."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        installation.start()
        app.state.metrics.start(installation.queries)
        watching = asyncio.create_task(watch_loop(app.state.metrics))
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.to_thread(installation.stop)

    settings, token = installation.settings, _secret(installation.settings.metrics_token) or ""
    return web(
        installation.use_cases,
        installation.queries,
        installation.bus,
        installation.background,
        lifespan,
        readiness=installation.readiness,
        options=WebOptions(
            settings.public_url,
            token,
            settings.secure_cookies,
            settings.proxies(),
            settings.notice,
            installation.troubles,
            installation.failures,
        ),
    )


def create_app(settings: Settings | None = None) -> FastAPI:
    """The whole server as one ASGI application."""
    return application(build(settings or Settings()))


class Server(uvicorn.Server):
    """uvicorn that lets streams end when it is told to stop, says where it listens, and bounds what clients cost."""

    def __init__(
        self, installation: Installation, announce: Callable[[str], None], limits: ConnectionLimits | None = None
    ) -> None:
        settings = installation.settings
        config = uvicorn.Config(
            application(installation),
            host=settings.host,
            port=settings.port,
            http=bounded(limits or ConnectionLimits(capacity())),
            ws="none",
            backlog=BACKLOG,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # the application knows which proxies to believe
            timeout_graceful_shutdown=int(GRACE_S),
        )
        super().__init__(config)
        self._installation, self._announce = installation, announce

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal to stop."""
        self._installation.quiet()
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        asyncio.get_running_loop().set_exception_handler(AcceptErrors())
        await super().startup(sockets)
        if self.started and self.servers:
            host, port = self._installation.settings.host, self.servers[0].sockets[0].getsockname()[1]
            self._installation.experimenter.listening(host, port)
            self._announce(f"http://{host}:{port}")


def serve(settings: Settings, announce: Callable[[str], None], password: Callable[[str], None]) -> None:
    """Run the server until a signal. `told` hears its address once it listens, `password` the one-time password."""
    share_heaps()
    logs.configure(settings.log_format, settings.log_level)
    installation = build(settings)
    if installation.password:
        password(installation.password)
    server = Server(installation, announce)
    with suppress(KeyboardInterrupt):
        server.run()
    leave(0 if server.started else 1)


def work(settings: Settings) -> None:
    """Run workers (and the scheduler) without the web until a signal."""
    share_heaps()
    logs.configure(settings.log_format, settings.log_level)
    installation, asked_to_end = build(settings), EndSignals()
    installation.start()
    log.info("working", workers=settings.workers, scheduler=settings.scheduler)
    asked_to_end.wait()
    installation.stop()
    leave(0)
