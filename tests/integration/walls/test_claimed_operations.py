"""
Tasks that are claimed by application_name, with operations, event logs and scoped entities.

I/O: PostgreSQL.
"""

from __future__ import annotations

from psycopg.types.json import Jsonb

from tests.integration.operations.calls import call
from tests.moat_fixtures import Moat, refused


def test_a_claimed_task_calls_operations_writes_events_and_undoes(mix: Moat) -> None:
    with mix.connect("robot", application_name="pgmoat:robot-1:look") as connection:
        assert call(connection, "bump", "robot 1", first=30, last=32)["affected"] == 3
        assert call(connection, "bump", "robot 1", first=30, last=32)["replayed"]
        connection.execute("INSERT INTO ticket_log (tickets_id, new_status) VALUES (33, 'closed')")
        connection.execute("SELECT ticket_log_undo(33)")
    read = "SELECT DISTINCT task_id, step FROM pgmoat.history WHERE agent = 'robot' AND task_id = 'robot-1'"
    assert mix.read(read) == [("robot-1", "look")]
    events = mix.read("SELECT task_id, step FROM pgmoat.log_ticket_log WHERE tickets_id = 33")
    assert events == [("robot-1", "look")] * 2
    assert mix.value("SELECT rows_used FROM pgmoat.task_budgets WHERE task_id = 'robot-1'") == 7


def test_a_claimed_task_has_no_scope(mix: Moat) -> None:
    with mix.connect("robot", application_name="pgmoat:robot-2:s") as connection:
        for statement in (
            "SELECT * FROM orders",
            "SELECT * FROM order_log",
            "SELECT * FROM order_log_at(now())",
            "SELECT annotate(1, 40, 'x', 'robot 2')",
            "SELECT pay(1, 'robot 2')",
            "SELECT order_log_undo(1, NULL, 'robot 2')",
            "UPDATE orders SET note = 'x'",
        ):
            with refused("PM001", "PM015"):
                connection.execute(statement.encode())
            with refused("PM015"), connection.transaction():
                connection.execute("SELECT pgmoat.claim('robot-2')")
                connection.execute(statement.encode())
    assert mix.value("SELECT count(*) FROM public.orders WHERE note = 'x'") == 0


def test_an_issued_task_lends_its_name_to_no_call_and_no_event(mix: Moat) -> None:
    mix.open_task("robot", "robot-issued", scope=Jsonb({"customer_id": 42}))
    with mix.connect("robot", application_name="pgmoat:robot-issued:s") as connection:
        with refused("PM019"):
            call(connection, "bump", "robot 3", first=34, last=34)
        with refused("PM019"):
            connection.execute("INSERT INTO case_log (cases_id, new_status) VALUES (10, 'closed')")


def test_no_event_names_a_task_that_the_statement_was_not_written_for(mix: Moat) -> None:
    """Where the log alone has the state: no write of the entity looks at the name again."""
    mix.open_task("robot", "robot-forged")
    for name, code in (("robot-forged", "PM019"), ("never-opened", "PM009")):
        with refused(code), mix.connect("robot", application_name="pgmoat:robot-4:s") as connection:
            connection.execute(
                "INSERT INTO case_log (cases_id, new_status, reason) SELECT i, 'closed', set_config("
                "'application_name', CASE i WHEN 6 THEN %s ELSE 'pgmoat:robot-4:s' END, false)"
                " FROM generate_series(5, 7) AS i",
                (f"pgmoat:{name}:s",),
            )
    assert mix.value("SELECT count(*) FROM pgmoat.log_case_log WHERE cases_id BETWEEN 5 AND 7") == 0
