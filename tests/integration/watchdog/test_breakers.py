"""What trips a breaker, and what it freezes: the task, the agent, or the agent and its login."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import ExitStack, closing
from dataclasses import replace

import psycopg
import pytest
from psycopg import sql

from pgmoat.cli.main import run
from pgmoat.watchdog.act import carry_out
from pgmoat.watchdog.crowds import find_crowded, judge_crowds
from pgmoat.watchdog.sample import read_sample
from tests.integration.watchdog.conftest import SCHEMA, Post, hire_watcher, wait_for
from tests.moat_fixtures import Moat, enter, new_task_id, open_moat, refused
from tests.postgres_fixtures import PostgresServer

POLICY = """\
entities:
  notes:
    table: public.notes
    columns: {id: {}, body: {}}
agents:
  busy:
    entities: {notes: {update: [body]}}
    limits: {surge_factor: 4, surge_floor: 40}
  tasked:
    entities: {notes: {update: [body]}}
    limits: {surge_factor: 4, surge_floor: 40}
    on_trip: task
  locked:
    entities: {notes: {update: [body]}}
    limits: {surge_factor: 4, surge_floor: 40, repeats_per_minute: 3}
    on_trip: login
  circling:
    entities: {notes: {}}
    limits: {repeats_per_minute: 3}
    on_trip: agent
  few:
    entities: {notes: {}}
    connections: 3
