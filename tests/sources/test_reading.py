"""Reading a mirror: revisions, trees, differences, contents, and what cannot be delivered."""

from __future__ import annotations

import hashlib
import random
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO

import pytest

from app.domain.errors import InvalidInput, RevisionNotFound, SourceDamaged, SourceRefused, UnsafePath
from app.domain.revision import Person
from app.domain.state.git_files import EMPTY_TREE, EXECUTABLE, FILE, SYMLINK, blob_id, blob_of, file_item
from app.domain.state.items import Change, Item, Unsupported
from app.ports import Foreseeing
from app.sources import GitSources, Limits
from app.sources.git_source import GitSource
from tests.sources.conftest import Place
from tests.support.repo import START, Content, File, GitRepo, link, script, submodule

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n"


# --- revisions ---
def test_a_revision_tells_author_time_message_and_parents(local: Place) -> None:
    first = local.repo.commit({"a": "1"}, when=START)
    sha = local.repo.commit({"a": "2"}, "Größer\n\nBecause.", author="Zoë Ünal <zoe@example.org>", when=START + 1)
    revision = local.fetched().resolve("main")
    assert revision.author == Person("Zoë Ünal", "zoe@example.org")
    assert revision.committed_at == datetime.fromtimestamp(START + 1, UTC)
    assert revision.message == "Größer\n\nBecause."
    assert (revision.sha, revision.parents) == (sha, (first,))


@pytest.mark.parametrize(
    ("message", "encoding", "read"),
    [
        ("Größe".encode("latin-1"), "ISO-8859-1", "Größe"),
        ("Größe".encode("latin-1"), "", "Größe"),
        ("Größe".encode(), "no-such-encoding", "Größe"),
        (b"plain \xff", "zip", "plain ÿ"),
        (b"", "", ""),
    ],
)
def test_any_encoding_of_a_message_can_be_read(local: Place, message: bytes, encoding: str, read: str) -> None:
    local.repo.commit({"a": "0"})
    sha = local.repo.commit({"a": "1"}, message, encoding=encoding)
    source = local.fetched()
    assert source.resolve(sha).message == read
    assert [revision.message for revision in source.between(None, sha, limit=1)] == [read]


@pytest.mark.parametrize(
    "header",
    [
        b"author nobody\ncommitter nobody\n\nm\n",
        b"author A <a@x> 99999999999999999 +0000\ncommitter A <a@x> 99999999999999999 +0000\n\nm\n",
        b"author  <> -5 +9999\ncommitter  <> x\n\nm\n",
    ],
)
def test_broken_headers_do_not_stop_anything(local: Place, header: bytes) -> None:
    local.repo.commit({"a": "1"})
    sha = local.repo.raw_commit(local.repo.tree("main"), "odd", header)
    revision = local.fetched().resolve("odd")
    assert revision.sha == sha
    assert revision.author.name
    assert revision.committed_at.tzinfo is UTC


def test_names_mean_branch_then_tag_then_commit(local: Place) -> None:
    one, two, three = (local.repo.commit({"a": text}) for text in "123")
    local.repo.tag("release", one)
    local.repo.branch("release", two)
    local.repo.tag("v1", one, annotated=True)
    local.repo.branch("abcd", two)
    source = local.fetched()
    assert source.resolve("release").sha == two
    assert source.resolve("refs/tags/release").sha == one
    assert source.resolve("refs/heads/release").sha == two
    assert source.resolve("v1").sha == one
    assert source.resolve("abcd").sha == two
    assert source.resolve("HEAD").sha == three
    assert source.resolve(one).sha == one
    assert source.resolve(one.upper()).sha == one
    assert source.resolve(one[:9]).sha == one


def test_nobody_captures_a_commit_by_naming_a_branch_so(local: Place) -> None:
    good = local.repo.commit({"a": "good"})
    evil = local.repo.commit({"a": "evil"}, branch="evil")
    local.repo.branch(good, evil)
    assert local.fetched().resolve(good).sha == good


