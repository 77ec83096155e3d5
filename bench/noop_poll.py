"""A poll without news, for one environment and for a thousand, against one `git ls-remote`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from app.domain.environment import Environment, Mode, SourceSpec, Status, TargetSpec
from app.domain.status import Health, SyncStatus
from bench.ground import Ground, command
from bench.measuring import Case, Figure, Result, Verdict, interleaved, ratio
from bench.stand import Stand, expect
from bench.trees import PATH, repository
from tests.support.gitserver import GitServer
from tests.support.repo import GitRepo

TOLD = """`Poller.poll` with nothing new, environments of one repository together, over `file://` and over smart HTTP
(`git http-backend` on loopback). The peer is one `git ls-remote URL` started as a process."""
NOTES = (
    """A tick asks the remote once, however many environments share it; it also writes down that it looked, and goes
  through the environments.""",
    """Without one control plane, every environment asks for itself: the peer times their number.""",
)


def run(ground: Ground) -> Result:
    """1, 100 and 1,000 environments, two transports."""
    counts = (1, ground.of(100, 3), ground.of(1000, 6))
    repos = {count: repository(ground.folder / "git" / f"{count}.git", 20) for count in counts}
    with Stand(ground.folder / "here", ground.folder) as stand, GitServer(ground.folder / "git") as server:
        use_cases: dict[str, Case] = {}
        for transport in ("file", "http"):
            for count, repo in repos.items():
                url = server.url(repo.path) if transport == "http" else repo.url
                _register(stand, repo, url, count)
                use_cases[_name(transport, count)] = Case(_tick(stand, url))
            use_cases[f"git ls-remote, {transport}"] = Case(_peer(server, repos[1], transport))
        figures = interleaved(use_cases, ground.rounds)
    return Result("A poll without news", TOLD, list(figures.values()), _verdicts(figures, counts), list(NOTES))


def _name(transport: str, count: int) -> str:
    return f"poll, {transport}, {count:,} environment{'s' if count > 1 else ''}"


def _register(stand: Stand, repo: GitRepo, url: str, count: int) -> None:
    """Environments at which the repository's newest commit is live, all noticed and judged."""
    sha = repo.sha("main") or ""
    now = stand.use_cases.ports.clock.now()
    status = Status(
        sync=SyncStatus.SYNCED, health=Health.HEALTHY, revision=sha, live_since=now, noticed=sha, noticed_at=now,
        last_good=sha, checked_at=now, webhook_judged=sha, files=20,
    )  # fmt: skip
    with stand.store.write() as tx:
        for number in range(count):
            name = f"{'h' if url.startswith('http') else 'f'}{count}-{number}"
            target = TargetSpec("directory", {"path": str(stand.live / name), "layout": "in_place"})
            made = Environment(0, name, Mode.PULL, SourceSpec(url, "main", PATH), target, created_at=now)
            tx.environments.add(replace(made, status=status))
    stand.use_cases.poller.poll(url)
    expect(not stand.drain(), "the first poll found something to deliver")


def _tick(stand: Stand, url: str) -> Callable[[], None]:
    return lambda: expect(stand.use_cases.poller.poll(url) == "unchanged", "there was news")


def _peer(server: GitServer, repo: GitRepo, transport: str) -> Callable[[], None]:
    url = server.url(repo.path) if transport == "http" else Path(repo.path).as_uri()
    return lambda: command("git", "ls-remote", url)


def _verdicts(figures: dict[str, Figure], counts: tuple[int, ...]) -> list[Verdict]:
    verdicts = []
    for transport in ("file", "http"):
        peer = figures[f"git ls-remote, {transport}"]
        for count in counts:
            tick = ratio(figures[_name(transport, count)], peer)
            verdicts.append(Verdict(f"{_name(transport, count)} / git ls-remote", tick))
            if count > 1:
                verdicts.append(Verdict(f"the same per environment / git ls-remote ({transport})", tick / count))
    return verdicts