"""


@pytest.fixture(scope="module")
def guarded(server: PostgresServer) -> Generator[Post]:
    with open_moat(server, SCHEMA, POLICY) as moat:
        moat.run("SELECT pgmoat.make_days()")
        yield hire_watcher(moat)


@pytest.fixture(autouse=True)
def clean(guarded: Post) -> None:
    guarded.moat.run(
        "TRUNCATE pgmoat.incident, pgmoat.activity, pgmoat.statement;"
        "UPDATE pgmoat.lease SET holder = NULL, leased_until = NULL;"
        "UPDATE pgmoat.agent SET frozen_at = NULL"
    )


@pytest.fixture
def moat(guarded: Post) -> Moat:
    return guarded.moat


def has_done(
    moat: Moat, agent: str, *, rows: int = 0, statements: int | None = None, minutes: int = 6
) -> None:
    """Record that the agent did so much in each of the last minutes."""
    moat.run(
        "INSERT INTO pgmoat.activity (minute, agent, connections, statements, rows_written)"
        " SELECT date_trunc('minute', now()) - n * interval '1 minute', %s, 1, %s, %s"
        " FROM generate_series(3, %s) AS n",
        agent, statements, rows, minutes + 2,
    )  # fmt: skip


def write_all(moat: Moat, agent: str, task_id: str) -> None:
    with moat.task(agent, moat.open_task(agent, task_id)) as connection:
        connection.execute("UPDATE notes SET body = body || '.'")  # 50 rows


def test_a_surge_of_rows_freezes_the_agent(guarded: Post, moat: Moat) -> None:
    has_done(moat, "busy", rows=10)
    has_done(moat, "tasked", rows=13)
    token = moat.open_task("busy")
    with guarded.watch() as running, closing(moat.connect("busy")) as busy:
        time.sleep(0.6)
        assert running.incidents == []
        write_all(moat, "tasked", new_task_id())  # 50 are within 4 times 13
        write_all(moat, "busy", new_task_id())
        wait_for(lambda: running.incidents)
        with refused("PM005"), busy.transaction():
            enter(busy, token)
        reason = moat.value("SELECT frozen_reason FROM pgmoat.agent WHERE name = 'busy'")
        told = "counted 50 rows written within a minute, 40 are allowed: the agent's own level is 10"
        assert reason == f"pgmoat watch {told}"
        moat.run("SELECT pgmoat.thaw_agent('busy')")
        time.sleep(0.8)
    ((agent, kind, action, detail),) = guarded.incidents("agent, kind, action, detail")
    assert (agent, kind, action) == ("busy", "surge", "frozen")
    assert detail == {"limit": 40, "found": 50, "signal": "rows written", "level": 10, "scope": "agent"}
    assert moat.value("SELECT frozen_at IS NULL FROM pgmoat.agent WHERE name = 'busy'")  # not again


def test_who_has_no_level_is_not_judged(guarded: Post, moat: Moat) -> None:
    has_done(moat, "busy", rows=1, minutes=4)
    with guarded.watch() as running:
        write_all(moat, "busy", new_task_id())
        time.sleep(0.8)
    assert running.incidents == []


def test_a_surge_of_statements(guarded: Post, moat: Moat, capsys: pytest.CaptureFixture[str]) -> None:
    has_done(moat, "tasked", statements=10)
    moat.run(
        "INSERT INTO pgmoat.activity (minute, agent, connections, statements, rows_written)"
        " SELECT date_trunc('minute', now()) + n * interval '1 minute', 'tasked', 1, 41, 0"
        " FROM generate_series(0, 1) AS n"
    )
    with guarded.watch() as running:
        wait_for(lambda: running.incidents)
    ((agent, detail),) = guarded.incidents("agent, detail")
    assert (agent, detail["signal"], detail["scope"]) == ("tasked", "statements", "agent")
    assert run(["incidents", "--dsn", guarded.dsn]) == 0
    assert "statements" in capsys.readouterr().out


def test_only_the_task_is_frozen(guarded: Post, moat: Moat) -> None:
    has_done(moat, "tasked", rows=10)
    with guarded.watch() as running:
        write_all(moat, "tasked", "GREEDY")
        wait_for(lambda: running.incidents)
    assert guarded.incidents("agent, task_id, kind, action") == [("tasked", "GREEDY", "surge", "frozen")]
    frozen = "SELECT task_id FROM pgmoat.task WHERE frozen_at IS NOT NULL"
    assert moat.read(frozen) == [("GREEDY",)]
    assert moat.value("SELECT frozen_at IS NULL FROM pgmoat.agent WHERE name = 'tasked'")


def test_repeats_may_freeze_the_agent(guarded: Post, moat: Moat) -> None:
    token = moat.open_task("circling", "ROUND")
    with (
        guarded.watch(),
        refused("PM005", "57P01"),
    ):  # at its next statement, or in the midst of its transaction
        for _ in range(100):
            with moat.connect("circling") as agent, agent.transaction():
                enter(agent, token)
                agent.execute(b"/*task_id='ROUND'*/ SELECT count(*) FROM notes")
                time.sleep(0.3)
    first = guarded.incidents("agent, task_id, kind, action")[0]
    assert first == ("circling", "ROUND", "repeats", "frozen")
    assert moat.value("SELECT frozen_at IS NOT NULL FROM pgmoat.agent WHERE name = 'circling'")
    assert moat.value("SELECT frozen_at IS NULL FROM pgmoat.task WHERE task_id = 'ROUND'")


def test_without_the_right_to_take_the_login_the_agent_is_frozen(guarded: Post, moat: Moat) -> None:
    has_done(moat, "locked", rows=10)
    with guarded.watch() as running, closing(moat.connect("locked")) as idle:
        write_all(moat, "locked", new_task_id())
        wait_for(lambda: running.incidents)
        assert idle.execute("SELECT 1").fetchone() == (1,)
    ((action, detail),) = guarded.incidents("action, detail")
    assert (action, detail["scope"], detail["hard"]) == ("frozen", "login", False)
    assert "permission denied" in detail["why"]
    assert moat.read(
        "SELECT frozen_by IS NOT NULL, is_hard_frozen FROM pgmoat.agent WHERE name = 'locked'"
    ) == [(True, False)]


def test_the_login_is_taken(guarded: Post, moat: Moat) -> None:
    """Also from a role that holds its own row locked by an ALTER ROLE that it does not commit."""
    has_done(moat, "locked", rows=10)
    superuser = Post(moat, moat.database.dsn)
    role = moat.role("locked")
    with superuser.watch() as running, closing(moat.connect("locked")) as idle:
        with closing(moat.connect("locked")) as holder:
            holder.execute("BEGIN; ALTER ROLE CURRENT_USER SET work_mem = '2MB'")
            write_all(moat, "locked", new_task_id())
            wait_for(lambda: [i for i in running.incidents if i.kind == "surge"])
        with pytest.raises(psycopg.OperationalError):
            idle.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
            moat.connect("locked")
    ((detail,),) = guarded.incidents("detail")
    assert (detail["scope"], detail["hard"]) == ("login", True)
    assert moat.value("SELECT is_hard_frozen FROM pgmoat.agent WHERE name = 'locked'")
    moat.run(sql.SQL("ALTER ROLE {} LOGIN").format(sql.Identifier(role)))
    moat.run("UPDATE pgmoat.agent SET is_hard_frozen = false WHERE name = 'locked'")


def test_sessions_above_the_limit_are_ended(guarded: Post, moat: Moat) -> None:
    role = sql.Identifier(moat.role("few"))
    with guarded.watch() as running, ExitStack() as stack:
        within = [stack.enter_context(closing(moat.connect("few"))) for _ in range(3)]
        within[1].execute("BEGIN")
        time.sleep(0.8)
        assert running.incidents == []  # exactly as many as may be
        moat.run(sql.SQL("ALTER ROLE {} CONNECTION LIMIT 10").format(role))
        above = [stack.enter_context(closing(moat.connect("few"))) for _ in range(2)]
        pids = {connection.info.backend_pid for connection in above}
        wait_for(lambda: len([i for i in running.incidents if i.kind == "connections"]) >= 2)
        time.sleep(0.6)
        for connection in above:
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
        for connection in within:
            connection.execute("SELECT 1")
    found = [row for row in guarded.incidents("kind, action, detail") if row[0] == "connections"]
    assert [row[:2] for row in found] == [("connections", "terminated")] * 2
    assert {row[2]["pid"] for row in found} == pids
    # Who may not repair the limit says so, once.
    changed = [row for row in guarded.incidents("kind, action, detail") if row[0] != "connections"]
    assert [(row[0], row[1], row[2]["setting"]) for row in changed] == [
        ("role-changed", "failed", "CONNECTION LIMIT")
    ]
    moat.run(sql.SQL("ALTER ROLE {} CONNECTION LIMIT 3").format(role))


def test_who_is_no_longer_above_the_limit_is_left_alone(guarded: Post, moat: Moat) -> None:
    moat.run("UPDATE pgmoat.agent SET max_connections = 2 WHERE name = 'few'")
    try:
        with (
            guarded.connect() as watcher,
            closing(moat.connect("few")),
            closing(moat.connect("few")) as newest,
        ):
            watcher.execute("SELECT pgmoat.lead_watch('me', 60000)")
            with closing(moat.connect("few")):
                sample = read_sample(watcher)
            (verdict,) = judge_crowds(find_crowded(sample), {"few"}, sample, {})
            for session in sample.sessions:
                assert carry_out(watcher, replace(verdict, session=session), "me", sample.now) is None
            newest.execute("SELECT 1")
    finally:
        moat.run("UPDATE pgmoat.agent SET max_connections = 3 WHERE name = 'few'")
    assert guarded.incidents() == []


def test_the_connection_limit_is_set_right(guarded: Post, moat: Moat) -> None:
    role = sql.Identifier(moat.role("few"))
    moat.run(sql.SQL("ALTER ROLE {} CONNECTION LIMIT -1").format(role))
    with Post(moat, moat.database.dsn).watch() as running:
        wait_for(lambda: running.incidents)
    assert moat.value("SELECT rolconnlimit FROM pg_roles WHERE rolname = %s", moat.role("few")) == 3
    ((kind, action, detail),) = guarded.incidents("kind, action, detail")
    assert (kind, action, detail["limit"], detail["found"]) == ("role-changed", "repaired", "3", "-1")
