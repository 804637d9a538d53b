"""The verdict: what is in it, what is kept, and that nothing raises."""

from __future__ import annotations

import postgast
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgmoat.guard.allowed import Allowed
from pgmoat.guard.check import Use, Verdict, check_statement, find_shape
from tests.unit.guard.shop import SHOP, list_problems, list_rules


@pytest.mark.parametrize(
    ("text", "use", "verdict"),
    [
        ("SELECT id FROM orders", Use.READ, Verdict((), "select")),
        ("SELECT id FROM orders ORDER BY 1", Use.READ, Verdict((), "select", has_order=True)),
        ("SELECT id FROM orders LIMIT 5", Use.READ, Verdict((), "select", has_limit=True, limit=5)),
        ("SELECT id FROM orders LIMIT ALL", Use.READ, Verdict((), "select")),
        ("SELECT id FROM orders LIMIT $1", Use.READ, Verdict((), "select", has_limit=True)),
        ("TABLE orders FETCH FIRST 3 ROWS ONLY", Use.READ, Verdict((), "select", has_limit=True, limit=3)),
        (
            "SELECT (SELECT id FROM items ORDER BY 1 LIMIT 1)",
            Use.READ,
            Verdict((), "select", has_one_row=True),
        ),
        (
            "SELECT max(id), count(*) FROM orders",
            Use.READ,
            Verdict((), "select", has_one_row=True, is_summary=True),
        ),
        (
            "SELECT avg(o.id) FROM orders AS o",
            Use.READ,
            Verdict((), "select", has_one_row=True, is_summary=True, may_mislead=True),
        ),
        (
            "SELECT o.a, sum(i.id) FROM orders AS o JOIN items AS i ON i.id = o.id GROUP BY 1",
            Use.READ,
            Verdict((), "select", may_mislead=True),
        ),
        ("SELECT max(id) OVER () FROM orders", Use.READ, Verdict((), "select")),
        ("SELECT max(id) FROM orders GROUP BY a", Use.READ, Verdict((), "select")),
        ("SELECT 1 UNION SELECT 2", Use.READ, Verdict((), "select")),
        ("SELECT generate_series(1, 5)", Use.READ, Verdict((), "select")),
        ("VALUES (1) ORDER BY 1", Use.READ, Verdict((), "values", has_order=True)),
        (
            "EXPLAIN SELECT 1 LIMIT 1",
            Use.READ,
            Verdict((), "select", is_explain=True, has_limit=True, limit=1, has_one_row=True),
        ),
        ("INSERT INTO orders (a) VALUES (1)", Use.WRITE, Verdict((), "insert")),
        ("INSERT INTO orders VALUES (1) RETURNING id", Use.WRITE, Verdict((), "insert", has_returning=True)),
        ("UPDATE orders SET a = 1 WHERE id = 1", Use.WRITE, Verdict((), "update")),
        ("DELETE FROM orders WHERE id = 1 RETURNING *", Use.WRITE, Verdict((), "delete", has_returning=True)),
        (
            "WITH d AS (DELETE FROM items WHERE id = 1 RETURNING *) INSERT INTO items SELECT * FROM d",
            Use.WRITE,
            Verdict((), "insert", has_with=True),
        ),
    ],
)
def test_a_verdict_tells_what_the_statement_is(text: str, use: Use, verdict: Verdict) -> None:
    assert check_statement(text, use, SHOP) == verdict


def test_a_refused_statement_is_named_as_well() -> None:
    assert check_statement("DROP TABLE orders", Use.READ, SHOP).command == "drop"
    assert check_statement("BEGIN", Use.READ, SHOP).command == "begin"
    assert check_statement("SELEC", Use.READ, SHOP).command == ""


def test_all_problems_of_one_statement_are_told_at_once() -> None:
    text = "SELECT pg_sleep(1), 'orders'::regclass FROM pg_class FOR UPDATE"
    assert list_rules(text) == ["relations", "functions", "types", "locking"]


