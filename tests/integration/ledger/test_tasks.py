"""Opening, looking at and closing tasks."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from pgmoat.errors import NotFoundError
from pgmoat.ledger.tasks import close_task, open_task, read_task, read_tasks
from tests.moat_fixtures import Moat, refused

Connection = psycopg.Connection[Any]


def test_the_same_id_is_the_same_task(person: Connection) -> None:
    first = open_task(person, "clerk", "T-1", scope={"customer_id": 42})
    assert open_task(person, "clerk", "T-1", scope={"customer_id": 42}) == first
    assert open_task(person, "clerk", "T-2") != first
    assert open_task(person, "reader", "T-1") != first
    with refused("PM031"):
        open_task(person, "clerk", "T-1", scope={"customer_id": 43})


def test_a_task_shows_what_it_has_used(desk: Moat, person: Connection) -> None:
    token = open_task(person, "clerk", "T-3", max_writes=7, duration_ms=60_000)
    with desk.task("clerk", token) as connection:
        connection.execute("UPDATE notes SET body = 'x' WHERE id <= 3")
    status = read_task(person, "clerk", "T-3")
    assert (status.state, status.rows_used, status.max_rows) == ("open", 3, 7)
    assert (status.deadline - status.opened_at).total_seconds() == pytest.approx(60, abs=1)


def test_a_task_cannot_have_more_than_its_agent(person: Connection) -> None:
    open_task(person, "clerk", "T-4", max_writes=1_000_000, duration_ms=86_400_000)
    status = read_task(person, "clerk", "T-4")
    assert status.max_rows == 10
    assert (status.deadline - status.opened_at).total_seconds() == pytest.approx(600, abs=1)


def test_a_closed_task_stays_closed(desk: Moat, person: Connection) -> None:
    token = open_task(person, "clerk", "T-5")
    assert close_task(person, "clerk", "T-5")
    assert not close_task(person, "clerk", "T-5")
    assert read_task(person, "clerk", "T-5").state == "closed"
    with refused("PM002"), desk.task("clerk", token):
        pass
    with refused("PM002"):
        open_task(person, "clerk", "T-5")


def test_lists_are_filtered(person: Connection) -> None:
    open_task(person, "reader", "R-1")
    open_task(person, "reader", "R-2")
    close_task(person, "reader", "R-2")
    assert "R-2" in [status.task_id for status in read_tasks(person, agent="reader")]
    open_ids = [status.task_id for status in read_tasks(person, agent="reader", only_open=True)]
    assert "R-1" in open_ids
    assert "R-2" not in open_ids


def test_what_does_not_exist_is_named(person: Connection) -> None:
    with pytest.raises(NotFoundError, match="no task 'T-99'"):
        read_task(person, "clerk", "T-99")
    with refused("PM032"):
        close_task(person, "clerk", "T-99")
    with refused("PM030"):
        open_task(person, "nobody", "T-1")
