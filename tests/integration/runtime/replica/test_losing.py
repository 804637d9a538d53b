"""The replica goes away, comes back, is promoted; or the primary cannot be asked."""

from __future__ import annotations

import time

import pytest

from pgmoat import errors
from pgmoat.runtime import Backoff
from tests.integration.runtime.replica.conftest import REST_S, Opener
from tests.moat_fixtures import Moat as Site
from tests.standby_fixtures import Standby, find_free_port

BUMP = "UPDATE orders SET visits = visits + 1 WHERE id = :id"
SEEN = "SELECT visits FROM orders WHERE id = :id"


def test_a_replica_that_stops_and_comes_back(make_reader: Opener, standby: Standby) -> None:
    with make_reader().task("support", "T-1") as task:
        assert task.query(SEEN, {"id": 7}).warnings == ()
        standby.stop()
        try:
            for number in range(1, 4):
                task.write(BUMP, {"id": 7}, occurrence=number)
                started = time.monotonic()
                found = task.query(SEEN, {"id": 7})
                assert time.monotonic() - started < (1.5 if number == 1 else 0.3)
                assert found[0] == {"visits": number}
                assert found.warnings[0].startswith("read on the primary: the replica ")
        finally:
            standby.start()
        deadline = time.monotonic() + 10
        while task.query(SEEN, {"id": 7}).warnings:
            assert time.monotonic() < deadline
            time.sleep(REST_S / 2)
        assert task.query("SELECT visits AS back_again FROM orders WHERE id = 7")[0] == {"back_again": 3}
        assert standby.has_run("back_again")


def test_without_the_primary_nothing_is_read(make_reader: Opener, primary: Site) -> None:
    """Nobody knows then what the task must see, or whether it may go on."""
    token = primary.open_task("support", "T-1")
    dsns = {
        "support": primary.dsns()["support"].replace(str(primary.database.server.port), str(find_free_port()))
    }
    lost = make_reader(dsns=dsns, orchestrator_dsn=None, backoff=Backoff(deadline_s=0.2))
    with lost.task("support", "T-1", token=token) as task, pytest.raises(errors.TransientError):
        task.query(SEEN, {"id": 7})


def test_a_replica_that_is_the_primary(make_reader: Opener, primary: Site) -> None:
    reader = make_reader(port=primary.database.server.port)
    with reader.task("support", "T-1") as task:
        found = task.query(SEEN, {"id": 7})
    assert "the replica is no standby any more" in found.warnings[0]


def test_a_promoted_replica_is_not_read(make_reader: Opener, standby: Standby) -> None:
    with make_reader().task("support", "T-1") as task:
        assert task.query(SEEN, {"id": 7}).warnings == ()
        standby.run("SELECT pg_promote()")
        task.write(BUMP, {"id": 7})
        for _ in range(2):
            found = task.query("SELECT visits AS after_promotion FROM orders WHERE id = 7")
            assert found[0] == {"after_promotion": 1}
            assert "the replica is no standby any more" in found.warnings[0]
            time.sleep(REST_S)
    assert not standby.has_run("after_promotion")
