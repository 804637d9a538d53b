"""A diagnosis asks small questions and concludes nothing from silence. I/O: none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pgmoat.guard.diagnose.probe import Case, Probe, Rows, Steps
from pgmoat.guard.diagnose.reason import Reason
from pgmoat.guard.diagnose.start import diagnose_empty, diagnose_rows
from pgmoat.guard.parse import Statement, parse_statement
from pgmoat.policy.access import Access

ORDERS = Access(
    "orders",
    select=("id", "customer_id", "status", "made_at"),
    columns=("id", "customer_id", "status", "made_at"),
    words=(("status", ("pending", "shipped", "cancelled")),),
    references=(("customer_id", "customers"),),
    scope=(("customer_id", "customer_id"),),
    is_scoped=True,
    tells=("deleted", "out_of_scope"),
)
CUSTOMERS = Access("customers", select=("id", "name"), columns=("id", "name"))
ENTITIES = {"orders": ORDERS, "customers": CUSTOMERS}
QUERIES = (
    "SELECT id FROM orders WHERE status = 'shipped'",
    "SELECT id FROM orders WHERE id = 5 AND customer_id = 7",
    "SELECT o.id FROM orders AS o JOIN customers AS c ON c.id = o.id WHERE c.name LIKE 'A%'",
    "SELECT o.id FROM orders AS o JOIN customers AS c USING (id) WHERE name = 'Ann'",
    "SELECT o.id FROM orders AS o NATURAL JOIN customers AS c",
    "SELECT c.name FROM customers AS c LEFT JOIN orders AS o ON o.customer_id = c.id WHERE o.id IS NULL",
    "SELECT name FROM customers WHERE id IN (SELECT customer_id FROM orders WHERE made_at > now())",
    "SELECT name FROM customers AS c WHERE EXISTS"
    " (SELECT 1 FROM orders AS o WHERE o.customer_id = c.id AND id > 3)",
    "SELECT status, count(*) FROM orders GROUP BY 1 HAVING count(*) > 3 OFFSET 5",
    "SELECT id FROM orders UNION ALL SELECT id FROM customers",
    "SELECT id FROM orders INTERSECT SELECT id FROM customers WHERE name = 'x'",
    "WITH a AS (SELECT id FROM orders), b AS (SELECT id FROM a WHERE id > 3) SELECT * FROM b",
    "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5)"
    " SELECT i FROM n WHERE i > 9",
    "SELECT x.id FROM orders AS o, LATERAL (SELECT o.id) AS x WHERE x.id > 3 AND o.id < 2",
    "SELECT i FROM generate_series(1, 5) AS i WHERE i > 9",
    "SELECT max(id) FROM orders WHERE lower(status) = 'Shipped'",
    "SELECT id FROM orders WHERE status = 'shipped' OR id = 3",
    "SELECT id FROM orders WHERE NOT (status = 'shipped')",
    "TABLE orders",
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM orders)",
)
PLAIN = {
    "SELECT id FROM orders UNION ALL SELECT id FROM customers",
    "WITH a AS (SELECT id FROM orders), b AS (SELECT id FROM a WHERE id > 3) SELECT * FROM b",
    "TABLE orders",
}
MORE = (
    "SELECT generate_series(1, 0) FROM orders",
    "SELECT unnest(ARRAY[]::int[]) FROM orders WHERE id = 5",
    "SELECT id FROM orders LIMIT 1 - 1",
    "SELECT id FROM orders UNION SELECT id FROM customers OFFSET 3",
    "SELECT count(*) FROM orders HAVING count(*) > 3",
)


def drive(
    text: str, answer: Callable[[Probe], Rows | None], values: tuple[Any, ...] = ()
) -> tuple[list[Reason], list[Probe]]:
    """Return what a diagnosis finds with the answers that *answer* gives, and what it asked."""
    asked: list[Probe] = []
    diagnosis: Steps[list[Reason]] = diagnose_empty(Case("agent", ENTITIES, values), text)
    try:
        probe = next(diagnosis)
        while len(asked) < 200:
            asked.append(probe)
            probe = diagnosis.send(answer(probe))
    except StopIteration as stop:
        return stop.value, asked
    raise AssertionError("it does not end")


@pytest.mark.parametrize("text", [*QUERIES, *MORE])
def test_nothing_is_concluded_from_silence(text: str) -> None:
    """But what the empty answer itself says: a query without conditions whose table is empty."""
    reasons, _ = drive(text, lambda _: None)
    proven = {"empty_table", "subquery_empty"} if text in PLAIN else set[str]()
    assert all(reason.certainty == "guess" or reason.kind in proven for reason in reasons), reasons


@pytest.mark.parametrize("text", QUERIES)
@pytest.mark.parametrize("rows", [[], [(1,)]], ids=["always empty", "always a row"])
def test_it_ends_and_asks_one_select_at_a_time(text: str, rows: Rows) -> None:
    def answer(probe: Probe) -> Rows | None:
        is_other = any(word in probe.text for word in (" AS v2", "pg_typeof", "_hidden", "pgmoat.scope"))
        return None if is_other else rows

    _, asked = drive(
        text, lambda probe: None if "_hidden" in probe.text or "scope" in probe.text else answer(probe)
    )
    for probe in asked:
        statement = parse_statement(probe.text)
        assert isinstance(statement, Statement)
        assert [root.kind for root in statement.roots] == ["SelectStmt"]


@pytest.mark.parametrize("text", MORE)
def test_rows_that_go_behind_where_are_not_laid_on_it(text: str) -> None:
    reasons, _ = drive(text, lambda _: [(1, 1)])
    assert not {reason.kind for reason in reasons} & {"empty_table", "unknown_value", "no_match"}


def test_a_word_is_looked_up_in_the_policy_alone() -> None:
    """The item has rows, and none meets the condition; nothing else need be asked but hidden rows."""
    reasons, asked = drive(
        "SELECT id FROM orders WHERE status = $1",
        lambda probe: [] if "$1" in probe.text else None if "_hidden" in probe.text else [(1,)],
        ("canceled",),
    )
    assert [(reason.kind, reason.suggestion) for reason in reasons] == [("unknown_value", "cancelled")]
    assert len(asked) == 2


def test_hidden_rows_come_first() -> None:
    reasons, _ = drive(
        "SELECT id FROM orders WHERE id = 5",
        lambda probe: (
            [({"deleted": 0, "out_of_scope": 1},)]
            if "orders_hidden" in probe.text
            else [(1,)]
            if "WHERE" not in probe.text
            else []
        ),
    )
    assert [(reason.kind, reason.hidden, reason.certainty) for reason in reasons] == [
        ("hidden_out_of_scope", 1, "certain")
    ]


def test_hidden_rows_are_a_guess_beside_other_conditions() -> None:
    """And come after what is certain."""

    def answer(probe: Probe) -> Rows | None:
        if "orders_hidden" in probe.text:
            return [({"deleted": 3, "out_of_scope": 0},)]
        if "pg_typeof" in probe.text or "v2" in probe.text:
            return None
        return [(1,)] if "WHERE" not in probe.text else []

    reasons, _ = drive("SELECT id FROM orders WHERE id = 5 AND made_at > '2026-01-01'", answer)
    assert [(reason.kind, reason.certainty) for reason in reasons] == [
        ("unknown_value", "certain"),
        ("out_of_range", "certain"),
        ("hidden_deleted", "guess"),
    ]


def test_hidden_rows_are_not_counted_by_nothing() -> None:
    """Other rows out of scope, as there always are, are no cause of a condition that they do not meet."""
    for where in ("made_at > '2026-01-01'", "id IN (5, 6)", "status LIKE 'x%'", "id IS NULL"):
        _, asked = drive(f"SELECT id FROM orders WHERE {where}", lambda _: None)
        assert not [probe for probe in asked if "_hidden" in probe.text], where


@pytest.mark.parametrize(
    ("limit", "values"),
    [("0", ()), ("0.0", ()), ("0.4", ()), ("'0'", ()), ("$1", (0.0,)), ("$1", (0,)), ("0::numeric", ())],
)
def test_no_rows_are_asked_for(limit: str, values: tuple[Any, ...]) -> None:
    reasons, asked = drive(f"SELECT id FROM orders LIMIT {limit}", lambda _: [(1, 1)], values)
    assert [reason.kind for reason in reasons] == ["limit_zero"]
    assert not asked


@pytest.mark.parametrize("limit", ["0.6::numeric(1)", "2::bit::int", "1 - 1", "'0.2'::numeric"])
def test_a_limit_that_is_not_known_proves_nothing(limit: str) -> None:
    for query in ("SELECT id FROM orders", "SELECT id FROM orders UNION SELECT id FROM customers"):
        reasons, _ = drive(f"{query} LIMIT {limit}", lambda _: None)
        assert not reasons


@pytest.mark.parametrize(
    "where",
    [
        "random() < 0.5",
        "id = 5 AND random() < 0.5",
        "id * random() < 5",
        "id = 5 AND my.draw() = 3",
        "id IN (SELECT id FROM customers WHERE random() < 0.1)",
    ],
)
def test_what_chance_decides_is_a_guess(where: str) -> None:
    for rows in ([], [(1, 1)]):
        reasons, _ = drive(f"SELECT id FROM orders WHERE {where}", lambda _, rows=rows: rows)
        assert all(reason.certainty == "guess" for reason in reasons), reasons
    reasons, _ = drive(
        "SELECT id FROM orders WHERE random() < 0.5",
        lambda probe: [(1,)] if "random" not in probe.text else [],
    )
    assert [(reason.kind, reason.certainty) for reason in reasons] == [("constant_false", "guess")]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("SELECT id FROM orders WHERE made_at > NULL", "null_comparison"),
        ("SELECT id FROM orders WHERE made_at >= '2026-02-01' AND made_at < '2026-01-01'", "reversed_range"),
        ("SELECT id FROM orders WHERE id BETWEEN 10 AND 9.5", "reversed_range"),
        ("SELECT id FROM orders LIMIT 0", "limit_zero"),
    ],
)
def test_what_the_statement_proves_is_not_asked(text: str, kind: str) -> None:
    reasons, asked = drive(text, lambda _: None)
    assert [(reason.kind, reason.certainty) for reason in reasons] == [(kind, "certain")]
    assert not asked


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id FROM orders WHERE made_at BETWEEN '2026-01-01' AND '2026-01-01 10:00'",
        "SELECT id FROM orders WHERE status BETWEEN 'z' AND 'a'",
        "SELECT o.id FROM orders AS o, orders AS p WHERE o.id > 5 AND p.id < 3",
    ],
)
def test_a_range_that_may_hold_something_is_not_called_reversed(text: str) -> None:
    reasons, _ = drive(text, lambda _: None)
    assert "reversed_range" not in {reason.kind for reason in reasons}


def test_what_is_no_query_is_not_looked_into() -> None:
    for text in ("SELEC 1", "DELETE FROM orders", "SELECT 1; SELECT 2", ""):
        assert drive(text, lambda _: None) == ([], [])


def test_one_question_tells_of_repeated_rows() -> None:
    case = Case("agent", ENTITIES)
    source = "customers AS c JOIN orders AS o ON o.customer_id = c.id"
    text = f"SELECT c.name, sum(c.id), avg(c.id) FROM {source} GROUP BY 1"
    diagnosis = diagnose_rows(case, text)
    probe = next(diagnosis)
    assert "GROUP BY c.name" in probe.text
    assert "count(DISTINCT c.id)" in probe.text
    with pytest.raises(StopIteration) as stop:
        diagnosis.send([(10, 8, 4)])
    first, second = stop.value.value
    assert first == "avg(c.id) leaves out 2 of 10 rows, where c.id is NULL"
    assert "(4 become 10)" in second
