"""The agent's process: `python -m app.agent DATA_DIR`, which `pushpull agent run` becomes, so that nothing of the
command line stays in memory."""

from __future__ import annotations

import gc
import logging
import os
import sys
from pathlib import Path

from app.agent import event_log
from app.agent.agent_identity import IdentityFile
from app.agent.agent_launch import MIGRATE, WARM, migrate
from app.agent.agent_runtime import AgentRuntime, alone, parts, private_folder
from app.agent.agent_settings import AgentSettings, read
from app.logs import light
from app.processes.end_signals import EndSignals
from app.store.migrate import current, newest


def main() -> int:
    """Run until a signal."""
    settings = read(Path(sys.argv[1]))
    private_folder(settings)
    if WARM in sys.argv:
        return _warm()
    if MIGRATE in sys.argv:
        return _migrate(settings)
    light.configure(settings.log_format, settings.log_level)
    identity = IdentityFile(settings.folder)
    if not identity.exists:
        sys.stderr.write(f"pushpull: there is no agent in {settings.folder}; enroll it first (pushpull agent enroll)\n")
        return 2
    with alone(settings.folder) as free:
        if not free:
            sys.stderr.write(f"pushpull: an agent is running in {settings.folder} already\n")
            return 2
        return _run(settings, identity)


def _run(settings: AgentSettings, identity: IdentityFile) -> int:
    made = parts(settings, event_log.log_events)
    if current(made.store.engine) != newest():
        made.store.close()
        migrate(settings.folder, os.environ)
        made = parts(settings, event_log.log_events)
    agent, asked_to_end = AgentRuntime(made, identity), EndSignals()
    gc.collect()
    gc.freeze()
    agent.start()
    asked_to_end.wait()
    agent.stop()
    logging.getLogger("agent").info("agent stopped")
    return 0


def _warm() -> int:
    """Nothing but being compiled, with what is loaded later."""
    from app.sources.git import load

    load()
    return 0


def _migrate(settings: AgentSettings) -> int:
    from app.store import open_engine, upgrade

    engine = open_engine(f"sqlite:///{settings.database}", small=True)
    upgrade(engine)
    engine.dispose()
    return 0


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    os._exit(code)  # also where a thread hangs in a repository that does not answer
