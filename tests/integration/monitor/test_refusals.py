"""
Every refusal of ours is counted, by agent and SQLSTATE, although it rolls everything back.

I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import LiteralString

import psycopg

from pgmoat.plan.make import plan_policy
from pgmoat.plan.render import list_lines
from tests.integration.monitor.conftest import Staff
from tests.moat_fixtures import Connection, Moat, enter, refused


def _refuse_without_task(connection: Connection) -> None:
    with refused("PM001"):
        connection.execute("SELECT * FROM orders")


def test_refusals_are_counted_by_agent_and_code(staff: Staff, shop: Moat, route: str) -> None:
    with shop.connect("clerk", route=route) as connection:
        for _ in range(3):
            _refuse_without_task(connection)
        for command, code in _REFUSED_IN_A_TASK:
            with refused(code), connection.transaction():
                enter(connection, shop.open_task("clerk"))
                connection.execute(command)
    with refused("PM010"), shop.task("tight", route=route) as connection:
        connection.execute("UPDATE counters SET v = 1 WHERE id <= 11")
    with refused("PM011"), shop.task("budgeted", route=route) as connection:
        connection.execute("UPDATE counters SET v = 1 WHERE id <= 31")
    with refused("PM012"), shop.task("hourly", route=route) as connection:
        connection.execute("UPDATE counters SET v = 1 WHERE id <= 41")
    with refused("PM013"), shop.task("thin", route=route) as connection:
        connection.execute(
            "UPDATE counters SET blob = (SELECT string_agg(gen_random_uuid()::text, '')"
            " FROM generate_series(1, 1000)) WHERE id = 1"
        )
    assert staff.count_refusals() == {
        ("clerk", "PM001"): 3,
        ("clerk", "PM007"): 1,
        ("clerk", "PM020"): 1,
        ("clerk", "PM021"): 1,
        ("clerk", "21000"): 1,
        ("tight", "PM010"): 1,
        ("budgeted", "PM011"): 1,
        ("hourly", "PM012"): 1,
        ("thin", "PM013"): 1,
    }
    assert shop.value("SELECT count(*) FROM pgmoat.statement") == 0


_REFUSED_IN_A_TASK: tuple[tuple[LiteralString, str], ...] = (
    ("DELETE FROM orders WHERE id = 1", "PM020"),
    ("UPDATE orders SET status = 'canceled' WHERE id = 1", "PM021"),
    ("SET LOCAL statement_timeout = 0; SELECT * FROM orders", "PM007"),
    (
        "WITH a AS (UPDATE counters SET v = 1 WHERE id = 1 RETURNING 1)"
        " UPDATE counters SET v = 2 WHERE id = 1",
        "21000",
    ),
)


def test_tokens_states_and_isolation_are_counted(staff: Staff, shop: Moat) -> None:
    with shop.connect("clerk") as connection:
        token = shop.open_task("clerk")
        with refused("PM008"):
            connection.execute(f"SELECT pgmoat.enter('{token}')".encode())
        with refused("PM006"), connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            enter(connection, token)
            connection.execute("SELECT * FROM orders")
        with refused("PM009"), connection.transaction():
            enter(connection, token)
            connection.execute("UPDATE counters SET v = 1 WHERE id = 1")
            enter(connection, shop.open_task("clerk"))
            connection.execute("UPDATE counters SET v = 1 WHERE id = 2")
    assert staff.count_refusals() == {("clerk", "PM008"): 1, ("clerk", "PM006"): 1, ("clerk", "PM009"): 1}


def test_a_refused_commit_is_counted(staff: Staff, shop: Moat, route: str) -> None:
    with refused("PM005"), shop.task("clerk", route=route) as connection:
        connection.execute("UPDATE counters SET v = 1 WHERE id = 1")
        shop.run("SELECT pgmoat.freeze_agent('clerk', 'odd')")
    assert staff.count_refusals() == {("clerk", "PM005"): 1}
    assert shop.value("SELECT count(*) FROM public.counters WHERE v = 1") == 0


def test_a_row_that_moved_is_counted(staff: Staff, shop: Moat) -> None:
    with shop.task("clerk") as first, shop.superuser() as person:
        person.execute("BEGIN; UPDATE public.counters SET v = 5 WHERE id = 1")
        pid = first.info.backend_pid
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(_move, first)
            query = "SELECT cardinality(pg_blocking_pids(%s))"
            while person.execute(query, [pid]).fetchone() == (0,):
                assert not waiting.done()
            person.execute("COMMIT")
            waiting.result()
    assert staff.count_refusals() == {("clerk", "40001"): 1}


def _move(connection: Connection) -> None:
    with refused("40001"), connection.transaction():
        connection.execute("UPDATE counters SET v = v + 1 WHERE id = 1")


def test_savepoints_take_no_count_back(staff: Staff, shop: Moat, route: str) -> None:
    with shop.task("tight", route=route) as connection:
        for _ in range(4):
            with refused("PM010"), connection.transaction():
                connection.execute("UPDATE counters SET v = 1")
        connection.execute(
            "DO $$ BEGIN UPDATE agent.counters SET v = 1; EXCEPTION WHEN OTHERS THEN NULL; END $$"
        )
        connection.execute("UPDATE counters SET v = 1 WHERE id = 1")
    assert staff.count_refusals() == {("tight", "PM010"): 5}
    assert staff.see("SELECT agent, rows FROM pgmoat.writes") == [("tight", 1)]


def test_connections_at_once_lose_no_count(staff: Staff, shop: Moat, route: str) -> None:
    start = threading.Barrier(8)

    def attack(number: int) -> None:
        agent = ("clerk", "wide")[number % 2]
        with shop.connect(agent, route=route) as connection:
            start.wait()
            for _ in range(25):
                _refuse_without_task(connection)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(attack, range(8)))
    assert staff.count_refusals() == {("clerk", "PM001"): 100, ("wide", "PM001"): 100}


def test_people_and_orchestrators_are_counted_apart(staff: Staff, shop: Moat) -> None:
    shop.run("SELECT pgmoat.freeze_agent('clerk', 'odd')")
    with staff.connect("orchestrator") as connection:
        for call, code in _REFUSED_CALLS:
            with refused(code):
                connection.execute(call)
    assert staff.count_refusals() == {(None, "PM005"): 1, (None, "PM030"): 1, (None, "PM032"): 1}


_REFUSED_CALLS: tuple[tuple[LiteralString, str], ...] = (
    ("SELECT pgmoat.open_task('clerk', 't')", "PM005"),
    ("SELECT pgmoat.open_task('clark', 't')", "PM030"),
    ("SELECT pgmoat.close_task('clerk', 'nothing')", "PM032"),
)


def test_a_read_only_transaction_gets_the_refusal_itself(staff: Staff, shop: Moat) -> None:
    with shop.connect("reader") as connection:
        assert connection.execute("SHOW transaction_read_only").fetchone() == ("on",)
        _refuse_without_task(connection)
        connection.execute("SET default_transaction_read_only = off")
        _refuse_without_task(connection)
    assert staff.count_refusals() == {("reader", "PM001"): 1}


def test_a_parallel_query_gets_the_refusal_itself(staff: Staff, shop: Moat) -> None:
    """There nextval is refused, and before PostgreSQL 17 even the block that would catch that."""
    with shop.connect("clerk") as connection:
        connection.execute(
            "SET max_parallel_workers_per_gather = 2; SET min_parallel_table_scan_size = 0;"
            "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET enable_indexscan = off"
        )
        plan = connection.execute("EXPLAIN SELECT count(*) FROM counters").fetchall()
        assert "Gather" in str(plan)
        with refused("PM001"):
            connection.execute("SELECT count(*) FROM counters")
        with refused("PM010"), connection.transaction():
            enter(connection, shop.open_task("clerk"))
            connection.execute("INSERT INTO counters SELECT i FROM generate_series(1000, 2001) AS i")
    assert staff.count_refusals() == {("clerk", "PM010"): 1}


def test_a_query_under_debug_parallel_query_gets_the_refusal_itself(shop: Moat) -> None:
    with shop.connect("clerk") as connection:
        is_old = connection.info.server_version < 160000
        setting = "force_parallel_mode" if is_old else "debug_parallel_query"
        connection.execute(f"SET {setting} = on".encode())
        for command in (
            "SELECT count(*) FROM counters",
            "SELECT pgmoat.gate('x')",
            "SELECT pgmoat.enter('')",
        ):
            with refused("PM001"):
                connection.execute(command.encode())


def test_a_dropped_counter_hides_no_refusal(staff: Staff, shop: Moat) -> None:
    with shop.superuser() as person, shop.connect("clerk") as connection:
        person.execute("BEGIN")
        name = shop.value(
            "SELECT counter::text FROM pgmoat.refusal_counter WHERE agent = 'clerk' AND code = 'PM001'"
        )
        person.execute(f"DROP SEQUENCE {name}".encode())
        # While the DROP is open, nextval waits for it; the refusal comes as soon as it has ended.
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(_refuse_without_task, connection)
            query = "SELECT cardinality(pg_blocking_pids(%s))"
            while shop.value(query, connection.info.backend_pid) == 0:
                assert not waiting.done()
            person.execute("COMMIT")
            waiting.result()
        _refuse_without_task(connection)
    shop.run("UPDATE pgmoat.refusal_counter SET counter = NULL WHERE agent = 'clerk' AND code = 'PM001'")
    shop.run("SELECT pgmoat.make_refusal_counters()")
    with shop.connect("clerk") as connection:
        _refuse_without_task(connection)
    assert staff.count_refusals() == {("clerk", "PM001"): 1}


def test_the_plan_stays_empty_after_refusals(staff: Staff, shop: Moat) -> None:
    with shop.connect("clerk") as connection:
        _refuse_without_task(connection)
    with psycopg.connect(shop.database.dsn, autocommit=True) as reader:
        plan = plan_policy(reader, shop.policy).plan
    assert plan.is_in_order, list_lines(plan)
    assert staff.count_refusals() == {("clerk", "PM001"): 1}


def test_every_code_says_what_it_means(staff: Staff, shop: Moat) -> None:
    agents = len(shop.policy.agents)
    ((codes, meanings),) = shop.read(
        "SELECT count(DISTINCT code), count(DISTINCT meaning) FROM pgmoat.refusal_codes()"
    )
    assert codes == meanings > 15
    assert shop.value("SELECT count(DISTINCT counter) FROM pgmoat.refusal_counter") == codes * (agents + 1)
    with shop.connect("clerk") as connection:
        _refuse_without_task(connection)
    ((meaning, is_recent),) = staff.see(
        "SELECT meaning, since > now() - interval '1 day' FROM pgmoat.refusals"
    )
    assert (meaning, is_recent) == ("no task: no token, or one that is not the role's", True)