def test_there_are_at_most_ten() -> None:
    assert len(list_problems("SELECT " + ", ".join(["pg_sleep(1)"] * 30))) == 10


def test_verdicts_are_kept_by_text_use_and_agent() -> None:
    text = "SELECT id FROM orders WHERE note = 'kept'"
    assert check_statement(text, Use.READ, SHOP) is check_statement(text, Use.READ, SHOP)
    assert check_statement(text, Use.WRITE, SHOP).problems
    nobody = Allowed("agent", frozenset(), frozenset(), frozenset())
    assert check_statement(text, Use.READ, nobody).problems


def test_what_is_long_is_judged_but_not_kept() -> None:
    text = f"SELECT '{'x' * 20_000}'"
    assert not check_statement(text, Use.READ, SHOP).problems
    assert check_statement(text, Use.READ, SHOP) is not check_statement(text, Use.READ, SHOP)
    assert list_rules(f"SELECT '{'x' * 70_000}'") == ["too_long"]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT $$; DROP TABLE orders; --$$",
        "SELECT $a$ ' $b$ $a$",
        r"SELECT E'\'; DROP TABLE orders; --'",
        r"SELECT '\'",
        "SELECT '; DROP TABLE orders' -- ; x",
        "/* a /* nested */ ; */ SELECT /* pg_sleep(1) */ 1;",
        "/*agent_id='a',step='b'*/ SELECT 1",
        "-- DROP TABLE orders\nSELECT 1",
        'SELECT id AS "DROP TABLE orders;" FROM orders',
        'SELECT * FROM "orders"',
        'SELECT * FROM "agent"."orders"',
        'SELECT * FROM U&"\\006Frders"',
        "SELECT * FROM ORDERS",
        "SELECT U&'\\0441' UESCAPE '\\'",
        "SELECT B'101', X'1F', 1e5, 0x1F, 1_000",
        "\tSELECT\r\n\f1\v",
    ],
)
def test_text_that_only_looks_bad_is_let_through(text: str) -> None:
    assert not list_problems(text)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("SELECT 1; --\nDROP TABLE orders", "one_statement"),
        ("COMMIT; DROP TABLE orders", "one_statement"),
        ("/* */ /* ; */", "one_statement"),
        ("SELECT/**/pg_sleep/**/(/**/1)", "functions"),
        ('SELECT U&"p\\0067_sleep"(1)', "functions"),
        ("SELECT U&\"p!0067_sleep\" UESCAPE '!' (1)", "functions"),
        ('SELECT "pg_sleep"(1)', "functions"),
        ('SELECT PG_CATALOG."pg_sleep"(1)', "functions"),
        ("SELECT \"LOWER\"('a')", "functions"),
        ('SELECT * FROM "Orders"', "relations"),
        ('SELECT * FROM "orders "', "relations"),
        ('SELECT * FROM U&"pg_cl\\0061ss"', "relations"),
        ("SELECT * FROM \N{CYRILLIC SMALL LETTER O}rders", "relations"),
        ("SELECT E'\\'' ; DROP TABLE orders --'", "one_statement"),
    ],
)
def test_disguises_do_not_help(text: str, rule: str) -> None:
    assert list_rules(text) == [rule]


_WORDS = st.sampled_from(
    [
        *[
            "SELECT",
            "*",
            "FROM",
            "orders",
            "agent",
            ".",
            "pg_class",
            "WHERE",
            "id",
            "=",
            "1",
            "AND",
            "OR",
            "NOT",
            "(",
            ")",
            ",",
            ";",
            "'",
            "$1",
            "$$",
            "--",
            "/*",
            "*/",
            "WITH",
            "a",
            "AS",
        ],
        *[
            "UPDATE",
            "SET",
            "DELETE",
            "INSERT",
            "INTO",
            "VALUES",
            "RETURNING",
            "pg_sleep",
            "lower",
            "::",
            "regclass",
            "int",
            "LIMIT",
            "ORDER",
            "BY",
        ],
        *[
            "EXPLAIN",
            "ANALYZE",
            "UNION",
            "EXISTS",
            "IN",
            "CASE",
            "WHEN",
            "THEN",
            "ELSE",
            "END",
            "JOIN",
            "ON",
            "IS",
            "NULL",
            "FOR",
            "LATERAL",
            "TRUE",
        ],
        *["COALESCE", "\\", "E'", "[", "]", "+", "<>", "LIKE", "BETWEEN"],
        *('"', 'U&"'),
    ]
)
_TEXTS = st.one_of(
    st.text(),
    st.lists(_WORDS, max_size=25).map(" ".join),
    st.lists(st.one_of(_WORDS, st.text(max_size=3)), max_size=15).map("".join),
    st.text(st.characters(codec=None), max_size=20).map(lambda text: f"SELECT '{text}'"),
)


