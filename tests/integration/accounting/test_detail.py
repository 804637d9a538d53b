"""From agent to task, step and statement; budgets; what did not finish."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from pgmoat.accounting.budgets import read_agents, read_task_budgets
from pgmoat.accounting.drill import read_statements, read_steps, read_tasks
from pgmoat.accounting.unfinished import count_unfinished, read_unfinished
from pgmoat.accounting.window import Window
from pgmoat.ledger.freeze import freeze_agent
from tests.integration.accounting.conftest import Record


@pytest.fixture
def use(record: Record) -> Callable[..., None]:
    """A function that writes down what samples say of a part of the clerk's work."""

    def write(
        seconds: float,
        task_id: str | None,
        step: str | None,
        mark: int,
        *,
        wait: str = "CPU",
        agent: str = "clerk",
    ) -> None:
        record.insert(
            "usage_detail",
            minute=record.minute(3),
            fingerprint=mark,
            seconds=seconds,
            samples=round(seconds),
            agent=agent,
            task_id=task_id,
            step=step,
            wait_class=wait,
        )

    write(30, "T-1", "plan", 1)
    write(10, "T-1", "plan", 1)  # appended later
    write(20, "T-1", "act", 2, wait="Lock")
    write(500, "T-1", "act", 2, wait="Idle in transaction")
    write(40, None, None, 2)
    write(1000, "T-1", "plan", 1, agent="reader")
    for agent, wait, seconds in (
        ("clerk", "CPU", 80),
        ("clerk", "Lock", 20),
        ("clerk", "Idle in transaction", 500),
        ("reader", "CPU", 1000),
    ):
        record.insert(
            "usage",
            minute=record.minute(3),
            agent=agent,
            wait_class=wait,
            seconds=seconds,
            samples=seconds,
        )
    return write


def test_down_to_the_statement(record: Record, use: Callable[..., None]) -> None:
    window = Window(record.since, record.until)
    record.insert("statement_text", day=record.minute(3).date(), fingerprint=1, text="SELECT ?")
    with record.connect() as connection:
        named, unnamed = read_tasks(connection, "clerk", window)
        assert (named.task_id, named.seconds, named.share, named.idle_seconds) == ("T-1", 60, 0.6, 500)
        assert named.waits == {"CPU": 40, "Lock": 20}
        assert named.error == pytest.approx(1.96 * (0.6 * 0.4 / 100) ** 0.5, abs=0.005)
        assert (unnamed.task_id, unnamed.seconds) == (None, 40)
        steps = read_steps(connection, "clerk", "T-1", window)
        assert [(step.step, step.seconds, step.share) for step in steps] == [
            ("plan", 40, 0.4),
            ("act", 20, 0.2),
        ]
        assert [step.step for step in read_steps(connection, "clerk", None, window)] == [None]
        every = read_statements(connection, "clerk", window)
        assert [(each.fingerprint, each.seconds, each.text) for each in every] == [
            (2, 60, None),
            (1, 40, "SELECT ?"),
        ]
        of_unnamed = read_statements(connection, "clerk", window, task_id=None)
        assert [(each.fingerprint, each.seconds) for each in of_unnamed] == [(2, 40)]
        of_step = read_statements(connection, "clerk", window, task_id="T-1", step="act")
        assert [(each.fingerprint, each.seconds) for each in of_step] == [(2, 20)]
        assert len(read_tasks(connection, "clerk", Window(record.since, record.until, limit=1))) == 1


def test_budgets_and_frozen_agents(record: Record) -> None:
    with record.moat.connect("clerk", application_name="pgmoat:T-9:one") as agent:
        agent.execute("UPDATE notes SET body = 'x' WHERE id <= 3")
        with record.connect() as connection:
            freeze_agent(connection, "reader", "too curious")
            clerk, reader = read_agents(connection)
            (task,) = read_task_budgets(connection, "clerk")
    assert (clerk.agent, clerk.rows_used, clerk.max_rows) == ("clerk", 3, 200)
    assert (clerk.connections, clerk.frozen_at) == (1, None)
    assert (reader.frozen_reason, reader.rows_used) == ("too curious", 0)
    assert reader.frozen_by == record.name("viewer")
    assert (task.task_id, task.rows_used, task.max_rows) == ("T-9", 3, 40)
    assert task.bytes_used > 0


def test_what_did_not_finish(record: Record) -> None:
    record.insert("statement_text", day=record.minute(9).date(), fingerprint=5, text="SELECT slow")
    for ago, how, code, mark in (
        (9, "timed out", "57014", 5),
        (8, "timed out", "57014", 5),
        (7, "refused", "PM004", None),
    ):
        record.insert(
            "unfinished",
            at=record.minute(ago),
            agent="clerk",
            how=how,
            source="seen",
            code=code,
            statements=1,
            seconds=None if how == "refused" else 2.5,
            fingerprint=mark,
        )
    with record.connect() as connection:
        counts = count_unfinished(connection, record.since)
        assert [(c.agent, c.how, c.code, c.statements, c.seconds) for c in counts] == [
            ("clerk", "timed out", "57014", 2, 5),
            ("clerk", "refused", "PM004", 1, 0),
        ]
        assert count_unfinished(connection, record.minute(7) + timedelta(seconds=1)) == []
        newest, middle = read_unfinished(connection, record.since, limit=2)
        assert (newest.how, newest.text, middle.text) == ("refused", None, "SELECT slow")
        assert read_unfinished(connection, record.since, "reader") == []
