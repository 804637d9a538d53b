"""What the guard lets through in READ runs as the agent, answers, and changes nothing."""

from __future__ import annotations

import pytest

from pgmoat.guard.allowed import Allowed, compile_allowed
from pgmoat.guard.check import Use, check_statement
from pgmoat.guard.estimate import Ceilings, judge_plan
from tests.integration.pagila.people import READS, WRITES, Query
from tests.moat_fixtures import Moat, refused

_QUERIES = [
    ("analyst", "SELECT count(*) FROM rentals", 1),
    ("analyst", "TABLE categories", 16),
    ("analyst", "VALUES (1), (2)", 2),
    (
        "analyst",
        "SELECT * FROM agent.films AS f WHERE f.rating = 'everyone' ORDER BY minutes DESC LIMIT 5",
        5,
    ),
    (
        "analyst",
        """
        SELECT cat.name, f.rating, count(*), round(avg(f.rental_price), 2)
          FROM rentals AS r
          JOIN copies AS c ON c.id = r.copy_id
          JOIN films AS f ON f.id = c.film_id
          JOIN film_categories AS fc ON fc.film_id = f.id
          JOIN categories AS cat ON cat.id = fc.category_id
         WHERE f.rating IN ('from 13', 'adults only')
         GROUP BY cat.name, f.rating
         ORDER BY cat.name, f.rating
        """,
        32,
    ),
    (
        "analyst",
        """
        WITH monthly AS (
            SELECT date_trunc('month', rented_at) AS month, count(*) AS rented,
                   count(*) FILTER (WHERE returned_at IS NULL) AS still_out
              FROM rentals GROUP BY 1
        )
        SELECT to_char(month, 'YYYY-MM'), rented, rented - lag(rented) OVER (ORDER BY month),
               CASE WHEN still_out > 0 THEN 'some out' ELSE 'all back' END
          FROM monthly ORDER BY month
        """,
        5,
    ),
    (
        "analyst",
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 4) SELECT * FROM n",
        4,
    ),
    (
        "analyst",
        "SELECT f.title, EXTRACT(year FROM max(r.rented_at)), TRIM(BOTH ' ' FROM f.title) || '!'"
        "  FROM films AS f, copies AS c, rentals AS r WHERE c.film_id = f.id AND r.copy_id = c.id"
        " GROUP BY f.id, f.title HAVING count(*) >= 34 ORDER BY 1",
        1,
    ),
    (
        "catalog_editor",
        "SELECT f.title, unnest(f.special_features) FROM films AS f WHERE f.id = 2",
        2,
    ),
    ("catalog_editor", "SELECT a.last_name FROM actors AS a WHERE a.last_name LIKE 'A%' ESCAPE '!'", 7),
    ("desk_clerk", "SELECT id FROM customers WHERE standing <> 'good' AND lower(email) ~ '^a'", 0),
    (
        "desk_clerk",
        "SELECT c.id FROM customers AS c"
        " WHERE NOT EXISTS (SELECT 1 FROM rentals AS r WHERE r.customer_id = c.id)",
        0,
    ),
    ("desk_clerk", "SELECT agent, rows_left FROM pgmoat.my_task()", 1),
    ("desk_clerk", "EXPLAIN (FORMAT JSON) SELECT id FROM rentals", 1),
]


@pytest.mark.parametrize(("agent", "query", "rows"), _QUERIES)
def test_agents_reads_run_and_change_nothing(moat: Moat, agent: str, query: str, rows: int) -> None:
    assert not check_statement(query, Use.READ, compile_allowed(moat.policy, agent)).problems
    with moat.task(agent) as connection:
        found = connection.execute(query.encode()).fetchall()
        (number,) = connection.execute("SELECT pg_catalog.pg_current_xact_id_if_assigned()").fetchall()
    assert len(found) == rows
    assert number == (None,)


@pytest.fixture(scope="module")
def people(moat: Moat) -> Allowed:
    """The base tables as if they were entities: what people ask is what agents would."""
    names = moat.read("SELECT relname FROM pg_catalog.pg_class WHERE relnamespace = 'public'::regnamespace")
    functions = moat.read(
        "SELECT proname FROM pg_catalog.pg_proc WHERE pronamespace = 'public'::regnamespace"
    )
    return Allowed(
        schema="public",
        relations=frozenset(name for (name,) in names),
        functions=frozenset(f"public.{name}" for (name,) in functions),
        operations=frozenset(),
    )


@pytest.mark.parametrize("query", READS, ids=[query.name for query in READS])
def test_peoples_queries_pass(people: Allowed, query: Query) -> None:
    """All but one, which casts to regclass."""
    problems = check_statement(query.text.decode(), Use.READ, people).problems
    assert [problem.rule for problem in problems] == (["types"] if query.name == "income_of_a_day" else [])


_REFUSED_WRITES = {
    "order_a_disc": "functions",
    "rent_it_out": "functions",
    "pay": "functions",
    "find_the_payment": "statement_class",
    "take_it_back": "functions",
    "lock_the_customer": "statement_class",
    "suspend": "functions",
    "forget_the_payment": "functions",
    "forget_the_rental": "functions",
    "forget_the_disc": "functions",
    "forget_the_customer": "functions",
}
"""They draw from sequences, read, or lock."""


def test_peoples_writes_pass_where_they_are_plain(people: Allowed) -> None:
    found = {
        write.name: rules[0]
        for write in WRITES
        if (rules := [p.rule for p in check_statement(write.text.decode(), Use.WRITE, people).problems])
    }
    assert found == _REFUSED_WRITES


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("SELECT * FROM rentals TABLESAMPLE SYSTEM (1)", ("0A000",)),
        ("SELECT id FROM films FOR UPDATE", ("0A000", "42501")),
        ("SELECT id FROM rentals FOR SHARE", ("42501",)),
        (
            "INSERT INTO addresses (street, district, city_id, phone) VALUES ('a', 'b', 1, '1')"
            " ON CONFLICT (id) DO NOTHING",
            ("42P10",),
        ),
        ("UPDATE rentals SET returned_at = now()", ("PM010",)),
        ("DELETE FROM rentals WHERE true", ("PM010",)),
        ("SELECT * FROM public.customer", ("42501",)),
        (
            "MERGE INTO cities AS c USING countries AS k ON true WHEN MATCHED THEN DELETE",
            ("42501", "0A000", "55000"),
        ),
    ],
)
def test_a_hole_in_the_guard_meets_postgres(moat: Moat, query: str, codes: tuple[str, ...]) -> None:
    allowed = compile_allowed(moat.policy, "desk_clerk")
    assert all(check_statement(query, use, allowed).problems for use in Use)
    with refused(*codes), moat.task("desk_clerk") as connection:
        connection.execute(query.encode())


def test_plans_of_entities_are_judged(moat: Moat) -> None:
    def explain(query: str) -> object:
        with moat.task("analyst") as connection:
            row = connection.execute(f"EXPLAIN (FORMAT JSON) {query}".encode()).fetchone()
        assert row is not None
        return row[0]

    whole = judge_plan(explain("SELECT id FROM rentals"), Ceilings(None, 10_000))
    assert whole is not None
    assert whole.rule == "plan_rows"
    assert "on rental" in whole.message
    assert judge_plan(explain("SELECT id FROM rentals LIMIT 10"), Ceilings(100, 10_000)) is None
    assert judge_plan(explain("SELECT id FROM rentals WHERE id = 5"), Ceilings(100, 10_000)) is None
    crossed = judge_plan(explain("SELECT 1 FROM rentals, copies"), Ceilings(100_000, None))
    assert crossed is not None
    assert crossed.rule == "cost"
