"""
The gate: no command reads or writes an entity without a task that is open and a caller that is not frozen.

I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import LiteralString

import psycopg
import pytest

from tests.integration.walls.ways import count_changes, count_dirty
from tests.moat_fixtures import Connection, Moat, enter, refused

_MERGE_SINCE = 170_000

COMMANDS: dict[str, LiteralString] = {
    "select": "SELECT * FROM orders LIMIT 1",
    "select-one-plain-column": "SELECT v FROM counters LIMIT 1",
    "select-count": "SELECT count(*) FROM orders",
    "select-table": "TABLE counters",
    "select-by-key": "SELECT id FROM orders WHERE id = 1",
    "exists": "SELECT EXISTS (SELECT FROM orders)",
    "scalar-subquery": "SELECT (SELECT max(v) FROM orders)",
    "left-join": "SELECT o.id FROM (VALUES (1)) AS x (id) LEFT JOIN orders AS o ON o.id = x.id",
    "full-join": "SELECT o.id FROM counters AS c FULL JOIN orders AS o ON o.id = c.id LIMIT 1",
    "lateral": "SELECT l.v FROM (VALUES (1)) AS x (id),"
    " LATERAL (SELECT v FROM orders AS o WHERE o.id = x.id) AS l",
    "union": "SELECT 1 UNION ALL SELECT v FROM orders",
    "with": "WITH w AS MATERIALIZED (SELECT * FROM orders) SELECT count(*) FROM w",
    "window": "SELECT sum(v) OVER () FROM orders LIMIT 1",
    "tablesample-through-cursor": "DECLARE c CURSOR FOR SELECT * FROM orders; FETCH 1 FROM c",
    "cursor-with-hold": "DECLARE h CURSOR WITH HOLD FOR SELECT * FROM orders; FETCH 1 FROM h",
    "explain-analyze": "EXPLAIN ANALYZE SELECT * FROM orders",
    "prepare": "PREPARE p AS SELECT * FROM orders; EXECUTE p",
    "generic-plan": "SET LOCAL plan_cache_mode = force_generic_plan;"
    " PREPARE g (integer) AS SELECT * FROM orders WHERE id = $1; EXECUTE g (1)",
    "create-table-as": "CREATE TEMP TABLE stolen ON COMMIT DROP AS SELECT * FROM orders",
    "select-into": "SELECT * INTO TEMP stolen FROM orders",
    "temp-view": "CREATE TEMP VIEW nested AS SELECT * FROM orders; SELECT * FROM pg_temp.nested LIMIT 1",
    "do": "DO $$ BEGIN PERFORM * FROM orders; END $$",
    "copy-out": "COPY (SELECT * FROM orders) TO STDOUT",
    "query-to-xml-like": "SELECT * FROM orders AS o WHERE o.note IS NOT DISTINCT FROM o.note LIMIT 1",
    "insert": "INSERT INTO orders (v) VALUES (1)",
    "insert-defaults": "INSERT INTO orders DEFAULT VALUES",
    "insert-select": "INSERT INTO order_items (order_id) SELECT 1",
    "copy-in": "COPY counters (id) FROM STDIN",
    "update": "UPDATE orders SET v = 1 WHERE id = 1",
    "update-of-no-row": "UPDATE orders SET v = 1 WHERE id = -1",
    "update-returning": "UPDATE counters SET v = 1 WHERE id = 1 RETURNING *",
    "delete": "DELETE FROM order_items WHERE id = 1",
    "delete-using": "DELETE FROM order_items USING counters WHERE counters.id = order_items.id",
    "write-in-with": "WITH w AS (UPDATE counters SET v = 1 WHERE id = 1 RETURNING 1) SELECT 1",
    "write-through-temp-view": "CREATE TEMP VIEW w AS SELECT id, v FROM counters;"
    " UPDATE pg_temp.w SET v = 1 WHERE id = 1",
    "explain-analyze-write": "EXPLAIN ANALYZE UPDATE counters SET v = 1 WHERE id = 1",
    "merge": "MERGE INTO counters AS c USING (SELECT 1 AS id) AS s ON c.id = s.id"
    " WHEN MATCHED THEN UPDATE SET v = 1",
}


def _no_token(moat: Moat) -> str:
    del moat
    return ""


def _nonsense(moat: Moat) -> str:
    del moat
    return "nonsense"


def _forged(moat: Moat) -> str:
    return moat.open_task("clerk")[:-1] + "x"


def _hash_of_token(moat: Moat) -> str:
    moat.open_task("clerk", "hashed")
    return str(moat.value("SELECT encode(token_hash, 'hex') FROM pgmoat.task WHERE task_id = 'hashed'"))


def _of_another_agent(moat: Moat) -> str:
    return moat.open_task("tight")


def _expired(moat: Moat) -> str:
    token = moat.open_task("clerk", duration="20 ms")
    moat.run("SELECT pg_sleep(0.03)")
    return token


def _closed(moat: Moat) -> str:
    token = moat.open_task("clerk", "done")
    moat.run("SELECT pgmoat.close_task('clerk', 'done')")
    return token


def _frozen(moat: Moat) -> str:
    token = moat.open_task("clerk", "ill")
    moat.run("SELECT pgmoat.freeze_task('clerk', 'ill', 'looks wrong')")
    return token


def _frozen_agent(moat: Moat) -> str:
    token = moat.open_task("clerk")
    moat.run("SELECT pgmoat.freeze_agent('clerk', 'looks wrong')")
    return token


STATES: dict[str, tuple[Callable[[Moat], str], str]] = {
    "no-token": (_no_token, "PM001"),
    "nonsense": (_nonsense, "PM001"),
    "forged-token": (_forged, "PM001"),
    "hash-of-a-token": (_hash_of_token, "PM001"),
    "another-agents-token": (_of_another_agent, "PM001"),
    "closed-task": (_closed, "PM002"),
    "expired-task": (_expired, "PM003"),
    "frozen-task": (_frozen, "PM004"),
    "frozen-agent": (_frozen_agent, "PM005"),
}


def _run(connection: Connection, command: LiteralString) -> None:
    if command.startswith("COPY"):
        with connection.cursor() as cursor, cursor.copy(command) as copy:
            if "STDIN" in command:
                copy.write_row((5000,))
            else:
                assert list(copy.rows()) == []
        return
    connection.execute(command)


def _expected(moat: Moat, name: str, code: str) -> tuple[str, ...]:
    # Before 17 there is no MERGE on a view at all.
    is_unknown = name == "merge" and moat.database.server.server_version < _MERGE_SINCE
    return ("0A000",) if is_unknown else (code,)


@pytest.mark.parametrize("state", STATES)
def test_no_command_passes(shop: Moat, route: str, state: str) -> None:
    make_token, code = STATES[state]
    token = make_token(shop)
    with shop.connect("clerk", route=route) as connection, connection.transaction():
        connection.execute("SELECT set_config('pgmoat.token', %s, true)", (token,))
        connection.execute("SELECT set_config('pgmoat.reason', 'none', true)")
        for name, command in COMMANDS.items():
            with refused(*_expected(shop, name, code)) as caught, connection.transaction():
                _run(connection, command)
            assert caught.value.diag.message_hint or name == "merge", name
    assert count_dirty(shop) == 0
    assert count_changes(shop) == 0


@pytest.mark.parametrize("state", STATES)
def test_a_task_that_may_not_go_on_cannot_be_entered(shop: Moat, route: str, state: str) -> None:
    make_token, code = STATES[state]
    with refused(code), shop.connect("clerk", route=route) as connection:
        enter(connection, make_token(shop))


def test_every_command_passes_with_a_task(shop: Moat, route: str) -> None:
    """Without this a command that is wrong in itself would pass for one that is held."""
    for name, command in COMMANDS.items():
        if name == "merge" and shop.database.server.server_version < _MERGE_SINCE:
            continue
        with shop.task("clerk", route=route, reason="none") as connection:
            if command.startswith("COPY ("):
                with connection.cursor() as cursor, cursor.copy(command) as copy:
                    assert sum(1 for _ in copy) == shop.value("SELECT count(*) FROM public.orders")
            else:
                _run(connection, command)
            connection.execute("ROLLBACK; BEGIN")


def test_enter_without_a_token_is_refused(shop: Moat) -> None:
    with shop.connect("clerk") as connection:
        for token in (None, ""):
            with refused("PM001"):
                connection.execute("SELECT pgmoat.enter(%s)", (token,))


def test_entering_ends_with_the_transaction(shop: Moat, route: str) -> None:
    token = shop.open_task("clerk")
    with shop.connect("clerk", route=route) as connection:
        with connection.transaction():
            enter(connection, token)
            connection.execute("SELECT * FROM orders")
        with refused("PM001"):
            connection.execute("SELECT * FROM orders")


def test_a_setting_that_reads_empty_after_a_rollback_is_no_task(shop: Moat) -> None:
    """After a rolled-back SET LOCAL a custom setting is '' and not NULL."""
    with shop.connect("clerk") as connection:
        connection.execute("BEGIN")
        enter(connection, shop.open_task("clerk"))
        connection.execute("ROLLBACK")
        assert connection.execute("SELECT current_setting('pgmoat.token', true)").fetchone() == ("",)
        with refused("PM001"):
            connection.execute("SELECT * FROM orders")
        with refused("PM001"):
            connection.execute("INSERT INTO orders DEFAULT VALUES")
    assert count_dirty(shop) == 0


def test_a_task_that_is_closed_or_expires_before_commit_undoes_the_write(shop: Moat) -> None:
    token = shop.open_task("clerk", "closing")
    with refused("PM002"), shop.task("clerk", token) as connection:
        connection.execute("UPDATE counters SET v = 1 WHERE id = 1")
        shop.run("SELECT pgmoat.close_task('clerk', 'closing')")
    short = shop.open_task("clerk", duration="150 ms")
    with refused("PM003"), shop.task("clerk", short) as connection:
        connection.execute("UPDATE counters SET v = 1 WHERE id = 1")
        shop.run("SELECT pg_sleep(0.16)")
    assert count_dirty(shop) == 0


def test_a_token_in_the_query_text_is_refused(shop: Moat, route: str) -> None:
    token = shop.open_task("clerk")
    with shop.connect("clerk", route=route) as connection:
        for query in (
            f"SELECT pgmoat.enter('{token}')",
            f"SELECT pgmoat.enter('{token}'); TABLE orders",
        ):
            with refused("PM008"):
                connection.execute(query.encode())


def test_sessions_of_one_role_do_not_see_a_bound_token(shop: Moat) -> None:
    token = shop.open_task("clerk")
    with shop.task("clerk", token), shop.connect("clerk") as thief:
        seen = thief.execute("SELECT string_agg(query, ' ') FROM pg_stat_activity").fetchone()
    assert seen is not None
    assert token not in seen[0]


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_an_older_snapshot_is_refused(shop: Moat, route: str, level: str) -> None:
    token = shop.open_task("clerk")
    commands: tuple[LiteralString, ...] = (
        "SELECT * FROM orders",
        "INSERT INTO orders DEFAULT VALUES",
        "UPDATE counters SET v = 1 WHERE id = 1",
        "DELETE FROM order_items WHERE id = 1",
    )
    with shop.connect("clerk", route=route) as connection:
        connection.isolation_level = psycopg.IsolationLevel[level.replace(" ", "_")]
        with connection.transaction():
            enter(connection, token)
            for command in commands:
                with refused("PM006"), connection.transaction():
                    connection.execute(command)
    assert count_dirty(shop) == 0


@pytest.mark.parametrize("value", ["0", "21s", "1h", "2147483647"])
def test_a_lifted_statement_timeout_is_noticed(shop: Moat, route: str, value: str) -> None:
    token = shop.open_task("clerk")
    with shop.connect("clerk", route=route) as connection, connection.transaction():
        connection.execute("SELECT set_config('statement_timeout', %s, true)", (value,))
        enter(connection, token)
        with refused("PM007"), connection.transaction():
            connection.execute("SELECT * FROM orders")
        with refused("PM007"), connection.transaction():
            connection.execute("INSERT INTO orders DEFAULT VALUES")
    assert count_dirty(shop) == 0


def test_a_timeout_may_be_lowered(shop: Moat) -> None:
    with shop.task("clerk") as connection:
        connection.execute("SET LOCAL statement_timeout = '700ms'")
        connection.execute("SELECT * FROM orders")


def test_a_timeout_set_back_inside_the_statement_gets_past_the_gate(shop: Moat) -> None:
    """The gate is a tripwire here, for honest clients; the wall for time is what watches from outside."""
    with shop.task("clerk") as connection:
        connection.execute("SET LOCAL statement_timeout = 0")
        connection.execute(
            "WITH back AS MATERIALIZED (SELECT set_config('statement_timeout', '1s', true))"
            " SELECT count(*) FROM back, LATERAL (SELECT back.set_config, count(*) FROM orders) AS o"
        )


def test_a_role_that_lifts_its_own_timeout_for_good_meets_the_gate(shop: Moat) -> None:
    with shop.connect("clerk") as connection:
        connection.execute("ALTER ROLE CURRENT_USER SET statement_timeout = 0")
    try:
        with refused("PM007"), shop.task("clerk") as connection:
            connection.execute("SELECT * FROM orders")
    finally:
        with shop.connect("clerk") as connection:
            connection.execute("ALTER ROLE CURRENT_USER SET statement_timeout = '20s'")


def test_an_agent_cannot_become_somebody_else(shop: Moat, route: str) -> None:
    others = [
        shop.role("tight"),
        *(shop.system_role(s) for s in ("owner", "views", "writer", "orchestrator")),
    ]
    with shop.connect("clerk", route=route) as connection:
        for other in (*others, shop.database.server.user):
            for command in ("SET ROLE ", "SET SESSION AUTHORIZATION "):
                with refused("42501"):
                    connection.execute(f'{command}"{other}"'.encode())


def test_nothing_of_the_gate_rests_on_current_user(shop: Moat) -> None:
    """A session of one agent is that agent, whatever role it runs under for the moment."""
    with shop.superuser() as connection:
        connection.execute(f'SET ROLE "{shop.role("clerk")}"'.encode())
        connection.execute("SELECT set_config('pgmoat.token', %s, false)", (shop.open_task("clerk"),))
        with refused("PM001"):
            connection.execute("SELECT * FROM agent.orders")


def test_a_function_of_the_agent_sees_no_row_before_the_gate_is_asked(shop: Moat) -> None:
    with shop.connect("clerk") as connection:
        connection.execute(
            """
            CREATE FUNCTION pg_temp.leak(bigint) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS
            $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$
            """
        )
        seen: list[str] = []
        connection.add_notice_handler(lambda notice: seen.append(notice.message_primary or ""))
        queries: tuple[LiteralString, ...] = (
            "SELECT * FROM orders WHERE pg_temp.leak(id)",
            "SELECT * FROM counters WHERE pg_temp.leak(id)",
            "SELECT pg_temp.leak(o.id) FROM counters AS c"
            " JOIN orders AS o ON pg_temp.leak(o.id) AND pg_temp.leak(c.id)",
            "UPDATE counters SET v = 1 WHERE pg_temp.leak(id)",
            "DELETE FROM orders WHERE pg_temp.leak(id)",
        )
        for query in queries:
            with refused("PM001"):
                connection.execute(query)
    assert seen == []


def test_parallel_plans_stay_possible_behind_the_gate(shop: Moat) -> None:
    """A function is PARALLEL UNSAFE unless told otherwise: no query over an entity would ever be parallel."""
    assert shop.read("SELECT proparallel::text, provolatile::text FROM pg_proc WHERE proname = 'gate'") == [
        ("r", "s")
    ]
    with shop.task("clerk") as connection:
        connection.execute(
            "SET LOCAL max_parallel_workers_per_gather = 2; SET LOCAL parallel_setup_cost = 0;"
            " SET LOCAL parallel_tuple_cost = 0; SET LOCAL min_parallel_table_scan_size = 0"
        )
        plan = connection.execute("EXPLAIN SELECT count(*), sum(v) FROM counters").fetchall()
        assert connection.execute("SELECT count(*) FROM counters").fetchone() == (200,)
    assert any("Gather" in line for (line,) in plan)
