"""
Event logs of scoped entities: events of hidden rows are not there, in no view, function or error.

I/O: PostgreSQL.
"""

from __future__ import annotations

import psycopg
import pytest

from tests.integration.walls.combined import open_scoped
from tests.moat_fixtures import Moat, enter, refused

_SEND = "INSERT INTO order_log (orders_id, new_status, idempotency_key) VALUES (%s, %s, %s)"


def test_events_of_hidden_rows_are_in_no_projection(mix: Moat) -> None:
    with mix.task("clerk", open_scoped(mix, 43)) as connection:
        connection.execute(_SEND, (21, "paid", "projection"))
    told: list[str] = []
    with mix.task("clerk", open_scoped(mix, 42)) as connection:
        connection.add_notice_handler(lambda notice: told.append(str(notice.message_primary)))
        connection.execute(
            "CREATE FUNCTION pg_temp.leak(x text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001"
            " AS $$ BEGIN RAISE WARNING '%', x; RETURN true; END $$"
        )
        for query in (
            "SELECT * FROM order_log WHERE orders_id > 20 AND pg_temp.leak(orders_id::text)",
            "SELECT * FROM order_log WHERE pg_temp.leak(orders_id::text)",
            "SELECT * FROM order_log_current WHERE event_id IS NOT NULL AND pg_temp.leak(orders_id::text)",
            "SELECT * FROM order_log_at(now()) WHERE event_id IS NOT NULL",
            "SELECT * FROM order_log_at(now(), 21)",
        ):
            assert connection.execute(query.encode()).fetchall() == []
    assert not set(told) & {str(i) for i in range(21, 41)}


def test_a_hidden_row_and_none_get_the_same_answer(mix: Moat) -> None:
    with mix.task("clerk", open_scoped(mix, 43)) as connection:
        connection.execute(_SEND, (22, "paid", "same answer"))
    messages: set[str] = set()
    for order in (22, 999):
        for statement in (
            "INSERT INTO order_log (orders_id, new_status, idempotency_key)"
            " VALUES (%s, 'paid', 'same answer')",
            "SELECT order_log_undo(%s, NULL, 'same answer')",
            "SELECT order_log_undo(%s, NULL, 'fresh')",
        ):
            with refused("PM022") as caught, mix.task("clerk", open_scoped(mix, 42)) as connection:
                connection.execute(statement.encode(), (order,))
            messages.add(str(caught.value.diag.message_primary))
    assert len(messages) == 1
    assert mix.value("SELECT stat_cd FROM public.orders WHERE id = 22") == 2


def test_the_key_of_a_hidden_event_undoes_nothing(mix: Moat) -> None:
    """The undo of another task's row is found by its key, and must not be done to a row of one's own."""
    with mix.task("clerk", open_scoped(mix, 43)) as connection:
        connection.execute(_SEND, (23, "paid", "key 23"))
        connection.execute("SELECT order_log_undo(23, NULL, 'undo 23')")
    with mix.task("clerk", open_scoped(mix, 42)) as connection:
        connection.execute(_SEND, (3, "paid", "key 3"))
        with refused("PM026"), connection.transaction():
            connection.execute("SELECT order_log_undo(3, NULL, 'undo 23')")
    assert mix.value("SELECT stat_cd FROM public.orders WHERE id = 3") == 2


@pytest.mark.parametrize("state", ["open", "frozen"])
def test_no_row_of_a_statement_is_written_for_another_task(mix: Moat, state: str) -> None:
    """The middle row shows another task's token: its scope, but the budget and state of the first."""
    mine, other = open_scoped(mix, 42), open_scoped(mix, 43, f"other-{state}")
    if state == "frozen":
        mix.run("SELECT pgmoat.freeze_task('clerk', 'other-frozen', 'test')")
    with refused("PM009"), mix.task("clerk", mine) as connection:
        connection.execute(
            "INSERT INTO orders (customer_id, note) SELECT CASE i WHEN 2 THEN 43 ELSE 42 END,"
            " left(set_config('pgmoat.token', CASE i WHEN 2 THEN %s ELSE %s END, true), 5)"
            " FROM generate_series(1, 3) AS i",
            (other, mine),
        )
    assert mix.value("SELECT count(*) FROM public.orders WHERE note = 'moat_'") == 0


def test_no_event_names_another_task(mix: Moat) -> None:
    mine, other = open_scoped(mix, 42), open_scoped(mix, 42)
    with refused("PM009"), mix.task("clerk", mine) as connection:
        connection.execute(
            "INSERT INTO case_log (cases_id, new_status, reason) SELECT i, 'closed',"
            " left(set_config('pgmoat.token', CASE i WHEN 2 THEN %s ELSE %s END, true), 5)"
            " FROM generate_series(1, 3) AS i",
            (other, mine),
        )
    assert mix.value("SELECT count(*) FROM pgmoat.log_case_log WHERE reason = 'moat_'") == 0


def test_an_honest_statement_of_many_rows_and_savepoints_is_one_task(mix: Moat) -> None:
    with mix.connect("clerk") as connection:
        for customer in (42, 43):
            with connection.transaction():
                enter(connection, open_scoped(mix, customer))
                with pytest.raises(psycopg.Error), connection.transaction():
                    connection.execute("UPDATE orders SET note = 'lost', id = 1")
                with connection.transaction():
                    connection.execute("UPDATE orders SET note = 'kept' WHERE id IN (5, 6, 25, 26)")
                connection.execute("INSERT INTO orders (customer_id, note) VALUES (%s, 'kept')", (customer,))
    assert mix.value("SELECT count(*) FROM public.orders WHERE note = 'kept'") == 6
