"""Which addresses are allowed, and which mean the same repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.domain.errors import SourceRefused
from app.sources.remote.address import parse


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The only directory that local repositories may lie below."""
    (tmp_path / "repos" / "site.git").mkdir(parents=True)
    return tmp_path / "repos"


@pytest.mark.parametrize(
    ("text", "url", "scheme"),
    [
        ("https://git.example.org/team/site.git", "https://git.example.org/team/site.git", "https"),
        ("HTTPS://Git.Example.ORG:443/team/Site.git/", "https://git.example.org/team/Site.git", "https"),
        ("https://ann@git.example.org/team/site", "https://git.example.org/team/site", "https"),
        ("http://127.0.0.1:3000/x", "http://127.0.0.1:3000/x", "http"),
        ("http://[::1]:80/x", "http://[::1]/x", "http"),
        ("ssh://git@host.example:22/~ann/site", "ssh://git@host.example/~ann/site", "ssh"),
        ("ssh://git@host:2222/srv/site.git", "ssh://git@host:2222/srv/site.git", "ssh"),
        ("git@Host:team/site.git", "git@host:team/site.git", "ssh"),
        ("build-host:srv/site", "build-host:srv/site", "ssh"),
        ("git://host/site.git", "git://host/site.git", "git"),
    ],
)
def test_allowed_addresses_have_one_spelling(text: str, url: str, scheme: str, root: Path) -> None:
    address = parse(text, [root])
    assert (address.url, address.scheme) == (url, scheme)


def test_spellings_of_one_repository_share_a_mirror_and_others_do_not(root: Path) -> None:
    keys = [parse(text, [root]).key for text in ("https://h/a", "HTTPS://H:443/a/", "https://h/A", "http://h/a")]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_local_repositories_are_resolved_below_their_root(root: Path) -> None:
    (root / "alias").symlink_to(root / "site.git")
    plain = parse(str(root / "site.git"), [root])
    assert parse(str(root / "alias"), [root]) == plain
    assert parse(f"file://{root}/site%2Egit", [root]) == plain
    assert parse(f"file://localhost{root}/../repos/site.git", [root]) == plain


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("-oProxyCommand=touch marker", "option"),
        ("--upload-pack=touch marker", "option"),
        ("ext::sh -c 'touch marker'", "not allowed"),
        ("ext://sh", "not allowed"),
        ("fd::17", "not allowed"),
        ("ftp://host/x", "not allowed"),
        ("https::https://host/x", "not allowed"),
        ("javascript:alert(1)", "not"),
        ("https://ann:hunter2@host/x", "password"),
        ("https://ann:p@ss@host/x", "password"),
        ("ssh://git:hunter2@host/x", "password"),
        ("https://ghp_0123456789abcdef@host/x", "token"),
        ("https://0123456789abcdef0123456789abcdef@host/x", "token"),
        ("https://host/x?private_token=hunter2", "query"),
        ("https://host/x#main", "query"),
        ("https://host", "repository address"),
        ("https://host/", "not a repository"),
        ("https://host:99999/x", "port"),
        ("https://ho st/x", "not a repository address"),
        ("https://$HOME/x", "not a repository address"),
        ("https://${HOME}.example.org/x", "not a repository address"),
        ("https://host/%0d%0aHost:%20other/x", "control character"),
        ("https://host/a\nb", "characters"),
        ("https://host/a\0b", "characters"),
        (" https://host/x", "characters"),
        ("ssh://-oProxyCommand=touch%20marker/x", "not a repository address"),
        ("ssh://git@-oProxyCommand=x/x", "not a repository address"),
        ("ssh://-l@host/x", "not a repository address"),
        ("ssh://%2doProxyCommand=x@host/x", "not a repository address"),
        ("git@-oProxyCommand=x:x", "not a repository address"),
        ("-l@host:x", "option"),
        ("git@host:-x", "option"),
        ("ssh://host/-x", "option"),
        ("host:../../etc", "'..'"),
        ("https://host/../x", "'..'"),
        ("http://169.254.169.254/latest", "Link-local"),
        ("http://2852039166/latest", "Link-local"),
        ("http://0xa9fea9fe/latest", "Link-local"),
        ("http://[fe80::1]/x", "Link-local"),
        ("http://[::ffff:169.254.169.254]/x", "Link-local"),
        ("http://0.0.0.0/x", "Link-local"),
        ("relative/path", "not a repository address"),
        ("~/site.git", "not a repository address"),
        ("$HOME/site.git", "not a repository address"),
        ("file://relative", "not a local repository"),
        ("/etc", "PUSHPULL_SOURCE_ROOTS"),
        ("file:///etc", "PUSHPULL_SOURCE_ROOTS"),
    ],
)
def test_other_addresses_are_refused_with_field_and_mend(text: str, says: str, root: Path) -> None:
    with pytest.raises(SourceRefused) as refusal:
        parse(text, [root])
    assert says.lower() in refusal.value.detail.lower()
    assert refusal.value.fields["source.repo_url"]
    assert "hunter2" not in str(refusal.value)


def test_nothing_leads_out_of_the_root(root: Path) -> None:
    outside = root.parent / "secret.git"
    outside.mkdir()
    (root / "way").symlink_to(outside)
    sibling = root.parent / "repos-of-others"
    sibling.mkdir()
    for text in (f"{root}/way", f"{root}/../secret.git", f"file://{root}/%2e%2e/secret.git", str(sibling)):
        with pytest.raises(SourceRefused, match="PUSHPULL_SOURCE_ROOTS"):
            parse(text, [root])
