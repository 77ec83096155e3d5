"""A small LFS server: the batch API and the contents, on a port that the system chooses, and a Git server before it."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tests.support.gitserver import GitServer, Seen, _basic, _Handler


def pointer(content: bytes) -> bytes:
    """The pointer of a content."""
    oid = hashlib.sha256(content).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(content)}\n".encode()


class LfsGitServer(GitServer):
    """A Git server that also answers for Git LFS below each repository.

    `objects`: contents by oid; `link` makes the address of one; `header` goes with it; `answer` may replace the batch
    answer; `asked` lists the oids of each batch request.
    """

    def __init__(self, root: Path) -> None:
        self.objects: dict[str, bytes] = {}
        self.asked: list[list[str]] = []
        self.header: dict[str, str] = {}
        self.link: Callable[[str], str] = lambda oid: f"{self.address}/objects/{oid}"
        self.answer: Callable[[dict[str, Any]], bytes] | None = None
        super().__init__(root)

    def hold(self, content: bytes) -> bytes:
        """Have a content; returns its pointer."""
        self.objects[hashlib.sha256(content).hexdigest()] = content
        return pointer(content)

    def start(self) -> None:
        super().start()
        assert self._server is not None
        self._server.RequestHandlerClass = _LfsHandler

    def batch(self, body: bytes) -> bytes:
        """The answer to a batch request."""
        wanted = json.loads(body)["objects"]
        self.asked.append([one["oid"] for one in wanted])
        said = {"transfer": "basic", "objects": [self._one(one) for one in wanted]}
        return self.answer(said) if self.answer else json.dumps(said).encode()

    def _one(self, one: dict[str, Any]) -> dict[str, Any]:
        if one["oid"] not in self.objects:
            return {**one, "error": {"code": 404, "message": "gone"}}
        return {**one, "actions": {"download": {"href": self.link(one["oid"]), "header": self.header}}}


class _LfsHandler(_Handler):
    def _serve(self) -> None:
        owner = self.server.owner
        assert isinstance(owner, LfsGitServer)
        if not self.path.endswith("/info/lfs/objects/batch") and not self.path.startswith("/objects/"):
            super()._serve()
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        owner.seen.append(Seen(self.command, self.path, headers))
        body = self._body()
        if owner.instead:
            self._answer(*owner.instead, b"not now\n")
        elif owner.user and headers.get("authorization") != _basic(owner.user, owner.password):
            self._answer(401, [("WWW-Authenticate", 'Basic realm="git"')], b"log in\n")
        elif self.command == "POST":
            self._answer(200, [("Content-Type", "application/vnd.git-lfs+json")], owner.batch(body))
        else:
            found = owner.objects.get(self.path.rpartition("/")[2])
            self._answer(200 if found is not None else 404, [], found or b"")


class ObjectServer:
    """Somebody else's server, which holds contents; `seen` lists the requests."""

    def __init__(self, objects: dict[str, bytes], redirect: str = "") -> None:
        self.seen: list[Seen] = []

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:
                """Keep quiet."""

            def do_GET(handler) -> None:  # noqa: N805
                headers = {name.lower(): value for name, value in handler.headers.items()}
                self.seen.append(Seen("GET", handler.path, headers))
                content = objects.get(handler.path.partition("?")[0].rpartition("/")[2], b"")
                handler.send_response(302 if redirect else 200)
                if redirect:
                    handler.send_header("Location", redirect)
                handler.send_header("Content-Length", str(len(content)))
                handler.end_headers()
                handler.wfile.write(content)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
