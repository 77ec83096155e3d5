"""What git said, in words for people: what is wrong, what to do, and never a secret."""

from __future__ import annotations

import re
from collections.abc import Iterable

from app.domain.errors import Problem, PushRejected, RevisionNotFound, SourceBusy, SourceRefused, SourceUnreachable
from app.domain.masking import mask as mask_secrets
from app.git import GitFailed

_LONGEST = 300
_USERINFO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30}://)[^/\s@]*@")
_HEADER = re.compile(r"(authorization:?\s*\S*)\s+\S+", re.IGNORECASE)
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?|\x1b."
    r"|\?\[[0-9;]*[A-Za-z]|\?\][0-9]+;[^?\n]*\?"  # as git repeats them
)
_HEARD = 16_384  # characters; servers say what they like, and patterns must not make them expensive

_NO_ENTRY = (
    r"could not read (?:username|password)|authentication failed|returned error: 40[147]|access denied"
    r"|(?:repository|project).* (?:not|be) found|does not (?:appear to be|exist)|repository not exported"
)
LOGIN = "The repository does not exist or needs a log-in."
_Rule = tuple[str, type[Problem], str, str]
_RULES: tuple[_Rule, ...] = (
    (
        r"out of memory|cannot allocate memory|unable to create thread|an answer of more than",
        SourceRefused,
        "The repository, or what its server lists, takes more memory than one repository may.",
        "Look how many branches and tags it has ('git ls-remote'), or use a smaller repository.",
    ),
    (
        r"couldn't find remote ref",
        RevisionNotFound,
        "The repository has no such branch or tag.",
        "Check the name.",
    ),
    (
        r"not our ref|unadvertised object",
        RevisionNotFound,
        "The repository has no such commit, or does not give it out.",
        "Name a branch, a tag or a commit that one of them contains.",
    ),
    (
        r"returned error: 30[12378]|unable to update url base from redirection",
        SourceRefused,
        "The server redirects to another address, and redirects are not followed.",
        "Write the repository's present address, often the same with '.git' at its end.",
    ),
    (
        r"host key verification failed|remote host identification has changed",
        SourceRefused,
        "The server's SSH host key is not the one that is known.",
        "Check the server's key, then store it in the credential's known_hosts.",
    ),
    (
        r"transport '' not allowed",
        SourceRefused,
        "The server sends to another kind of address.",
        "Use https, ssh, git or a local path.",
    ),
    (
        r"mismatched algorithms|unknown object format",
        SourceRefused,
        "The repository uses SHA-256 object names, which are not supported yet.",
        "Use a repository with SHA-1 object names.",
    ),
    (
        r"corruption on the remote side|did not send all necessary objects|early eof",
        SourceUnreachable,
        "The server could not send the repository; it is damaged there, or was interrupted.",
        "Let 'git fsck' look at it on the server.",
    ),
    (
        r"could not resolve host(?:name)?|name or service not known|temporary failure in name resolution",
        SourceUnreachable,
        "The server's name could not be resolved.",
        "Check the address for typing errors.",
    ),
    (
        r"connection refused|couldn't connect to server|failed to connect",
        SourceUnreachable,
        "The server refused the connection.",
        "Check the host and the port, and whether the Git server runs.",
    ),
    (
        r"timed out|no answer within|operation too slow",
        SourceUnreachable,
        "The server did not answer in time.",
        "Check whether the Git server can be reached from here.",
    ),
    (
        r"network is unreachable|no route to host",
        SourceUnreachable,
        "There is no network route to the server.",
        "Check whether the Git server can be reached from here.",
    ),
    (
        r"certificate|ssl|tls|gnutls",
        SourceUnreachable,
        "The server's certificate is not trusted.",
        "Add the certificate of its authority to SSL_CERT_FILE.",
    ),
    (
        r"returned error: (?:429|503)",
        SourceBusy,
        "The Git server asks to wait before it is asked again.",
        "It is left alone for as long as it asks for, at most an hour.",
    ),
    (
        r"returned error: 5\d\d",
        SourceUnreachable,
        "The Git server answered with an internal error.",
        "Ask the server's administrator, or try again.",
    ),
    (
        r"returned error: 403",
        SourceUnreachable,
        "The server denies access to the repository.",
        "Check the credential's rights.",
    ),
    (
        r"permission denied \(|too many authentication failures|invalid format|error in libcrypto",
        SourceUnreachable,
        "The server did not accept the SSH key.",
        "Add the key to the repository's deploy keys, or choose another credential.",
    ),
    (
        r"not valid: is this a git repository|protocol error|unexpected (?:line|response)|invalid content-type",
        SourceUnreachable,
        "The address answers, but not as a Git repository.",
        "Check the address.",
    ),
    (
        _NO_ENTRY,
        SourceUnreachable,
        LOGIN,
        "Check the address, and choose a credential if the repository is private.",
    ),
)


