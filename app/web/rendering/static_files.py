"""Files of the front end, under names that change with their content so that browsers may keep them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import Scope

from app.web.requests.compression import BEST, SMALLEST, accepts_gzip, compressible, gzipped


class Assets(StaticFiles):
    """static/, with a year in the browser's cache for an address that carries a version."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder)
        self._folder = folder
        self._digests: dict[str, str] = {}
        self._compressed: dict[Path, tuple[str, bytes]] = {}  # as many as there are files: some 60 KB

    def url(self, name: str) -> str:
        """The address of a file below static/."""
        if name not in self._digests:
            self._digests[name] = hashlib.sha256((self._folder / name).read_bytes()).hexdigest()[:12]
        return f"/static/{name}?v={self._digests[name]}"

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file, a 304 or a 404."""
        response = await super().get_response(path, scope)
        versioned = scope["query_string"].startswith(b"v=") and response.status_code == 200
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if versioned else "no-cache"
        return response

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """A file as it is, or compressed where the client takes that. Parts (Range) are parts of the file as it is."""
        asked = Headers(scope=scope)
        response: Response = FileResponse(full_path, status_code, stat_result=stat_result)
        if stat_result.st_size >= SMALLEST and compressible(response.headers):
            response.headers.add_vary_header("Accept-Encoding")
            if accepts_gzip(scope) and "range" not in asked:
                response = self._smaller(Path(full_path), response)
        if self.is_not_modified(response.headers, asked):
            return NotModifiedResponse(response.headers)
        return response

    def _smaller(self, file: Path, plain: Response) -> Response:
        """The file compressed: once, and kept for as long as it is the same. Other bytes have an ETag of their own."""
        tag = plain.headers["etag"]
        kept, content = self._compressed.get(file, ("", b""))
        if kept != tag:
            content = gzipped(file.read_bytes(), BEST)
            self._compressed[file] = tag, content
        headers = {name: plain.headers[name] for name in ("content-type", "last-modified", "vary")}
        headers |= {"content-encoding": "gzip", "etag": f'{tag[:-1]}-gzip"'}
        return Response(content, headers=headers)
