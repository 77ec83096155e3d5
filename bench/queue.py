"""Refreshes without news, a thousand of them, through the worker threads."""

from __future__ import annotations

import time

from app.domain.actor import SCHEDULE
from app.domain.operation import OperationKind, Request, Trigger
from app.worker import Workers
from bench.ground import Ground
from bench.measuring import Result, Verdict, spread
from bench.stand import Stand, expect
from bench.trees import repository

THREADS = 4
PEER = 4.0  # per second: Flux with 1,000 Kustomizations on 2 CPUs, Argo CD with 15,000 applications (shared notes)
TOLD = f"""Environments over one repository, ten small files each, are refreshed round after round by {THREADS} worker
threads, from the queue to the verdict. The bar of the field is about 4 reconciles a second and installation; the goal
is 20 times that on each of two cores."""
NOTES = (
    """Each is a whole operation: claimed, the ref and the tree asked of the mirror, every file's stat compared, the
  verdict written. Git answers from kept processes, so the interpreter's own time decides; it runs on one core.""",
)


def run(ground: Ground) -> Result:
    """1,000 refreshes in ten rounds."""
    environments, rounds = ground.of(100, 4), ground.of(10, 2)
    repo = repository(ground.folder / "repo.git", 10)
    with Stand(ground.folder / "here", ground.folder) as stand:
        names = [f"env-{number:03d}" for number in range(environments)]
        for name in names:
            stand.register(name, repo.url)
            stand.sync(name)
            stand.refresh(name)
        workers = Workers(stand.use_cases, stand.installation.bus, THREADS, shared=False)
        workers.start()
        try:
            taken = [_round(stand, names) for _ in range(rounds + 1)][1:]
        finally:
            workers.stop(10.0)
    rates = [environments / seconds for seconds in taken]
    total = environments * rounds
    return Result(
        title="The queue",
        told=TOLD,
        figures=[spread(f"refreshes per second ({total:,} in {rounds} rounds)", rates, "/s")],
        verdicts=[
            Verdict("refreshes per second, all rounds", total / sum(taken), "/s", goal=40 * PEER, at_most=False),
            Verdict("against 4 a second", total / sum(taken) / PEER),
        ],
        notes=list(NOTES),
    )


def _round(stand: Stand, names: list[str]) -> float:
    """Queue one refresh each and wait until all are done."""
    request = Request(OperationKind.REFRESH, Trigger.SCHEDULE, str(SCHEDULE))
    bus = stand.installation.bus
    begun = time.perf_counter()
    with stand.store.write() as tx:
        for name in names:
            stand.use_cases.queue.add(tx, tx.environments.get(name), request, SCHEDULE)
    before = bus.count("work")
    bus.notify(("work",))
    while True:
        time.sleep(0.01)  # looking at each end would be most of the work
        if bus.count("work") - before < len(names):
            continue
        with stand.store.read() as tx:
            if not tx.operations.active_counts():
                break
    taken = time.perf_counter() - begun
    with stand.store.read() as tx:
        stale = [name for name in names if tx.environments.get(name).status.sync != "Synced"]
    expect(not stale, f"{len(stale)} environments are not Synced")
    return taken
