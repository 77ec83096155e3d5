"""Pushing to another server over SSH, through a cable that is pulled out at random moments."""

from __future__ import annotations

import os
import random
import threading
import time
from pathlib import Path

import pytest

from tests.network.conftest import listening
from tests.support import sshd
from tests.support.delivery import listing
from tests.support.netns import Host
from tests.support.repo import GitRepo
from tests.support.server import Json, LiveServer

PORT = 2222
CUTS = int(os.environ.get("PUSHPULL_TEST_CUTS", "6"))  # 50 in a longer look
Files = dict[str | bytes, bytes]


@pytest.fixture
def server(host: Host, tmp_path: Path) -> sshd.SshServer:
    """OpenSSH on the other host."""
    if not sshd.ready():
        pytest.skip("network tests: no sshd found; install it (Debian: apt-get install openssh-server)")
    made = sshd.SshServer(tmp_path / "sshd")
    with (tmp_path / "sshd.log").open("wb") as log:
        host.start(made.daemon(host.address, PORT), stderr=log)
    listening(host.address, PORT)
    return made


def register(place: LiveServer, server: sshd.SshServer, host: Host, repo: GitRepo, path: Path) -> Json:
    """An environment on the other host."""
    key = {"name": "web1", "kind": "ssh-key", "private_key": server.private_key}
    place.call("POST", "/credentials", key, status=201)
    target = {
        "kind": "ssh", "host": host.address, "port": PORT, "user": server.user, "path": str(path), "credential": "web1",
    }  # fmt: skip
    return place.environment("shop", repo, target=target)


def files(number: int) -> Files:
    """A tree in which about a third differs from the one before; large enough to be cut in the middle."""
    dice = random.Random(number)
    made: Files = {f"site/{index:02}/page {index}.html": b"%d\n" % index for index in range(60)}
    for index in range(0, 60, 3):
        made[f"site/{index:02}/page {index}.html"] = dice.randbytes(dice.randint(10, 60_000))
    made[f"site/new/{number}"] = dice.randbytes(1_500_000)
    return made


def below_site(tree: Files) -> dict[bytes, bytes]:
    return {os.fsencode(path).removeprefix(b"site/"): content for path, content in tree.items()}


def live(path: Path) -> dict[bytes, bytes]:
    return {name: content for name, (_, content) in listing(path).items()} if path.exists() else {}


def test_a_server_of_its_own_is_pushed_to(host: Host, server: sshd.SshServer, tmp_path: Path) -> None:
    path = tmp_path / "far" / "shop"
    path.parent.mkdir()
    with LiveServer(tmp_path) as place:
        repo = place.repo("shop", files(0))
        made = register(place, server, host, repo, path)
        assert "ssh-ed25519" in made["target"]["host_key"]
        ended = place.sync("shop", revision=repo.sha("main"))
        assert (ended["phase"], ended["outcome"]) == ("succeeded", "deployed"), ended["reason"]
        assert live(path) == below_site(files(0))
        (path / "new" / "0").write_bytes(b"somebody was here")
        place.refresh("shop")
        assert place.call("GET", "/environments/shop/drift")["items"][0]["path"] == "new/0"


def test_a_pulled_cable_leaves_old_or_new_and_the_next_run_repairs(
    host: Host, server: sshd.SshServer, tmp_path: Path
) -> None:
    path = tmp_path / "far" / "shop"
    path.parent.mkdir()
    dice = random.Random(5)
    with LiveServer(tmp_path) as place:
        repo = place.repo("shop", files(0))
        register(place, server, host, repo, path)
        place.sync("shop", revision=repo.sha("main"))
        before = files(0)
        for number in range(1, CUTS + 1):
            wanted = files(number)
            gone: dict[str | bytes, bytes | None] = dict.fromkeys(before.keys() - wanted.keys())
            revision = repo.commit({**gone, **wanted}, f"revision {number}")
            cable = threading.Timer(dice.random() ** 2 * 0.6, dice.choice((host.unplug, host.cut)))
            cable.start()
            asked = place.call("POST", "/environments/shop/syncs", {"revision": revision}, status=202)
            cable.join()
            time.sleep(dice.random() * 0.3)
            allowed, found = {**below_site(before)}, live(path)
            torn = [
                name for name, content in found.items()
                if content not in (allowed.get(name), below_site(wanted).get(name)) and b".pushpull-" not in name
            ]  # fmt: skip
            assert torn == []
            host.mend()
            place.end(asked)
            for _ in range(3):
                if (ended := place.sync("shop", revision=revision))["phase"] == "succeeded":
                    break
            assert ended["phase"] == "succeeded", ended["reason"]
            assert live(path) == below_site(wanted)
            before = wanted
        told = [one for one in place.call("GET", "/events", limit=1000)["items"] if one["type"] == "operation.finished"]
        started = [one for one in place.call("GET", "/operations", limit=200)["items"] if one["kind"] == "sync"]
        assert len({one["operation"] for one in told}) == len(told)
        assert {one["id"] for one in started} <= {one["operation"] for one in told}
        assert place.call("POST", "/audit/verifications")["valid"] is True
