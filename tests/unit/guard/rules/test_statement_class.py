"""Which kinds of statements are sent."""

from __future__ import annotations

import pytest

from pgmoat.guard.check import Use
from tests.unit.guard.shop import list_problems, list_rules


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "SELECT",
        "VALUES (1), (2)",
        "TABLE orders",
        "WITH a AS (SELECT 1), b AS (VALUES (2)) SELECT * FROM a, b",
        "(SELECT 1) UNION ALL (SELECT 2 ORDER BY 1) EXCEPT VALUES (3)",
        "EXPLAIN SELECT 1",
        "EXPLAIN VERBOSE TABLE orders",
        "EXPLAIN (FORMAT JSON, COSTS, VERBOSE off, GENERIC_PLAN, BUFFERS, MEMORY, SUMMARY) SELECT $1",
        "EXPLAIN (ANALYZE false) SELECT 1",
        "EXPLAIN (ANALYZE off, FORMAT yaml) SELECT 1",
        "EXPLAIN (ANALYZE 0) SELECT 1",
    ],
)
def test_reads(text: str) -> None:
    assert not list_problems(text)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO orders DEFAULT VALUES",
        "INSERT INTO orders (a) SELECT 1",
        "UPDATE orders SET (a, b) = (SELECT 1, 2) WHERE id = 1",
        "WITH a AS (SELECT 1 AS id) UPDATE orders SET a = 1 FROM a WHERE a.id = orders.id",
        "DELETE FROM orders USING items AS i WHERE i.order_id = orders.id AND i.sku = $1",
        "WITH d AS (DELETE FROM items WHERE id = 1 RETURNING *) INSERT INTO items SELECT * FROM d",
    ],
)
def test_writes(text: str) -> None:
    assert not list_problems(text, Use.WRITE)
    assert list_rules(text, Use.READ) == ["statement_class"]
    assert "use write" in list_problems(text, Use.READ)[0].hint


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("SET work_mem = '1GB'", "SET"),
        ("SET LOCAL statement_timeout = 0", "SET"),
        ("RESET ALL", "RESET"),
        ("SHOW all", "SHOW"),
        ("DO $$BEGIN END$$", "DO"),
        ("COPY orders TO STDOUT", "COPY"),
        ("COPY (SELECT 1) TO PROGRAM 'x'", "COPY"),
        ("COPY orders FROM STDIN", "COPY"),
        ("LOCK TABLE orders", "LOCK"),
        ("LISTEN x", "LISTEN"),
        ("NOTIFY x", "NOTIFY"),
        ("UNLISTEN *", "UNLISTEN"),
        ("CALL refund_order(1)", "CALL"),
        ("PREPARE p AS SELECT 1", "PREPARE"),
        ("EXECUTE p", "EXECUTE"),
        ("DEALLOCATE ALL", "DEALLOCATE"),
        ("DECLARE c CURSOR FOR SELECT 1", "DECLARE"),
        ("FETCH c", "FETCH"),
        ("CLOSE c", "CLOSE"),
        ("BEGIN", "BEGIN"),
        ("COMMIT", "COMMIT"),
        ("ROLLBACK", "ROLLBACK"),
        ("SAVEPOINT a", "SAVEPOINT"),
        ("PREPARE TRANSACTION 'x'", "PREPARE"),
        ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SET"),
        ("SET CONSTRAINTS ALL IMMEDIATE", "CONSTRAINTS SET"),
        ("CREATE TABLE t (a int)", "CREATE TABLE"),
        ("CREATE TEMP TABLE t AS SELECT 1", "CREATE TABLE AS"),
        ("CREATE MATERIALIZED VIEW v AS SELECT 1", "CREATE MATERIALIZED VIEW"),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE FUNCTION"),
        ("CREATE INDEX ON orders (id)", "CREATE INDEX"),
        ("ALTER TABLE orders ADD a int", "ALTER TABLE"),
        ("ALTER ROLE agent_a PASSWORD 'x'", "ALTER ROLE"),
        ("ALTER SYSTEM SET x = 1", "ALTER SYSTEM"),
        ("DROP TABLE orders", "DROP"),
        ("TRUNCATE orders", "TRUNCATE"),
        ("GRANT SELECT ON orders TO public", "GRANT"),
        ("REVOKE SELECT ON orders FROM public", "REVOKE"),
        ("VACUUM", "VACUUM"),
        ("ANALYZE orders", "VACUUM"),
        ("REFRESH MATERIALIZED VIEW v", "REFRESH"),
        ("CLUSTER orders", "CLUSTER"),
        ("REINDEX TABLE orders", "REINDEX"),
        ("CHECKPOINT", "CHECKPOINT"),
        ("DISCARD ALL", "DISCARD"),
        ("LOAD 'x'", "LOAD"),
        ("COMMENT ON TABLE orders IS 'x'", "COMMENT"),
        ("SECURITY LABEL ON TABLE orders IS 'x'", "SEC"),
        ("MERGE INTO orders USING items ON true WHEN MATCHED THEN DELETE", "MERGE"),
        ("IMPORT FOREIGN SCHEMA a FROM SERVER b INTO c", "IMPORT"),
    ],
)
@pytest.mark.parametrize("use", Use)
def test_everything_else_is_refused_by_name(text: str, name: str, use: Use) -> None:
    (problem, *_) = list_problems(text, use)
    assert problem.rule == "statement_class"
    assert problem.message.startswith(f"{name} ")
    assert problem.hint


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * INTO copied FROM orders",
        "SELECT * INTO TEMP copied FROM orders",
        "SELECT 1 INTO a UNION SELECT 2",
        "WITH d AS (DELETE FROM orders WHERE id = 1 RETURNING *) SELECT * FROM d",
        "WITH d AS (UPDATE orders SET a = 1 WHERE id = 1 RETURNING *) TABLE d",
        "WITH d AS (INSERT INTO orders DEFAULT VALUES RETURNING *) SELECT (SELECT count(*) FROM d)",
        "WITH m AS (MERGE INTO orders USING items ON true WHEN MATCHED THEN DELETE RETURNING *) SELECT 1",
        "EXPLAIN ANALYZE SELECT 1",
        "EXPLAIN (ANALYZE) SELECT 1",
        "EXPLAIN (ANALYZE true) SELECT 1",
        "EXPLAIN (ANALYZE 1) SELECT 1",
        "EXPLAIN (ANALYZE false, ANALYZE) SELECT 1",
        "EXPLAIN (ANALYZE $$on$$) SELECT 1",
        "EXPLAIN (SETTINGS) SELECT 1",
        "EXPLAIN (SERIALIZE) SELECT 1",
        "EXPLAIN (WAL) SELECT 1",
        'EXPLAIN ("ANALYZE") SELECT 1',
        "EXPLAIN UPDATE orders SET a = 1 WHERE id = 1",
        "EXPLAIN DELETE FROM orders WHERE id = 1",
        "EXPLAIN CREATE TABLE t AS SELECT 1",
        "EXPLAIN EXECUTE p",
        "EXPLAIN DECLARE c CURSOR FOR SELECT 1",
    ],
)
def test_reads_that_do_more_are_refused(text: str) -> None:
    assert list_rules(text) == ["statement_class"]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "TABLE orders",
        "VALUES (1)",
        "WITH d AS (DELETE FROM orders WHERE id = 1 RETURNING *) SELECT * FROM d",
        "EXPLAIN SELECT 1",
        "EXPLAIN ANALYZE UPDATE orders SET a = 1 WHERE id = 1",
    ],
)
def test_no_write_at_the_top_is_no_write(text: str) -> None:
    assert list_rules(text, Use.WRITE) == ["statement_class"]
