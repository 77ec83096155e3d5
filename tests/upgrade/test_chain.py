"""The audit chain goes on behind what an older version signed, and what it signed still protects it."""

from __future__ import annotations

from sqlalchemy import create_engine, text

from tests.support.older import Older


def test_the_chain_goes_on(older: Older) -> None:
    last = older.said["audit"][0]
    with older.start() as server:
        server.call("PUT", "/environments/place/hold", {"reason": "after the upgrade"})
        entry = server.call("GET", "/audit", limit=1)["items"][0]
        assert (entry["seq"], entry["prev_hash"]) == (last["seq"] + 1, last["hash"])
        verified = server.call("POST", "/audit/verifications")
        assert (verified["valid"], verified["entries"]) == (True, last["seq"] + 1), verified


def test_an_old_checkpoint_still_finds_that_the_end_was_cut_off(older: Older) -> None:
    engine = create_engine(older.database_url)
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET session_replication_role = replica"))  # no trigger stands in the way
        else:
            for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        gone = connection.execute(text("DELETE FROM audit WHERE seq = :seq"), {"seq": older.said["audit"][0]["seq"]})
        assert gone.rowcount == 1
    engine.dispose()
    with older.start() as server:
        verified = server.call("POST", "/audit/verifications")
        assert not verified["valid"]
        assert "checkpoint" in verified["problem"]


def test_migrating_twice_changes_nothing(older: Older) -> None:
    assert older.command("migrate") == older.command("migrate")
    with older.start() as server:
        assert [one["id"] for one in server.call("GET", "/operations", limit=1)["items"]] == [
            older.said["operations"][0]["id"]
        ]
