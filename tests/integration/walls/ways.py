"""
Ways to write many rows with one message to the server, as an agent that dodges limits would try them.

In: an agent's connection inside a task, a number of rows. Out: writes, or an error. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import LiteralString

from psycopg import sql

from tests.moat_fixtures import Connection, Moat

Way = Callable[[Connection, int], None]

DIRTY: LiteralString = """
SELECT (SELECT count(*) FROM public.orders WHERE v <> 0 OR id > 200 OR deleted_at IS NOT NULL)
     + (SELECT count(*) FROM public.order_items WHERE v <> 0 OR id > 200 OR deleted_at IS NOT NULL)
     + (SELECT count(*) FROM public.counters WHERE v <> 0 OR id > 200)
"""


def count_dirty(moat: Moat) -> int:
    """Return how many rows of people's tables differ from how they were loaded."""
    return int(moat.value(DIRTY))


def count_changes(moat: Moat) -> int:
    """Return how many changes the history holds."""
    return int(moat.value("SELECT count(*) FROM pgmoat.change"))


def count_charged(moat: Moat) -> int:
    """Return how many rows all tasks together were charged with."""
    return int(
        moat.value(
            "SELECT COALESCE(sum(u), 0)"
            " FROM (SELECT max(rows_used) AS u FROM pgmoat.ledger GROUP BY task) AS l"
        )
    )


def _execute(connection: Connection, template: LiteralString, rows: int) -> None:
    half = rows // 2
    connection.execute(
        sql.SQL(template).format(n=sql.Literal(rows), half=sql.Literal(half), rest=sql.Literal(rows - half))
    )


def _way(template: LiteralString, *, setup: LiteralString = "") -> Way:
    def write(connection: Connection, rows: int) -> None:
        if setup:
            connection.execute(setup)
        _execute(connection, template, rows)

    return write


def _copy(connection: Connection, rows: int) -> None:
    with connection.cursor() as cursor, cursor.copy("COPY counters (id, v) FROM STDIN") as copy:
        for number in range(rows):
            copy.write_row((1000 + number, 1))


def _simple_query(connection: Connection, rows: int) -> None:
    one = sql.SQL("UPDATE counters SET v = 1 WHERE id = {}")
    connection.execute(sql.SQL("; ").join(one.format(sql.Literal(number)) for number in range(1, rows + 1)))


def _simple_query_with_savepoints(connection: Connection, rows: int) -> None:
    one = sql.SQL("SAVEPOINT s; UPDATE counters SET v = 1 WHERE id = {}; RELEASE s")
    connection.execute(sql.SQL("; ").join(one.format(sql.Literal(number)) for number in range(1, rows + 1)))


def _deferred_trigger(connection: Connection, rows: int) -> None:
    """Let the agent's own deferred trigger write at COMMIT."""
    connection.execute("CREATE TEMP TABLE late (id integer) ON COMMIT DROP")
    connection.execute(
        """
        CREATE FUNCTION pg_temp.write_late() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN UPDATE agent.counters SET v = 1 WHERE id = NEW.id; RETURN NULL; END $$
        """
    )
    connection.execute(
        """
        CREATE CONSTRAINT TRIGGER late AFTER INSERT ON late DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION pg_temp.write_late()
        """
    )
    _execute(connection, "INSERT INTO late SELECT generate_series(1, {n})", rows)


_ONE_ROW: LiteralString = """
CREATE OR REPLACE FUNCTION pg_temp.one_row(number bigint) RETURNS integer LANGUAGE plpgsql AS
$$ BEGIN UPDATE agent.counters SET v = 1 WHERE id = number; RETURN 1; END $$
"""
_ALL_ROWS: LiteralString = """
CREATE OR REPLACE FUNCTION pg_temp.all_rows(rows integer) RETURNS void LANGUAGE plpgsql AS
$$ BEGIN FOR i IN 1..rows LOOP UPDATE agent.orders SET v = 1 WHERE id = i; END LOOP; END $$
"""
_RULE: LiteralString = """
CREATE TEMP TABLE spring (id integer) ON COMMIT DROP;
CREATE RULE also AS ON INSERT TO spring DO ALSO UPDATE agent.counters SET v = 1 WHERE id <= NEW.id
"""

