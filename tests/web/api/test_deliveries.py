"""A real repository, through the API, to files on disk, in both modes."""

from __future__ import annotations

from tests.support.server import LiveServer


def test_pushed_revision_is_on_disk(server: LiveServer) -> None:
    repo = server.repo("pushed")
    server.environment("pushed", repo)
    sha = repo.sha("main")
    operation = server.sync("pushed", revision=sha, pipeline={"id": "7", "url": "https://ci.example.org/7"})
    assert (operation["phase"], operation["outcome"], operation["trigger"]) == ("succeeded", "deployed", "pipeline")
    assert operation["revision"] == sha
    assert operation["pipeline"] == {"id": "7", "url": "https://ci.example.org/7", "commit_time": None}
    assert operation["initiated_by"] == "token:bootstrap"
    assert (server.live / "pushed" / "index.html").read_text() == "one\n"
    assert not (server.live / "pushed" / "README").exists()


def test_pulled_commit_is_on_disk_without_anybody_asking(server: LiveServer) -> None:
    repo = server.repo("pulled")
    server.environment("pulled", repo, mode="pull", policy={"interval_s": 1})
    server.until(lambda: server.call("GET", "/environments/pulled")["status"]["revision"] == repo.sha("main"))
    second = repo.commit({"site/index.html": "two\n"}, "second")
    server.until(lambda: server.call("GET", "/environments/pulled")["status"]["revision"] == second)
    assert (server.live / "pulled" / "index.html").read_text() == "two\n"
    newest = server.call("GET", "/operations", environment="pulled", kind="sync")["items"][0]
    assert (newest["trigger"], newest["outcome"]) == ("schedule", "deployed")