NO_REVISIONS = [
    "",
    "-x",
    "--all",
    "--output=marker",
    "main..evil",
    "main^",
    "main~1",
    "main:a",
    "@{-1}",
    ":/text",
    "a b",
    "main\n",
    "a\0b",
    "/main",
    "main/",
    "x.lock",
    ".hidden",
    "refs/pushpull/kept",
    "../../HEAD",
    "abc",
    "0" * 40,
    "f" * 39,
    "\ud800",
    "x" * 3000,
]


def test_what_is_no_revision_is_not_found(local: Place) -> None:
    local.repo.commit({"a": "1"})
    source = local.fetched()
    for wanted in NO_REVISIONS:
        with pytest.raises(RevisionNotFound):
            source.resolve(wanted)


def test_a_typing_error_gets_a_suggestion(local: Place) -> None:
    local.repo.commit({"a": "1"})
    local.repo.branch("production")
    source = local.fetched()
    with pytest.raises(RevisionNotFound, match="Did you mean 'production'") as problem:
        source.resolve("prodution")
    assert problem.value.fields["source.ref"] == "Did you mean 'production'?"


def test_an_ambiguous_short_id_is_not_guessed(local: Place) -> None:
    shas: dict[str, str] = {}
    parent = local.repo.commit({"a": "0"})
    number = 0
    while True:  # four hex digits meet after about 300 commits of the same tree
        number += 1
        header = b"author A <a@x> %d +0000\ncommitter A <a@x> %d +0000\n\nm\n" % (number, number)
        content = f"tree {local.repo.tree(parent)}\n".encode() + header
        sha = hashlib.sha1(b"commit %d\0" % len(content) + content).hexdigest()
        if sha[:4] in shas:
            break
        shas[sha[:4]] = header.decode()
    local.repo.raw_commit(local.repo.tree(parent), "one", shas[sha[:4]].encode())
    local.repo.raw_commit(local.repo.tree(parent), "two", header)
    with pytest.raises(RevisionNotFound, match="Several"):
        local.fetched().resolve(sha[:4])


def test_nothing_is_found_before_the_first_fetch(local: Place) -> None:
    sha = local.repo.commit({"a": "1"})
    source = local.open()
    for ask in (lambda: source.resolve("main"), lambda: source.tree(sha, ""), lambda: source.between(None, sha)):
        with pytest.raises(RevisionNotFound, match="not been fetched"):
            ask()
    assert not source.is_ancestor(sha, sha)


def test_history_between_two_revisions(local: Place) -> None:
    shas = [local.repo.commit({"a": str(number)}, f"change {number}") for number in range(5)]
    side = local.repo.commit({"b": "1"}, "side", branch="side", onto=shas[1])
    source = local.fetched()
    assert [revision.sha for revision in source.between(shas[1], shas[4])] == shas[:1:-1]
    assert [revision.subject for revision in source.between(None, shas[4], limit=2)] == ["change 4", "change 3"]
    assert [revision.sha for revision in source.between(shas[4], side)] == [side]
    assert source.between(shas[4], shas[4]) == ()
    assert len(source.between("e" * 40, shas[4])) == 5
    with pytest.raises(RevisionNotFound):
        source.between(None, "e" * 40)
    assert source.is_ancestor(shas[0], shas[4])
    assert source.is_ancestor(shas[0], shas[0])
    assert not source.is_ancestor(shas[4], shas[0])
    assert not source.is_ancestor(side, shas[4])
    assert not source.is_ancestor("e" * 40, shas[4])


# --- trees ---
def test_a_path_is_a_directory_or_nothing(local: Place) -> None:
    sha = local.repo.commit({"deploy/web/a": "1", "deploy/[x]*/b": "2", "README": "3"})
    source = local.fetched()
    for path in ("deploy", "deploy/", "deploy/web", "deploy/[x]*"):
        assert source.tree(sha, path) == local.repo.tree(sha, path.rstrip("/"))
    assert source.tree(sha, "") == source.tree(sha, ".") == local.repo.tree(sha)
    for path in ("nothing", "deploy/nothing/at/all", "README/x", "deploy*", "de", ":(top)deploy"):
        assert source.tree(sha, path) == EMPTY_TREE
    assert list(source.entries(EMPTY_TREE)) == []


