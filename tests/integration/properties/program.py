"""
What agents do in one example: writers, their transactions, the steps of each.

Out: hypothesis strategies of plain data. I/O: none.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

TASKS = 2
"""How many tasks each agent's writers share."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a client."""

    sql: str
    parameters: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Savepoint:
    """Statements inside a savepoint, which is rolled back in the end or not."""

    steps: tuple[Statement, ...]
    is_kept: bool


Step = Statement | Savepoint


@dataclass(frozen=True, slots=True)
class Transaction:
    """What is sent between BEGIN and the end."""

    task: int
    steps: tuple[Step, ...]
    is_kept: bool


@dataclass(frozen=True, slots=True)
class Writer:
    """One connection of an agent."""

    agent: str
    transactions: tuple[Transaction, ...]


_ID = st.integers(1, 12)
_SPAN = st.integers(0, 7)
_STATUS = st.sampled_from(("pending", "processing", "shipped"))
_KEY = st.integers(1, 15).map(lambda number: f"key-{number}")


def _statement(sql: str, *parameters: st.SearchStrategy[object]) -> st.SearchStrategy[Statement]:
    return st.tuples(*parameters).map(lambda values: Statement(sql, values))


STATEMENTS = st.one_of(
    _statement("INSERT INTO orders (v) SELECT i FROM generate_series(1, %s) AS i", st.integers(0, 7)),
    _statement("INSERT INTO items (quantity) VALUES (%s)", st.integers(1, 9)),
    _statement("UPDATE orders SET v = v + 1 WHERE id BETWEEN %s AND %s", _ID, _ID),
    _statement("UPDATE items SET quantity = quantity + 1 WHERE id %% 4 = %s", st.integers(0, 3)),
    _statement("UPDATE items SET quantity = quantity WHERE id = %s", _ID),
    _statement("DELETE FROM orders WHERE id = %s", _ID),
    _statement("DELETE FROM items WHERE id BETWEEN %s AND %s", _ID, _ID),
    _statement(
        "WITH o AS (UPDATE orders SET v = v + 10 WHERE id <= %s RETURNING 1),"
        " i AS (UPDATE items SET quantity = quantity + 10 WHERE id <= %s RETURNING 1)"
        " SELECT (SELECT count(*) FROM o) + (SELECT count(*) FROM i)",
        _SPAN,
        _SPAN,
    ),
    _statement(
        "WITH gone AS (DELETE FROM items WHERE id = %s RETURNING quantity)"
        " INSERT INTO orders (v) SELECT quantity FROM gone",
        _ID,
    ),
    _statement(
        "MERGE INTO items AS t USING (VALUES (%s::bigint)) AS s (id) ON t.id = s.id"
        " WHEN MATCHED THEN UPDATE SET quantity = t.quantity + 100",
        _ID,
    ),
    _statement(
        "INSERT INTO order_log (order_id, new_status, idempotency_key) VALUES (%s, %s, %s)",
        _ID,
        _STATUS,
        _KEY,
    ),
    _statement("SELECT * FROM order_log_undo(%s, NULL, %s)", _ID, _KEY),
    _statement("SELECT move_quantity(%s, %s, %s)", _ID, _ID, _KEY),
    _statement("SELECT take_step(%s, %s, %s)", _ID, _STATUS, _KEY),
    st.just(
        Statement(
            "DO $$ BEGIN FOR i IN 1..3 LOOP UPDATE orders SET v = v + 1 WHERE id = i; END LOOP; END $$", ()
        )
    ),
)

STEPS = st.one_of(
    STATEMENTS,
    st.builds(Savepoint, st.lists(STATEMENTS, min_size=1, max_size=3).map(tuple), st.booleans()),
)

TRANSACTIONS = st.builds(
    Transaction,
    st.integers(0, TASKS - 1),
    st.lists(STEPS, min_size=1, max_size=4).map(tuple),
    st.sampled_from((True, True, True, False)),
)

WRITERS = st.lists(
    st.builds(
        Writer, st.sampled_from(("alpha", "beta")), st.lists(TRANSACTIONS, min_size=1, max_size=6).map(tuple)
    ),
    min_size=8,
    max_size=8,
)