@settings(max_examples=400, deadline=None)
@given(text=_TEXTS, use=st.sampled_from(Use))
def test_any_text_gets_problems_or_is_one_allowed_statement(text: str, use: Use) -> None:
    verdict = check_statement(text, use, SHOP)
    if verdict.problems:
        assert all(problem.message and problem.hint for problem in verdict.problems)
        places = [problem.position for problem in verdict.problems if problem.position is not None]
        assert all(1 <= place <= len(text) + 1 for place in places)
        return
    (statement,) = postgast.parse(text).stmts
    kind = statement.stmt.WhichOneof("node")
    reads = {"select_stmt", "explain_stmt"}
    assert kind in (reads if use is Use.READ else {"insert_stmt", "update_stmt", "delete_stmt"})


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("SELECT a FROM orders WHERE id = 4711", "SELECT a FROM orders WHERE id = 0"),
        ("select a1, 2 from t2 where id in (1,2, 30)", "select a1, 0 from t2 where id in (0,0, 0)"),
        ("SELECT 1.5, 1e5, 12345678901, 7 - -1", "SELECT 1.5, 1e5, 12345678901, 0 - -0"),
        ("SELECT 1 -- 2", None),
        ("SELECT 1 /* 2 */", None),
        ("SELECT 1; SELECT 2", None),
        ("SELECT '1'", None),
        ('SELECT "1"', None),
        ("SELECT $1", None),
        ("SELECT 1::int", None),
        ("SELECT a FROM orders LIMIT 1", None),
        ("SELECT a FROM orders FETCH FIRST 1 ROWS ONLY", None),
        ("EXPLAIN SELECT 1", None),
        ("WITH x AS (SELECT 1) SELECT 2", None),
        ("SELECTED 1", None),
        ("SELECT \u0661", None),
    ],
)
def test_the_shape_of_plain_reads(text: str, shape: str | None) -> None:
    assert find_shape(text) == shape


_SOME = st.sampled_from(
    [
        *("id", "a", "orders", "secrets", "FROM", "WHERE", "AND", "=", "<", "(", ")", ",", "*", "+", "-"),
        *("now()", "pg_sleep(9)", "count(*)", "GROUP BY", "ORDER BY", "numeric(5, 2)", "CAST(1 AS int4)"),
        *("FOR UPDATE", "INTO", "0", "1", "4711", "999999999", "9999999999", "1.5", "1e9", "a1", "1a"),
    ]
)


@given(st.lists(_SOME, max_size=12), st.integers(0, 10**9 - 1))
@settings(max_examples=300, deadline=None)
def test_numbers_do_not_change_the_verdict_on_a_plain_read(words: list[str], number: int) -> None:
    """What is kept of one is what would be found of the other; with the guard's cache out of the way."""
    text = "SELECT id FROM orders WHERE id = 5 " + " ".join(words)
    other = text.replace("5", str(number), 1)
    # A string in front keeps it from being taken for plain.
    judged = check_statement(f"SELECT '', {other[7:]}", Use.READ, SHOP)
    plain = check_statement(other, Use.READ, SHOP)
    assert (not plain.problems) == (not judged.problems)
    if not plain.problems:
        assert plain == judged
