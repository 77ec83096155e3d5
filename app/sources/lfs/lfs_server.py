"""The LFS server of one repository: its batch API and the basic transfer, over HTTP.

What it answers is somebody else's: answers are bounded, addresses are checked before they are asked, redirects are not
followed, and the credential goes to the repository's own server alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.git import heed
from app.sources.lfs.cut_off import CutOff
from app.sources.lfs.lfs_answers import Download, downloads
from app.sources.lfs.lfs_failures import refused, unreachable
from app.sources.remote.address import Address, check_reach
from app.sources.remote.courtesy import busy, pause_wished
from app.sources.remote.repository_login import GitLogins

if TYPE_CHECKING:
    import httpx

AT_ONCE = 100  # objects of one request
ANSWER = 4 << 20  # bytes of an answer to it
KIND = "application/vnd.git-lfs+json"
_CONNECT_S, _SILENCE_S = 15.0, 20.0
Take = Callable[[str, Path], None]


class LfsServer:
    """Fetches objects. `seconds`: how long one fetch may take as a whole."""

    def __init__(self, address: Address, access: GitLogins, seconds: float) -> None:
        self._address, self._access, self._seconds = address, access, seconds

    def download(self, sizes: Mapping[str, int], paths: Mapping[str, str], folder: Path, take: Take) -> None:
        """Fetch objects (their bytes by id; `paths` name them in messages) and pass each on as a file in `folder`, once
        its size and its digest are known to be right. Raises SourceRefused, SourceUnreachable."""
        if self._address.scheme not in ("http", "https"):
            raise refused(f"'{next(iter(paths.values()))}' lies in Git LFS, which is only fetched over http and https.")
        late = unreachable(f"The content in Git LFS took longer than {self._seconds:g} s.")
        with CutOff(self._seconds, late) as cut, self._client(cut) as client:
            oids = sorted(sizes)
            for start in range(0, len(oids), AT_ONCE):
                some = {oid: sizes[oid] for oid in oids[start : start + AT_ONCE]}
                for one in downloads(self._batch(client, some), some, paths, self._address):
                    file = folder / one.oid
                    self._fetch(client, one, file)
                    take(one.oid, file)
                    file.unlink()

    @contextmanager
    def _client(self, cut: CutOff) -> Iterator[httpx.Client]:
        import httpx  # only repositories with Git LFS need it

        patience = httpx.Timeout(_SILENCE_S, connect=_CONNECT_S)
        headers = {"User-Agent": "pushpull", "Accept-Encoding": "identity"}
        try:
            with httpx.Client(headers=headers, timeout=patience, follow_redirects=False) as client:
                client.event_hooks = {"request": [lambda request: request.extensions.update(trace=cut.trace)]}
                yield client
        except httpx.TimeoutException:
            raise unreachable("The LFS server did not answer in time.") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError):  # their texts may hold signed addresses
            raise unreachable("The LFS server could not be reached, or broke off.") from None

    def _own(self) -> Mapping[str, str]:
        """The header that the repository's own server knows us by."""
        login = self._access.login()
        return {"Authorization": f"Basic {login.basic}"} if login.kind == "token" else {}

    def _batch(self, client: httpx.Client, sizes: Mapping[str, int]) -> Any:
        """What the server says of some objects."""
        check_reach(self._address)
        root = self._address.url if self._address.url.endswith(".git") else f"{self._address.url}.git"
        asked = {
            "operation": "download", "transfers": ["basic"], "hash_algo": "sha256",
            "objects": [{"oid": oid, "size": size} for oid, size in sizes.items()],
        }  # fmt: skip
        headers = {"Accept": KIND, "Content-Type": KIND, **self._own()}
        url, body = f"{root}/info/lfs/objects/batch", json.dumps(asked).encode()
        said = bytearray()
        with client.stream("POST", url, content=body, headers=headers) as answer:
            _expect_ok(answer, "The LFS server")
            for chunk in answer.iter_raw():
                heed()
                said += chunk
                if len(said) > ANSWER:
                    raise refused(f"The LFS server answered with more than {ANSWER:,} bytes.")
        try:
            return json.loads(said)
        except (ValueError, RecursionError):
            raise unreachable("The LFS server's answer is not JSON.") from None

    def _fetch(self, client: httpx.Client, one: Download, file: Path) -> None:
        """Write one object into a file."""
        own = self._own() if one.own and "authorization" not in {name.lower() for name in one.headers} else {}
        digest, size = hashlib.sha256(), 0
        with client.stream("GET", one.href, headers={**one.headers, **own}) as answer, file.open("wb") as into:
            _expect_ok(answer, f"The server that holds '{one.path}'")
            for chunk in answer.iter_raw():
                heed()
                size += len(chunk)
                if size > one.size:
                    break
                digest.update(chunk)
                into.write(chunk)
        if size != one.size:
            known = "more" if size > one.size else f"{size:,}"
            raise refused(f"The content of '{one.path}' should have {one.size:,} bytes; the server sent {known}.")
        if digest.hexdigest() != one.oid:
            raise refused(f"The content of '{one.path}' that the server sent is not the one that Git names.")


def _expect_ok(answer: httpx.Response, who: str) -> None:
    status = answer.status_code
    if status == 200:
        return
    if status in (429, 503):
        seconds = pause_wished(answer.headers.get("retry-after", ""), answer.headers.get("date", ""))
        raise busy(seconds) if seconds is not None else unreachable(f"{who} asks to wait.")
    if 300 <= status < 400:
        raise refused(f"{who} redirects to another address, and redirects are not followed.")
    if status in (401, 403):
        raise unreachable(f"{who} did not accept the credential.")
    if status == 404:
        raise refused(f"{who} does not know it.")
    raise unreachable(f"{who} answered with status {status}.")