NO_DIRECTORIES = ["README", "/deploy", "..", "deploy/..", "a/../b", "./deploy", "a//b", ".git", "a/.GIT/b", "a\nb", "/"]


def test_other_paths_are_refused_with_the_field(local: Place) -> None:
    sha = local.repo.commit({"deploy/a": "1", "README": "2"})
    source = local.fetched()
    for path in NO_DIRECTORIES:
        with pytest.raises(InvalidInput) as problem:
            source.tree(sha, path)
        assert set(problem.value.fields) == {"source.path"}


def test_a_commit_that_is_not_there_has_no_tree(local: Place) -> None:
    local.repo.commit({"a": "1"})
    source = local.fetched()
    for sha in ("e" * 40, "--all", "main"):
        for path in ("", "deploy"):
            with pytest.raises(RevisionNotFound):
                source.tree(sha, path)


def test_differences_of_every_kind(local: Place) -> None:
    before = local.repo.commit(
        {
            "mode": "m",
            "text": "1",
            "becomes-link": "x",
            "becomes-dir": "y",
            "dir/becomes-file": "z",
            "gone": "g",
            "old": "r",
        }
    )
    after = local.repo.commit(
        {
            "mode": script("m"),
            "text": "2",
            "becomes-link": link("text"),
            "becomes-dir": None,
            "becomes-dir/inner": "y",
            "dir/becomes-file": None,
            "dir": "z",
            "gone": None,
        },
        rename={"old": "new"},
    )
    source = local.fetched()
    old, new = source.tree(before, ""), source.tree(after, "")
    changes = {change.key: (change.before, change.after) for change in source.changes(old, new)}

    def entry(mode: str, text: str) -> Item:
        return file_item(mode, blob_id(text.encode()))

    assert changes == {
        b"mode": (entry(FILE, "m"), entry(EXECUTABLE, "m")),
        b"text": (entry(FILE, "1"), entry(FILE, "2")),
        b"becomes-link": (entry(FILE, "x"), entry(SYMLINK, "text")),
        b"becomes-dir": (entry(FILE, "y"), None),
        b"becomes-dir/inner": (None, entry(FILE, "y")),
        b"dir/becomes-file": (entry(FILE, "z"), None),
        b"dir": (None, entry(FILE, "z")),
        b"gone": (entry(FILE, "g"), None),
        b"old": (entry(FILE, "r"), None),
        b"new": (None, entry(FILE, "r")),
    }
    assert {change.key for change in source.changes(EMPTY_TREE, new)} == {path for path, _ in source.entries(new)}
    assert all(change.after is None for change in source.changes(old, EMPTY_TREE))
    assert source.changes(new, new) == source.changes(EMPTY_TREE, EMPTY_TREE) == ()
    with pytest.raises(RevisionNotFound):
        source.changes("e" * 40, new)
    with pytest.raises(RevisionNotFound):
        source.changes(new, "--output=marker")


def test_modes_of_old_repositories_are_read_as_todays(local: Place) -> None:
    blob = local.repo.blob(b"x")
    local.repo.raw_commit(local.repo.raw_tree((0o100664, b"a", blob), (0o100775, b"b", blob)), "old")
    local.repo.raw_commit(local.repo.raw_tree((0o100644, b"a", blob), (0o100755, b"b", blob)), "new")
    source = local.fetched()
    old, new = (source.tree(source.resolve(name).sha, "") for name in ("old", "new"))
    assert (
        dict(source.entries(old))
        == dict(source.entries(new))
        == {b"a": file_item(FILE, blob), b"b": file_item(EXECUTABLE, blob)}
    )
    assert source.changes(old, new) == ()


@pytest.mark.parametrize("name", [b"..", b".", b".git", b".GIT", b"../../etc"])
@pytest.mark.parametrize("depth", [0, 1])
def test_hostile_trees_are_refused(local: Place, name: bytes, depth: int) -> None:
    inner = local.repo.raw_tree((0o100644, b"passwd", local.repo.blob(b"x")))
    tree = local.repo.raw_tree((0o40000, name, inner))
    for _ in range(depth):
        tree = local.repo.raw_tree((0o40000, b"deploy", tree))
    local.repo.raw_commit(tree)
    source = local.fetched()
    with pytest.raises(UnsafePath):
        list(source.entries(tree))
    with pytest.raises(UnsafePath):
        source.changes(EMPTY_TREE, tree)


