"""Functions by allow-list, however they are written."""

from __future__ import annotations

import pytest

from pgmoat.guard.check import Use, check_statement
from pgmoat.guard.rules.functions import load_builtins
from tests.unit.guard.shop import SHOP, list_problems, list_rules


@pytest.mark.parametrize(
    "call",
    [
        "lower('A')",
        "pg_catalog.lower('A')",
        "count(*)",
        "count(DISTINCT id) FILTER (WHERE id > 1)",
        "sum(total) OVER (PARTITION BY customer_id ORDER BY id ROWS UNBOUNDED PRECEDING)",
        "row_number() OVER w",
        "percentile_cont(0.5) WITHIN GROUP (ORDER BY total)",
        "string_agg(name, ',' ORDER BY name)",
        "array_agg(ROW(id, name))",
        "jsonb_build_object('a', 1)",
        "coalesce(NULL, 1)",
        "nullif(1, 2)",
        "greatest(1, 2)",
        "now()",
        "CURRENT_DATE",
        "CURRENT_TIMESTAMP(3)",
        "LOCALTIME",
        "random()",
        "gen_random_uuid()",
        "clock_timestamp()",
        "date_trunc('day', now())",
        "EXTRACT(year FROM now())",
        "SUBSTRING('abc' FROM 1 FOR 2)",
        "SUBSTRING('abc' SIMILAR 'a' ESCAPE '#')",
        "TRIM(LEADING 'x' FROM 'xa')",
        "OVERLAY('abc' PLACING 'x' FROM 1)",
        "POSITION('a' IN 'abc')",
        "now() AT TIME ZONE 'UTC'",
        "now() AT LOCAL",
        "'a' LIKE 'b' ESCAPE '!'",
        "'a' SIMILAR TO 'b'",
        "'a' IS NFC NORMALIZED",
        "NORMALIZE('a', NFKD)",
        "COLLATION FOR ('a')",
        "(now(), now()) OVERLAPS (now(), now())",
        "'a' ~ 'b'",
        "XMLELEMENT(name a, XMLATTRIBUTES(1 AS b), 'c')",
        "XMLFOREST(1 AS a)",
        "XMLPARSE(CONTENT '<a/>')",
        "XMLSERIALIZE(CONTENT XMLCONCAT('<a/>', '<b/>') AS text)",
        "XMLEXISTS('//a' PASSING '<a/>')",
        "JSON_VALUE('{}', '$.a' DEFAULT 1 ON EMPTY)",
        "JSON_QUERY('{}', '$.a' WITH WRAPPER)",
        "JSON_EXISTS('{}', '$.a')",
        "JSON_OBJECT('a': 1 ABSENT ON NULL)",
        "JSON_ARRAY(1, 2)",
        "JSON_ARRAY(SELECT 1)",
        "JSON_OBJECTAGG('a': 1)",
        "JSON_ARRAYAGG(1 ORDER BY 1)",
        "JSON_SCALAR(1)",
        "JSON('{}')",
        "JSON_SERIALIZE('{}')",
        "'{}' IS JSON OBJECT",
        "pgmoat.my_task()",
        "order_state_log_at(now())",
        "agent.order_state_log_at(now(), for_order_id => 1)",
        "people.score(1)",
        "pg_typeof(1)",
    ],
)
def test_calls_that_compute(call: str) -> None:
    assert not list_problems(f"SELECT {call} FROM orders WINDOW w AS (ORDER BY id)")


@pytest.mark.parametrize(
    "item",
    [
        "generate_series(1, 3) AS n",
        "unnest(ARRAY[1, 2]) WITH ORDINALITY AS u (a, b)",
        "ROWS FROM (generate_series(1, 2), unnest(ARRAY[1])) AS r",
        "LATERAL jsonb_array_elements('[]') AS e",
        "json_to_recordset('[]') AS r (a int, b text)",
        "JSON_TABLE('[]', '$[*]' COLUMNS (a int PATH '$.a', NESTED '$.b[*]' COLUMNS (c text))) AS t",
        "XMLTABLE('/a' PASSING '<a/>' COLUMNS b int PATH 'c' DEFAULT 1) AS x",
        "pgmoat.my_task() AS t",
        "order_state_log_at(now()) AS t",
    ],
)
def test_in_from(item: str) -> None:
    assert not list_problems(f"SELECT * FROM {item}")


