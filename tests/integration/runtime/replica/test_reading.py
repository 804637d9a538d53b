"""Reads go to the replica, and see what their task wrote."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Generator
from typing import Any

import psycopg
import pytest

from pgmoat import errors
from pgmoat.runtime import AsyncMoat, Moat, Result, horizon
from pgmoat.runtime.messages import ask_position
from tests.integration.runtime.replica.conftest import FRESH_S, NOTICED_S, QUICK, REST_S, Opener, point
from tests.moat_fixtures import Moat as Site
from tests.standby_fixtures import Standby

BUMP = "UPDATE orders SET visits = visits + 1 WHERE id = :id"
SEEN = "SELECT visits FROM orders WHERE id = :id"
HEAVY = "SELECT count(repeat(md5(o.id::text), 100)) AS n FROM orders AS o, generate_series(1, 400)"


@pytest.fixture
def paused(primary: Site, standby: Standby) -> Generator[None]:
    """A replica that replays nothing any more."""
    standby.run("SELECT pg_wal_replay_pause()")
    yield
    standby.run("SELECT pg_wal_replay_resume()")


def has_run_on_primary(primary: Site, text: str) -> bool:
    log = primary.database.server.log_file
    assert log is not None
    return text in log.read_text(errors="replace")


def test_reads_go_to_the_replica_and_nothing_else_does(reader: Moat, primary: Site, standby: Standby) -> None:
    with reader.task("support", "T-1") as task:
        found = task.query("SELECT id AS read_there FROM orders WHERE id = 7")
        task.write("UPDATE orders SET note = 'written_here' WHERE id = 7")
        task.preview("UPDATE orders SET note = 'previewed_here' WHERE id = 7")
        task.call("bump", {"order_id": 7})
        with task.transaction() as transaction:
            transaction.query("SELECT id AS read_here FROM orders WHERE id = 7")
    assert (list(found), found.warnings) == ([{"read_there": 7}], ())
    assert standby.has_run("read_there")
    assert not has_run_on_primary(primary, "read_there")
    for text in ("written_here", "previewed_here", "read_here", ".bump("):
        assert has_run_on_primary(primary, text)
        assert not standby.has_run(text)


def test_an_agent_without_a_replica_pays_nothing(reader: Moat, primary: Site, standby: Standby) -> None:
    with primary.superuser() as judge, reader.task("narrow", "T-1") as task:
        task.query("SELECT id AS elsewhere FROM orders WHERE id = 7")
        task.write(BUMP, {"id": 7})
        row = judge.execute(
            "SELECT string_agg(query, ' ') FROM pg_stat_activity WHERE usename = %s", [primary.role("narrow")]
        ).fetchone()
    assert not standby.has_run("elsewhere")
    assert row == ("COMMIT",)


def test_its_own_writes_are_read_at_once(make_reader: Opener, route: str) -> None:
    with make_reader(route, max_wait="5s").task("support", "T-1") as task:
        for number in range(1, 101 if route == "direct" else 31):
            task.write(BUMP, {"id": 7}, occurrence=number)
            found = task.query(SEEN, {"id": 7})
            assert (found[0]["visits"], found.warnings) == (number, ())


def test_whatever_way_it_wrote(reader: Moat, make_reader: Opener) -> None:
    with reader.task("support", "T-1") as task:
        assert task.query(SEEN, {"id": 7})[0] == {"visits": 0}
        task.call("bump", {"order_id": 7})
        assert task.query(SEEN, {"id": 7})[0] == {"visits": 1}
        with task.transaction() as transaction:
            transaction.write(BUMP, {"id": 7})
        assert task.query(SEEN, {"id": 7})[0] == {"visits": 2}
        child = task.open_child("a")
        assert child.query(SEEN, {"id": 7})[0] == {"visits": 2}
        child.write(BUMP, {"id": 7})
        assert task.query(SEEN, {"id": 7})[0] == {"visits": 3}
        below = reader.open_task("second", "S-1", parent=task)
        below.write(BUMP, {"id": 7})
        assert task.query(SEEN, {"id": 7})[0] == {"visits": 4}
        again = reader.open_task("support", "T-1")
        again.write(BUMP, {"id": 7}, occurrence=2)
        assert task.query(SEEN, {"id": 7})[0] == {"visits": 5}
    with make_reader().task("support", "T-1") as retried:  # another process
        assert retried.write(BUMP, {"id": 7}, occurrence=2).replayed
        assert retried.query(SEEN, {"id": 7})[0] == {"visits": 5}


def test_many_tasks_at_once(primary: Site, standby: Standby) -> None:
    async def work(moat: AsyncMoat, number: int) -> None:
        async with moat.task("support", f"T-{number}") as task:
            for round_ in range(1, 6):
                await task.write(BUMP, {"id": number}, occurrence=round_)
                found = await task.query(SEEN, {"id": number})
                assert (found[0]["visits"], found.warnings) == (round_, ())

    async def work_all() -> None:
        policy = point(primary.policy, standby.port, "5s")
        async with AsyncMoat(
            policy, dsns=primary.dsns(), orchestrator_dsn=primary.database.dsn, backoff=QUICK
        ) as moat:
            await asyncio.gather(*(work(moat, number) for number in range(1, 21)))

    asyncio.run(work_all())


@pytest.mark.usefixtures("paused")
def test_a_replica_that_does_not_have_it_is_not_read(reader: Moat, standby: Standby) -> None:
    with reader.task("support", "T-1") as task:
        task.write(BUMP, {"id": 7})
        started = time.monotonic()
        late = task.query(SEEN, {"id": 7})
        assert 0.4 < time.monotonic() - started < 1.5  # max_wait
        started = time.monotonic()
        at_once = task.query(SEEN, {"id": 7})
        assert time.monotonic() - started < 0.3  # the replica rests
        for found in (late, at_once):
            assert found[0] == {"visits": 1}
            assert found.warnings == (
                "read on the primary: the replica does not have what this task must see in time",
            )
        standby.run("SELECT pg_wal_replay_resume()")
        time.sleep(REST_S)
        found = task.query("SELECT visits AS after_resume FROM orders WHERE id = 7")
        assert (found[0], found.warnings) == ({"after_resume": 1}, ())
        assert standby.has_run("after_resume")


def test_what_others_wrote_is_missing_for_a_moment_only(
    reader: Moat, primary: Site, standby: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(horizon, "FRESH_S", 60.0)
    with reader.task("support", "T-1") as task:
        task.query(SEEN, {"id": 7})
        standby.run("SELECT pg_wal_replay_pause()")
        try:
            primary.run("UPDATE public.orders SET n = 9 WHERE id = 7")
            time.sleep(NOTICED_S + 0.1)
            found = task.query(SEEN, {"id": 7})
            assert found[0] == {"visits": 0}
            assert "s behind: what others wrote since may be missing" in found.warnings[0]
            monkeypatch.setattr(horizon, "FRESH_S", NOTICED_S)
            found = task.query(SEEN, {"id": 7})
            assert found[0] == {"visits": 9}
            assert "read on the primary" in found.warnings[0]
        finally:
            standby.run("SELECT pg_wal_replay_resume()")


def test_a_freeze_arrives_with_replication(reader: Moat, primary: Site, standby: Standby) -> None:
    with primary.superuser() as judge, reader.task("support", "T-1") as task:
        task.query(SEEN, {"id": 7})
        judge.execute("SELECT pgmoat.freeze_task('support', 'T-1', 'stop')")
        standby.wait_for(judge)
        with pytest.raises(errors.TaskFrozenError):
            task.query("SELECT id AS while_frozen FROM orders WHERE id = 7")
        assert standby.has_run("while_frozen")
        judge.execute("SELECT pgmoat.thaw_task('support', 'T-1')")
        assert task.query(SEEN, {"id": 7})  # at once: the primary has the last word on a refusal


def test_a_freeze_holds_although_the_replica_lags(reader: Moat, primary: Site, standby: Standby) -> None:
    with reader.task("support", "T-1") as task:
        task.query(SEEN, {"id": 7})
        standby.run("SELECT pg_wal_replay_pause()")
        try:
            primary.run("SELECT pgmoat.freeze_agent('support', 'stop')")
            frozen_at = time.monotonic()
            with pytest.raises(errors.AgentFrozenError):
                while time.monotonic() < frozen_at + 5:
                    task.query(SEEN, {"id": 7})
            assert time.monotonic() - frozen_at < FRESH_S + 1.0  # and max_wait
        finally:
            standby.run("SELECT pg_wal_replay_resume()")


@pytest.fixture
def hasty(standby: Standby) -> Generator[None]:
    """A replica that cancels at once what is in the way of replay."""
    standby.run("ALTER SYSTEM SET max_standby_streaming_delay = 0")
    standby.run("SELECT pg_reload_conf()")
    yield
    standby.run("ALTER SYSTEM RESET max_standby_streaming_delay")
    standby.run("SELECT pg_reload_conf()")


@pytest.mark.usefixtures("hasty")
def test_a_query_in_the_way_of_replay(reader: Moat, primary: Site, standby: Standby) -> None:
    found: list[Result] = []
    with reader.task("support", "T-1") as task, primary.superuser() as judge:
        thread = threading.Thread(target=lambda: found.append(task.query(HEAVY)))
        thread.start()
        deadline = time.monotonic() + 5
        active = (
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pgmoat_sum%md5%'"
        )
        while standby.run(active) < 2:  # this question itself is one
            assert time.monotonic() < deadline
        with judge.transaction():
            judge.execute("LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE")
        thread.join(20)
        assert list(found[0]) == [{"n": 800_000}]
        assert "the replica cancelled the query" in found[0].warnings[0]
        assert "conflict with recovery" in found[0].warnings[0]
        task.query("SELECT visits AS after_conflict FROM orders WHERE id = 7")
        assert standby.has_run("after_conflict")  # one query's conflict is no reason for a rest


def test_a_mistake_is_the_replicas_to_tell(reader: Moat, standby: Standby) -> None:
    with reader.task("support", "T-1") as task:
        with pytest.raises(errors.StatementInvalidError):
            task.query("SELECT mistaken FROM orders")
        assert standby.has_run("mistaken")
        assert task.query(SEEN, {"id": 7}).warnings == ()


def test_a_record_that_ends_with_its_page(reader: Moat, primary: Site, standby: Standby) -> None:
    """The primary then names a position that replay does not reach before the next record."""
    with primary.superuser() as judge, reader.task("support", "T-1") as task:
        task.query(SEEN, {"id": 7})

        for _ in range(200):
            room = 8192 - find_position(judge) % 8192
            if room == 8192 - 24:
                break
            # Besides its data a record has up to 56 bytes: its header, the message's, the prefix.
            size = max(1, room - 56) if room < 250 else min(room - 150, 4000)
            judge.execute("SELECT pg_logical_emit_message(false, 'x', repeat('y', %s))", [size])
        raw, (_, position) = find_position(judge), judge.execute(ask_position().text).fetchone() or (0, 0)
        assert (raw % 8192, position) == (24, raw - 24)
        standby.wait_for(judge)
        time.sleep(0.3)
        assert standby.run("SELECT (pg_last_wal_replay_lsn() - '0/0')::bigint") == position


def find_position(judge: psycopg.Connection[Any]) -> int:
    row = judge.execute("SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint").fetchone()
    assert row is not None
    return int(row[0])