WAYS: dict[str, Way] = {
    "update": _way("UPDATE orders SET v = 1 WHERE id <= {n}"),
    "insert-select": _way("INSERT INTO orders (v) SELECT 1 FROM generate_series(1, {n})"),
    "soft-delete": _way("DELETE FROM order_items WHERE id <= {n}"),
    "two-entities-in-one-with": _way(
        "WITH a AS (UPDATE orders SET v = 1 WHERE id <= {half} RETURNING 1),"
        " b AS (UPDATE counters SET v = 1 WHERE id <= {rest} RETURNING 1) SELECT 1"
    ),
    "one-entity-twice-in-one-with": _way(
        "WITH a AS (INSERT INTO order_items (order_id) SELECT 1 FROM generate_series(1, {half}) RETURNING 1)"
        " INSERT INTO order_items (order_id) SELECT 2 FROM generate_series(1, {rest})"
    ),
    "do-loop": _way(
        "DO $$ BEGIN FOR i IN 1..{n} LOOP UPDATE orders SET v = 1 WHERE id = i; END LOOP; END $$"
    ),
    "do-loop-over-two-entities": _way(
        "DO $$ BEGIN FOR i IN 1..{half} LOOP UPDATE orders SET v = 1 WHERE id = i; END LOOP;"
        " FOR i IN 1..{rest} LOOP DELETE FROM order_items WHERE id = i; END LOOP; END $$"
    ),
    "do-loop-that-catches": _way(
        "DO $$ BEGIN FOR i IN 1..{n} LOOP BEGIN UPDATE orders SET v = 1 WHERE id = i;"
        " EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $$"
    ),
    "temp-function": _way("SELECT pg_temp.all_rows({n})", setup=_ALL_ROWS),
    "temp-function-that-is-caught": _way(
        "DO $$ BEGIN PERFORM pg_temp.all_rows({half}); BEGIN PERFORM pg_temp.all_rows({n});"
        " EXCEPTION WHEN OTHERS THEN NULL; END;"
        " FOR i IN 1..{rest} LOOP BEGIN PERFORM pg_temp.one_row(i);"
        " EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $$",
        setup=f"{_ALL_ROWS}; {_ONE_ROW}",
    ),
    "temp-function-inside-update": _way(
        "UPDATE orders SET v = pg_temp.one_row(id) WHERE id <= {half}", setup=_ONE_ROW
    ),
    "temp-function-in-a-read": _way("SELECT pg_temp.one_row(id) FROM orders WHERE id <= {n}", setup=_ONE_ROW),
    "temp-view": _way(
        "UPDATE pg_temp.mine SET v = 1 WHERE id <= {n}",
        setup="CREATE OR REPLACE TEMP VIEW mine AS SELECT id, v FROM counters",
    ),
    "rule-on-a-temp-table": _way("INSERT INTO spring VALUES ({n})", setup=_RULE),
    "deferred-trigger-of-its-own": _deferred_trigger,
    "held-cursor-that-runs-at-commit": _way(
        "DECLARE held CURSOR WITH HOLD FOR SELECT pg_temp.one_row(i) FROM generate_series(1, {n}) AS i",
        setup=_ONE_ROW,
    ),
    "function-with-settings-of-its-own": _way(
        "SELECT pg_temp.unbound({n})",
        setup="CREATE OR REPLACE FUNCTION pg_temp.unbound(rows integer) RETURNS void LANGUAGE plpgsql"
        " SET \"TimeZone\" = '<x>00:10' SET enable_indexscan = off AS"
        " $$ BEGIN UPDATE agent.counters SET v = 1 WHERE id <= rows; END $$",
    ),
    "copy": _copy,
    "prepared": _way(
        "EXECUTE many ({n})", setup="PREPARE many (integer) AS UPDATE orders SET v = 1 WHERE id <= $1"
    ),
    "explain-analyze": _way("EXPLAIN ANALYZE UPDATE orders SET v = 1 WHERE id <= {n}"),
    "simple-query-of-many-commands": _simple_query,
    "simple-query-with-savepoints": _simple_query_with_savepoints,
    "forged-stop-at": _way(
        "UPDATE orders SET v = length(set_config('pgmoat.stop_at', '9000000000000000000', true))"
        " WHERE id <= {n}"
    ),
    "do-loop-with-forged-stop-at": _way(
        "DO $$ BEGIN FOR i IN 1..{n} LOOP PERFORM set_config('pgmoat.stop_at', '9000000000000000000', true);"
        " UPDATE orders SET v = 1 WHERE id = i; END LOOP; END $$"
    ),
    "do-loop-over-two-entities-with-forged-stop-at": _way(
        "DO $$ BEGIN PERFORM set_config('pgmoat.stop_at', '9000000000000000000', true);"
        " FOR i IN 1..{half} LOOP UPDATE orders SET v = 1 WHERE id = i; END LOOP;"
        " FOR i IN 1..{rest} LOOP UPDATE counters SET v = 1 WHERE id = i; END LOOP; END $$"
    ),
    "stop-at-forged-as-nonsense-to-zero": _way(
        "UPDATE orders SET v = 1 + length(set_config('pgmoat.stop_at', '', true)) WHERE id <= {n}"
    ),
    "constraints-immediate-inside": _way(
        "DO $$ BEGIN FOR i IN 1..{n} LOOP SET CONSTRAINTS ALL IMMEDIATE;"
        " UPDATE orders SET v = 1 WHERE id = i;"
        " SET CONSTRAINTS ALL DEFERRED; END LOOP; END $$"
    ),
}
"""By name, how to write as many rows as asked for; all but the catching ones raise when they are refused."""

# Halves are paired, so that these write an even number of rows only.
EVEN_ONLY = frozenset({"temp-function-inside-update"})