@pytest.mark.parametrize(
    "call",
    [
        "pg_sleep(10)",
        "pg_catalog.pg_sleep(10)",
        "current_setting('is_superuser')",
        "set_config('statement_timeout', '0', true)",
        "version()",
        "pg_backend_pid()",
        "pg_read_file('/etc/passwd')",
        "pg_ls_dir('.')",
        "pg_stat_file('x')",
        "lo_import('/etc/passwd')",
        "lo_get(1)",
        "dblink('host=x', 'SELECT 1')",
        "public.dblink('host=x', 'SELECT 1')",
        "query_to_xml('SELECT 1', true, true, '')",
        "table_to_xml('orders', true, true, '')",
        "database_to_xml(true, true, '')",
        "cursor_to_xml('c', 1, true, true, '')",
        "ts_stat('SELECT 1')",
        "ts_rewrite('a'::tsquery, 'SELECT 1')",
        "pg_advisory_lock(1)",
        "pg_try_advisory_xact_lock(1)",
        "pg_terminate_backend(1)",
        "pg_cancel_backend(1)",
        "pg_notify('a', 'b')",
        "pg_current_xact_id()",
        "txid_current()",
        "pg_export_snapshot()",
        "inet_server_addr()",
        "inet_client_addr()",
        "current_database()",
        "current_schema()",
        "current_schemas(true)",
        "current_query()",
        "has_table_privilege('orders', 'SELECT')",
        "pg_get_viewdef('orders', true)",
        "obj_description(1)",
        "to_regclass('orders')",
        "regclass('orders')",
        "format_type(1, 1)",
        "pg_relation_size('orders')",
        "pg_input_is_valid('orders', 'regclass')",
        "nextval('orders_id_seq')",
        "setval('orders_id_seq', 1)",
        "setseed(0.5)",
        "row_security_active('orders')",
        "pg_show_all_settings()",
        "pg_logical_emit_message(true, 'a', 'b')",
        "pgmoat.gate('orders')",
        "pgmoat.enter('token')",
        "pgmoat.claim('task')",
        "my_task()",
        "score(1)",
        "public.lower('a')",
        "agent.lower('a')",
        "postgres.pg_catalog.lower('a')",
        "order_state_log_undo(1, 'x', 'y')",
        "CURRENT_USER",
        "USER",
        "SESSION_USER",
        "CURRENT_ROLE",
        "CURRENT_CATALOG",
        "CURRENT_SCHEMA",
        "SYSTEM_USER",
        "TREAT('orders' AS regclass)",
    ],
)
@pytest.mark.parametrize(
    "frame",
    [
        "SELECT {}",
        "SELECT id FROM orders WHERE {} IS NOT NULL",
        "SELECT id FROM orders ORDER BY {}",
        "SELECT count(*) FROM orders GROUP BY {} HAVING {} IS NULL",
        "SELECT id FROM orders LIMIT (SELECT 1 WHERE {} IS NULL)",
        "SELECT sum(id) OVER (ORDER BY {}) FROM orders",
        "WITH a AS (SELECT {}) SELECT 1",
        "SELECT CASE WHEN {} IS NULL THEN 1 END",
        "SELECT ARRAY[({})]",
        "VALUES ({})",
        "EXPLAIN SELECT {}",
    ],
)
def test_calls_that_do_more(frame: str, call: str) -> None:
    text = frame.replace("{}", call)
    assert set(list_rules(text)) <= {"functions", "types"}
    assert "functions" in list_rules(text) or "TREAT" in call


@pytest.mark.parametrize(
    "item",
    [
        "pg_ls_dir('.')",
        "LATERAL pg_sleep(1)",
        "ROWS FROM (generate_series(1, 2), pg_sleep(1))",
        "CURRENT_USER",
        "dblink('x', 'y') AS t (a int)",
        "generate_series(1, pg_backend_pid())",
        "JSON_TABLE(current_setting('x')::jsonb, '$' COLUMNS (a int)) AS t",
    ],
)
def test_calls_that_do_more_in_from(item: str) -> None:
    assert list_rules(f"SELECT * FROM {item}") == ["functions"]


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO orders (a) VALUES (pg_sleep(1))",
        "INSERT INTO orders DEFAULT VALUES RETURNING pg_sleep(1)",
        "UPDATE orders SET a = set_config('x', 'y', true) WHERE id = 1",
        "DELETE FROM orders WHERE id = 1 AND pg_sleep(1) IS NULL",
    ],
)
def test_in_writes(text: str) -> None:
    assert list_rules(text, Use.WRITE) == ["functions"]


def test_an_operation_is_called_by_its_name() -> None:
    for name in ("refund_order", "agent.refund_order"):
        (problem,) = list_problems(f"SELECT {name}(1)")
        assert (
            problem.hint == "call the operation refund_order itself, with its arguments: it is no part of SQL"
        )
    (problem,) = list_problems("SELECT public.refund_order(1)")
    assert "call(" not in problem.hint


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        ("lowr('a')", "did you mean `lower`?"),
        ("version()", "leave it out"),
        ("top(5)", "LIMIT 5 at the end"),
        ("my_task()", "write pgmoat.my_task()"),
        ("score(1)", "write people.score()"),
        ("zzzzzz()", "guard.functions"),
        ('"COUNT"(1)', "did you mean `count`?"),
        ("group_concat(name)", "string_agg()"),
        ("IFNULL(id, 1)", "coalesce()"),
        ("YEAR(now())", "EXTRACT"),
        ("order_state_log_undo(1, 'a', 'b')", "new event"),
    ],
)
def test_a_hint_names_the_nearest(call: str, hint: str) -> None:
    (problem,) = list_problems(f"SELECT {call}")
    assert hint in problem.hint


def test_what_other_databases_have_is_not_on_the_list() -> None:
    for name in ("ifnull", "getdate", "datediff", "len", "year", "median", "instr"):
        assert name not in load_builtins()
        assert "PostgreSQL has" in list_problems(f"SELECT {name}(1)")[0].hint


def test_every_builtin_on_the_list_is_let_through() -> None:
    for name in load_builtins():
        assert not check_statement(f'SELECT "{name}"(1)', Use.READ, SHOP).problems, name


def test_the_list_is_sorted_and_has_no_sore_thumbs() -> None:
    names = load_builtins()
    assert len(names) > 400
    bad = {
        "pg_sleep",
        "set_config",
        "current_setting",
        "query_to_xml",
        "ts_stat",
        "version",
        "nextval",
        "lo_get",
    }
    assert not bad & names
    assert {name for name in names if name.startswith("pg_")} == {
        "pg_collation_for",
        "pg_column_size",
        "pg_size_bytes",
        "pg_size_pretty",
        "pg_typeof",
    }