def test_a_tree_that_unfolds_without_end_is_refused(
    new_sources: Callable[..., GitSources], repo: GitRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.sources.objects.trees._THINKING", 0.2)
    tree = repo.raw_tree(*((0o100644, b"%d" % number, repo.blob(b"x")) for number in range(10)))
    for _ in range(11):  # ten to the twelfth files in a few hundred bytes
        tree = repo.raw_tree(*((0o40000, b"%d" % number, tree) for number in range(10)))
    repo.raw_commit(tree)
    source = new_sources(limits=Limits(entries=2000)).open(repo.url)
    source.fetch()
    for ask in (lambda: list(source.entries(tree)), lambda: source.changes(EMPTY_TREE, tree)):
        with pytest.raises(SourceRefused, match="more than 2,000 files"):
            ask()
    with pytest.raises(SourceRefused, match="more than 2,000 files"):
        source.unsupported(tree)


# --- what is not delivered ---
def test_submodules_and_pointers_are_named_not_delivered(local: Place) -> None:
    files: dict[str | bytes, Content] = {
        "lib": submodule(),
        "big.iso": POINTER,
        "real.txt": "x" * 130,
        "l": link("big.iso"),
    }
    first = local.repo.commit(files)
    source = local.fetched()
    tree = source.tree(first, "")
    assert set(source.unsupported(tree)) == {Unsupported(b"lib", "submodule"), Unsupported(b"big.iso", "lfs_pointer")}
    assert b"lib" not in dict(source.entries(tree))

    second = local.repo.commit({"lib": None, "lib/file": "now real", "other.bin": POINTER, "big.iso": "real now"})
    source.fetch()
    later = source.tree(second, "")
    assert source.unsupported(later) == (Unsupported(b"other.bin", "lfs_pointer"),)
    assert local.sources.open(local.url).unsupported(tree) == source.unsupported(tree)
    assert Change(b"lib/file", None, file_item(FILE, blob_id(b"now real"))) in source.changes(tree, later)
    assert b"lib" not in {change.key for change in source.changes(tree, later)}


# --- contents ---
def test_contents_are_streamed_in_pieces_and_in_any_order(local: Place) -> None:
    big = random.Random(1).randbytes(3_000_000)
    local.repo.commit({"big": File(big), "empty": "", "small": "s\n"})
    source = local.fetched()
    blobs = {path: blob_of(entry) for path, entry in source.entries(source.tree(source.resolve("main").sha, ""))}
    pieces: list[bytes] = []
    with source.contents() as contents:
        assert contents.write_to(blobs[b"small"], pieces.append) == 2
        assert contents.write_to(blobs[b"empty"], pieces.append) == 0
        assert contents.write_to(blobs[b"big"], pieces.append) == len(big)
    assert b"".join(pieces) == b"s\n" + big
    assert max(map(len, pieces)) <= 1 << 20


def test_a_writer_that_fails_does_not_spoil_the_next_read(local: Place) -> None:
    local.repo.commit({"a": "a" * 3_000_000, "b": "bb"})
    source = local.fetched()
    blobs = {path: blob_of(entry) for path, entry in source.entries(source.tree(source.resolve("main").sha, ""))}
    got: list[bytes] = []
    with source.contents() as contents:
        with pytest.raises(ZeroDivisionError):
            contents.write_to(blobs[b"a"], lambda _: 1 // 0)
        contents.write_to(blobs[b"b"], got.append)
    assert got == [b"bb"]


def test_too_large_and_missing_blobs_are_refused(new_sources: Callable[..., GitSources], repo: GitRepo) -> None:
    repo.commit({"a": "12345"})
    source = new_sources(limits=Limits(blob=4)).open(repo.url)
    source.fetch()
    with source.contents() as contents:
        with pytest.raises(SourceRefused, match="5 bytes"):
            contents.write_to(blob_id(b"12345"), bytes)
        for blob in ("e" * 40, "HEAD", "--help", "", source.tree(repo.sha("main") or "", "")):
            with pytest.raises(SourceDamaged):
                contents.write_to(blob, bytes)


# --- everything at once ---
NAMES = [
    b"plain",
    b"with space",
    b'quo"te',
    b"new\nline",
    b"tab\there",
    b"\xff\xfe",
    "ümläut/ß".encode(),
    b"-dash",
    b"a;b$(c)",
]


def test_a_random_history_reads_as_git_archives_it(local: Place) -> None:
    shas = _random_history(local.repo, random.Random(7), 40)
    source = local.fetched()
    known: dict[bytes, Item] = {}
    previous = EMPTY_TREE
    for sha in shas:
        tree = source.tree(sha, "")
        for change in source.changes(previous, tree):
            assert known.pop(change.key, None) == change.before
            known.update({change.key: change.after} if change.after else {})
        assert dict(source.entries(tree)) == known
        previous = tree
    assert _contents(source, known) == _archived(local.repo)


def _random_history(repo: GitRepo, chance: random.Random, count: int) -> list[str]:
    shas, here = [], set[bytes]()
    for number in range(count):
        edits: dict[str | bytes, Content] = {}
        for _ in range(3):
            path = b"d%d/" % chance.randrange(4) + chance.choice(NAMES)
            text = b"%d\0\n" % chance.randrange(1000)
            kind = chance.choice([File(text), script(text), link(b"to %d" % number), None])
            if kind is not None or path in here:
                edits[path] = kind
                here = here | {path} if kind else here - {path}
        shas.append(repo.commit(edits, f"change {number}"))
    return shas


def _contents(source: GitSource, entries: dict[bytes, Item]) -> dict[bytes, tuple[str, bytes]]:
    found = {}
    with source.contents() as contents:
        for path, entry in entries.items():
            read = bytearray()
            contents.write_to(blob_of(entry), read.extend)
            found[path] = (entry.traits, bytes(read))
    return found


def _archived(repo: GitRepo) -> dict[bytes, tuple[str, bytes]]:
    packed = repo.git("archive", "--format=tar", "main").encode("utf-8", "surrogateescape")
    found = {}
    with tarfile.open(fileobj=BytesIO(packed + b"\0" * 10240)) as archive:
        for item in archive:
            path = item.name.encode("utf-8", "surrogateescape")
            if item.issym():
                found[path] = (SYMLINK, item.linkname.encode("utf-8", "surrogateescape"))
            elif item.isfile():
                file = archive.extractfile(item)
                found[path] = (EXECUTABLE if item.mode & 0o100 else FILE, file.read() if file else b"")
    return found


def test_blobs_that_are_asked_for_ahead_arrive_in_any_order(local: Place) -> None:
    files: dict[str | bytes, Content] = {f"f{n:03d}": f"content {n}\n" * (n * 37 % 400) for n in range(200)}
    sha = local.repo.commit(files)
    source = local.fetched()
    blobs = [blob_of(entry) for _, entry in source.entries(source.tree(sha, ""))]
    with source.contents() as contents:
        assert isinstance(contents, Foreseeing)
        for order in (blobs, blobs[::3], [blobs[5], blobs[3], blobs[3], *blobs[90:], *blobs[:9]]):
            contents.expect(order)
            for blob in order if order is not blobs else [*blobs[:150], blobs[0], *blobs[150:]]:
                parts: list[bytes] = []
                contents.write_to(blob, parts.append)
                assert blob_id(b"".join(parts)) == blob


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (b"-62135596800", 1),
        (b"-36000000000", 829),
        (b"253402300799", 9999),
        (b"9223372036854775807", None),
        (b"x", None),
    ],
)
def test_a_commits_date_is_told_rightly_or_as_unknown(local: Place, seconds: bytes, told: int | None) -> None:
    local.repo.commit({"a": "1"})
    header = b"author A <a@b> %b +0000\ncommitter A <a@b> %b +0000\n\nm\n" % (seconds, seconds)
    local.repo.raw_commit(local.repo.tree("main"), header=header)
    found = local.fetched().resolve("main")
    assert found.dated is (told is not None)
    assert told is None or found.committed_at.year == told
