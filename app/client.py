"""The REST API as the command line uses it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx

FINAL = frozenset({"succeeded", "failed", "error", "terminated", "superseded"})
DEFAULT_URL = "http://127.0.0.1:8000"
WHERE = "Which server is asked: `pushpull help connection`."
Json = dict[str, Any]


class Failure(Exception):
    """Something to tell on stderr; `code` is the exit code."""

    def __init__(self, text: str, code: int = 1) -> None:
        self.code = code
        super().__init__(text)


class Client:
    """One server, asked with a token ("" for none)."""

    def __init__(self, url: str, token: str = "") -> None:
        import httpx  # commands that make no request start without it, the server among them

        self.url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._failure = httpx.HTTPError
        self._http = httpx.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=60.0)

    def call(self, method: str, path: str, /, body: Any = None, **params: Any) -> Any:
        """Make a request and return its JSON (None for an empty answer). Raises Failure in words."""
        given = {name: value for name, value in params.items() if value not in (None, "")}
        try:
            answer = self._http.request(method, path, json=body, params=given)
        except self._failure as error:
            raise Failure(f"{self.url} cannot be reached ({_cause(error)}). {WHERE}", 3) from None
        except UnicodeError:
            raise Failure("an argument holds bytes that are no text", 2) from None
        if not answer.is_success:
            raise Failure(_in_words(answer), 2 if answer.status_code in (401, 403) else 1)
        try:
            return answer.json() if answer.content else None
        except ValueError:
            raise Failure(f"{self.url} is no PushPull server: it answers with something else. {WHERE}", 3) from None

    def pages(self, path: str, /, **params: Any) -> Iterator[Json]:
        """Every item of a list, page by page."""
        after = None
        while True:
            page = self.call("GET", path, after=after, limit=100, **params)
            yield from page["items"]
            after = page["next"]
            if after is None:
                return

    def stream(self, path: str, **params: Any) -> Iterator[bytes]:
        """A download in chunks."""
        given = {name: value for name, value in params.items() if value not in (None, "")}
        try:
            with self._http.stream("GET", path, params=given) as answer:
                if not answer.is_success:
                    answer.read()
                    raise Failure(_in_words(answer))
                yield from answer.iter_bytes()
        except self._failure as error:
            raise Failure(f"{self.url} broke off ({_cause(error)}).", 3) from None

    def follow(self, id: str, timeout_s: float) -> Iterator[Json]:
        """An operation each time something about it changed, until it is finished."""
        deadline, pause, last = time.monotonic() + timeout_s, 0.05, None
        while True:
            operation: Json = self.call("GET", f"/operations/{id}")
            if operation != last:
                yield operation
                last, pause = operation, 0.05
            if operation["phase"] in FINAL:
                return
            if time.monotonic() > deadline:
                why = f": {operation['reason']}" if operation["reason"] else ""
                raise Failure(f"operation {id} is still {operation['phase']} after {timeout_s:g} s{why}", 4)
            time.sleep(pause)
            pause = min(0.5, pause * 1.5)


def _cause(error: Exception) -> str:
    """What the system says about a connection that failed."""
    text = str(error) or type(error).__name__
    return text.rpartition("] ")[2] if text.startswith("[Errno") else text


def _in_words(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    if not isinstance(problem, Mapping):
        return f"the server answered {answer.status_code}"
    lines = [str(problem.get("detail") or problem.get("title") or f"the server answered {answer.status_code}")]
    wrong = [(str(one.get("field")), str(one.get("message"))) for one in problem.get("errors") or ()]
    lines += [f"  {field}: {text}" for field, text in wrong if text.rstrip(".") not in lines[0]]
    if answer.status_code == 401:
        lines.append("  Log in with `pushpull login URL`, set PUSHPULL_TOKEN, or give --token-file.")
    return "\n".join(lines)
