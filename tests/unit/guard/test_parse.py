"""What becomes of text that is odd, long or deep: a tree or a problem, never an exception, never a crash."""

from __future__ import annotations

import pytest

from pgmoat.guard.parse import MAX_BYTES, Statement, parse_statement
from pgmoat.guard.problem import Problem


def parse_well(text: str) -> Statement:
    found = parse_statement(text)
    assert isinstance(found, Statement), found
    return found


def parse_badly(text: str) -> Problem:
    found = parse_statement(text)
    assert isinstance(found, Problem)
    return found


def test_a_tree_has_postgres_names() -> None:
    statement = parse_well("SELECT lower(o.name) FROM orders AS o WHERE id = 0")
    (call,) = statement.all("FuncCall")
    assert call.names("funcname") == ("lower",)
    (relation,) = statement.all("RangeVar")
    assert relation.text("relname") == "orders"
    assert relation.flag("inh")
    assert [column.names("fields") for column in statement.all("ColumnRef")] == [("o", "name"), ("id",)]
    assert statement.root.kind == "SelectStmt"


def test_positions_count_characters() -> None:
    for text in ("SELECT pg_sleep(1)", "SELECT 'größe', '☃😀', pg_sleep(1)"):
        (call,) = parse_well(text).all("FuncCall")
        assert parse_well(text).position(call) == text.index("pg_sleep") + 1


@pytest.mark.parametrize("text", ["SELECT ä b c d", "SELECT FROM FROM", "SELECT 'ß', 'x"])
def test_a_syntax_error_has_the_parsers_words_and_place(text: str) -> None:
    problem = parse_badly(text)
    assert problem.rule == "syntax"
    assert problem.position is not None
    assert problem.position <= len(text) + 1


def test_the_place_of_a_syntax_error_counts_characters() -> None:
    for text in ("SELECT 'ss' ORDERS BY 1", "SELECT 'ß☃' ORDERS BY 1"):
        assert parse_badly(text).position == text.index("BY") + 1


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (r"\d orders", "psql"),
        ("```sql\nSELECT 1\n```", "Markdown"),
        ("SELECT `id` FROM orders", "quotes names"),
        ("SELECT LIMIT LIMIT", "PostgreSQL"),
        ("SELECT TOP 5 id FROM orders", "LIMIT 5 at the end"),
        ("select distinct top 5 id from orders", "LIMIT 5 at the end"),
        ("UPDATE orders SET a = 1 WHERE b = 2 LIMIT 5", "WHERE id IN (SELECT id"),
        ("DELETE FROM orders WHERE b = 2\nLIMIT 5;", "WHERE id IN (SELECT id"),
        ("UPDATE orders AS o JOIN items AS i ON i.order_id = o.id SET a = 1", "FROM b WHERE"),
        ("UPDATE orders SET a = 1 WHERRE b", "one statement"),
    ],
)
def test_a_hint_fits_the_mistake(text: str, hint: str) -> None:
    assert hint in parse_badly(text).hint


@pytest.mark.parametrize("text", ["SELECT 1\0; DROP TABLE orders", "\0", "SELECT '\0'"])
def test_a_nul_is_refused(text: str) -> None:
    """The parser would read up to it and no further."""
    assert parse_badly(text) == Problem(
        "syntax",
        "the text has a NUL character",
        "PostgreSQL cannot store it: leave it out",
        text.index("\0") + 1,
    )


@pytest.mark.parametrize("text", ["SELECT '\ud800'", "\udfff", "SELECT 1 /* \udc80 */"])
def test_a_lone_surrogate_is_refused(text: str) -> None:
    assert parse_badly(text).rule == "syntax"


def test_long_texts_are_refused() -> None:
    long = "SELECT '{}'"
    fits = long.format("x" * (MAX_BYTES - len(long) + 2))
    assert len(fits) == MAX_BYTES
    assert parse_well(fits)
    assert parse_badly(fits + " ").rule == "too_long"
    assert parse_badly(long.format("☃" * (MAX_BYTES // 3))).rule == "too_long"


_NESTED = {
    "brackets": ("(", "1", ")"),
    "subqueries": ("(SELECT ", "1", ")"),
    "calls": ("abs(", "1", ")"),
    "rows": ("ROW(", "1", ")"),
    "arrays": ("ARRAY[", "1", "]"),
    "NOT": ("NOT ", "true", ""),
    "signs": ("- ", "1", ""),
    "sums": ("1 + ", "1", ""),
    "casts": ("", "1", "::int"),
    "tests": ("", "a", " IS NULL"),
    "CASE": ("CASE WHEN a THEN b ELSE ", "1", " END"),
    "collations": ("", "a", ' COLLATE "C"'),
    "indexes": ("", "a", "[1]"),
    "fields": ("", "(a)", ".b"),
    "AND": ("a AND ", "b", ""),
    "joins": ("", "1 FROM a", " CROSS JOIN a"),
    "unions": ("", "1", " UNION SELECT 1"),
    "FROM": ("* FROM (SELECT ", "1", ") AS a"),
    "WITH": ("(WITH a AS (SELECT 1) SELECT ", "1", ")"),
    "comments": ("/* ", "1", " */"),
}


@pytest.mark.parametrize("levels", [10, 100, 500, 2_000, 8_000, 30_000])
@pytest.mark.parametrize("kind", _NESTED)
def test_deep_texts_end_neither_the_process_nor_the_call(kind: str, levels: int) -> None:
    """The parser recurses in C without a limit: 20,000 additions would end the process."""
    before, inner, after = _NESTED[kind]
    text = f"SELECT {before * levels}{inner}{after * levels}"
    found = parse_statement(text)
    assert levels > 10 or isinstance(found, Statement)
    if isinstance(found, Problem):
        assert found.rule in {"too_deep", "too_long", "syntax"}


def test_wide_texts_are_no_deep_ones() -> None:
    rows = ", ".join("(1, 'a (b) + c', $1)" for _ in range(2_000))
    assert parse_well(f"INSERT INTO orders VALUES {rows}")
    assert parse_well(f"SELECT * FROM orders WHERE id IN ({', '.join(map(str, range(9_000)))})")
    assert parse_well("SELECT 1 WHERE " + " OR ".join("a = 1" for _ in range(500)))
    assert parse_well(f"SELECT '{'(+' * 20_000}'")


def test_deep_calls_from_deep_code_are_problems_too() -> None:
    def dig(levels: int) -> Statement | Problem:
        return dig(levels - 1) if levels else parse_statement(f"SELECT {'abs(' * 25}1{')' * 25}")

    for levels in range(500, 950, 10):
        try:
            assert dig(levels)
        except RecursionError:  # of dig itself
            break