_SERVER_WIDE = {what for pattern, _, what, _ in _RULES if re.search("429|resolve|refused|timed|unreachable", pattern)}


def other_object_names() -> Problem:
    """A repository whose objects have ids that nothing here can compare with."""
    problem = known(GitFailed(128, "mismatched algorithms"), with_credential=False)
    assert problem is not None
    return problem


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without secrets, user information in addresses, control characters and escape sequences, on one line."""
    text = _ESCAPES.sub("", text)
    text = text if len(text) <= _HEARD else text[:_HEARD].rpartition(" ")[0]  # no secret is cut in two
    for secret in sorted((s for s in secrets if s), key=len, reverse=True):
        text = text.replace(secret, "***")
    text = mask_secrets(_HEADER.sub(r"\1 ***", _USERINFO.sub(r"\1***@", text)))
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def known(failure: GitFailed, *, with_credential: bool) -> Problem | None:
    """The problem that a failed network command had, if it is one of the usual ones."""
    said = re.sub(r"'[^'\n]*'", "''", failure.stderr.lower())  # addresses are quoted, and may hold any word
    for pattern, kind, what, mend in _RULES:
        if re.search(pattern, said):
            if what is LOGIN and with_credential:
                what = "The repository does not exist, or the credential was not accepted."
                mend = "Check the address and the credential."
            problem = kind(f"{what} {mend}", fields={_field(kind, mend): mend})
            if isinstance(problem, SourceUnreachable):
                problem.server_wide = what in _SERVER_WIDE
            return problem
    return None


def _field(kind: type[Problem], mend: str) -> str:
    if kind is RevisionNotFound:
        return "source.ref"
    return "source.credential" if "credential" in mend else "source.repo_url"


def unknown(failure: GitFailed, secrets: Iterable[str]) -> SourceUnreachable:
    """The problem of a failure that has no better name: what git itself said last, masked."""
    lines = [line for line in failure.stderr.splitlines() if line.strip()]
    fatal = [line for line in lines if line.startswith(("fatal:", "error:"))]
    reason = mask((fatal or lines or ["no reason given"])[0], secrets)
    return SourceUnreachable(f"The repository cannot be read: {reason}")


def explained(problem: Problem) -> bool:
    """Whether the reason lies outside: a failure of `unknown` kind may mean that our own mirror is broken."""
    return bool(problem.fields)


def rejected(failure: GitFailed, branch: str, secrets: Iterable[str]) -> Problem:
    """Why a push was not taken."""
    text = failure.stdout.decode("utf-8", "replace") + failure.stderr
    if re.search(r"stale info|non-fast-forward|fetch first|cannot lock ref|already exists", text):
        return PushRejected(f"'{branch}' has moved on meanwhile, nothing was pushed. Fetch and try again.")
    if declined := re.search(r"\[remote rejected\][^(]*\((.*)\)", text):
        remarks = " ".join(re.findall(r"^remote: ?(.*)$", failure.stderr, re.MULTILINE))
        return PushRejected(f"The server declined the commit: {mask(f'{declined[1]}. {remarks}', secrets)}")
    if re.search(r"returned error: 403|write access|read.?only|service not enabled|not permitted", text, re.IGNORECASE):
        return PushRejected("The server does not let this credential push. Give it the right to write.")
    problem = known(failure, with_credential=True)
    return problem or PushRejected(f"The commit could not be pushed: {unknown(failure, secrets).detail}")
