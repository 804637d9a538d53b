"""What people read of what agents wrote."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from pgmoat.ledger.history import HistoryFilter, read_history
from tests.moat_fixtures import Moat

Connection = psycopg.Connection[Any]


def test_everything_that_an_agent_deleted(desk: Moat, person: Connection) -> None:
    token = desk.open_task("clerk", "H-1")
    with desk.task("clerk", token, step="tidy", reason="duplicate") as connection:
        connection.execute("UPDATE notes SET body = 'seen' WHERE id = 20")
        connection.execute("DELETE FROM notes WHERE id IN (20, 21)")
    deleted = read_history(person, HistoryFilter(agent="clerk", operation="delete"))
    assert sorted(entry.key["id"] for entry in deleted if entry.key) == [20, 21]
    assert {(entry.task_id, entry.step, entry.reason) for entry in deleted} == {("H-1", "tidy", "duplicate")}
    (updated,) = read_history(person, HistoryFilter(task_id="H-1", operation="update"))
    assert updated.changed == {"body": ("n", "seen")}


def test_filters_narrow_and_the_newest_comes_first(desk: Moat, person: Connection) -> None:
    token = desk.open_task("clerk", "H-2")
    for number in (30, 31):
        with desk.task("clerk", token) as connection:
            connection.execute("UPDATE notes SET body = 'y' WHERE id = %s", (number,))
    entries = read_history(person, HistoryFilter(task_id="H-2"))
    assert [entry.key for entry in entries] == [{"id": 31}, {"id": 30}]
    assert len(read_history(person, HistoryFilter(task_id="H-2", limit=1))) == 1
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert read_history(person, HistoryFilter(task_id="H-2", since=later)) == []
    assert read_history(person, HistoryFilter(entity="nothing")) == []
