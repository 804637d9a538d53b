"""
Freezing, closing and expiry of a whole tree.

I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

from typing import LiteralString

import pytest

from pgmoat.ledger.tasks import read_task, read_tasks
from pgmoat.ledger.tree import grow_trees, walk
from tests.integration.tasks.steps import count_written, open_child, write
from tests.moat_fixtures import Moat, enter, refused

_STOPS: dict[str, tuple[LiteralString, str, str]] = {
    "freeze": ("SELECT pgmoat.freeze_task('boss', 'root', 'wrong prices')", "PM004", "frozen"),
    "freeze agent": ("SELECT pgmoat.freeze_agent('boss', 'wrong prices')", "PM005", "agent frozen"),
    "close": ("SELECT pgmoat.close_task('boss', 'root')", "PM002", "closed"),
    "expire": (
        "UPDATE pgmoat.task SET deadline = clock_timestamp() WHERE task_id = 'root'",
        "PM003",
        "expired",
    ),
}


def _plant(desk: Moat) -> str:
    """Return the token of the lowest of three: boss/root, worker/middle, worker/leaf."""
    desk.open_task("boss", "root")
    desk.open_task("worker", "middle", parent_agent="boss", parent_task_id="root")
    return desk.open_task("worker", "leaf", parent_agent="worker", parent_task_id="middle")


@pytest.mark.parametrize("stop", _STOPS)
def test_what_stops_the_root_stops_the_next_statement_and_commit_below(
    desk: Moat, route: str, stop: str
) -> None:
    statement, code, state = _STOPS[stop]
    leaf = _plant(desk)
    with refused(code) as caught, desk.task("worker", leaf, route=route) as connection:
        write(connection, 1)
        desk.run(statement)
        for query in ("SELECT * FROM counters", "INSERT INTO counters VALUES (1000, 1)"):
            with refused(code), connection.transaction():
                connection.execute(query.encode())
    assert "root" in str(caught.value)
    assert count_written(desk) == 0
    with desk.connect("worker", route=route) as connection, refused(code) as caught, connection.transaction():
        enter(connection, leaf)
    assert "boss" in str(caught.value)
    with desk.superuser() as person:
        status = read_task(person, "worker", "leaf")
        assert (status.state, status.stopped_by) == (state, "boss/root")
        open_ids = {task.task_id for task in read_tasks(person, only_open=True)}
    assert ("leaf" in open_ids) == (stop.startswith("freeze"))


@pytest.mark.parametrize("stop", _STOPS)
def test_nothing_opens_below_a_stopped_task(desk: Moat, stop: str) -> None:
    statement, code, _ = _STOPS[stop]
    leaf = _plant(desk)
    with desk.connect("worker") as connection, refused(code), connection.transaction():
        enter(connection, leaf)
        desk.run(statement)
        connection.execute("SELECT pgmoat.open_child('late')")
    with refused(code):
        desk.open_task("worker", "late", parent_agent="worker", parent_task_id="middle")
    with refused(code):  # re-entered
        desk.open_task("worker", "leaf", parent_agent="worker", parent_task_id="middle")
    assert desk.value("SELECT count(*) FROM pgmoat.task") == 3


@pytest.mark.parametrize("stop", _STOPS)
def test_a_child_opened_while_its_parent_is_stopped_is_stopped_too(desk: Moat, stop: str) -> None:
    """And the one who stops does not wait for the agent that holds the opening open."""
    statement, code, _ = _STOPS[stop]
    root = desk.open_task("boss", "root")
    with desk.connect("boss") as connection, desk.superuser() as person:
        person.execute("SET lock_timeout = '500ms'")
        with connection.transaction():
            enter(connection, root)
            row = connection.execute("SELECT pgmoat.open_child('racing')").fetchone()
            assert row is not None
            person.execute(statement)
        with refused(code), connection.transaction():
            enter(connection, row[0])
    assert desk.value("SELECT count(*) FROM pgmoat.task WHERE parent IS NOT NULL") == 1


def test_the_stopper_does_not_wait_for_a_child_that_charged_early(desk: Moat) -> None:
    leaf = _plant(desk)
    with desk.connect("worker") as connection, desk.superuser() as person:
        person.execute("SET lock_timeout = '500ms'")
        connection.execute("BEGIN")
        enter(connection, leaf)
        write(connection, 1)
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        person.execute("SELECT pgmoat.freeze_task('boss', 'root', 'stop')")
        with refused("PM004"):
            write(connection, 2)
        connection.execute("ROLLBACK")
    assert count_written(desk) == 0


def test_a_sibling_that_charged_early_is_named_and_not_waited_for(desk: Moat) -> None:
    desk.open_task("boss", "root")
    one, two = (
        desk.open_task("worker", f"c-{i}", parent_agent="boss", parent_task_id="root") for i in range(2)
    )
    with desk.connect("worker") as holder, desk.connect("worker") as sibling:
        holder.execute("BEGIN")
        enter(holder, one)
        write(holder, 1)
        holder.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with refused("PM014"), sibling.transaction():
            sibling.execute("SET LOCAL lock_timeout = 0")
            enter(sibling, two)
            write(sibling, 2)
        holder.execute("ROLLBACK")
        with sibling.transaction():
            enter(sibling, two)
            write(sibling, 2)
    assert count_written(desk) == 1


def test_thawing_the_root_thaws_what_was_frozen_with_it_only(desk: Moat) -> None:
    leaf = _plant(desk)
    other = desk.open_task("worker", "other", parent_agent="boss", parent_task_id="root")
    desk.run("SELECT pgmoat.freeze_task('worker', 'other', 'odd by itself')")
    desk.run("SELECT pgmoat.freeze_task('boss', 'root', 'all of it')")
    desk.run("SELECT pgmoat.thaw_task('boss', 'root')")
    with desk.task("worker", leaf) as connection:
        write(connection, 1)
    with desk.connect("worker") as connection, refused("PM004") as caught, connection.transaction():
        enter(connection, other)
    assert "odd by itself" in str(caught.value.diag.message_detail)


def test_freezing_a_child_leaves_its_parent_and_siblings_alone(desk: Moat) -> None:
    leaf = _plant(desk)
    root = desk.open_task("boss", "root")
    desk.run("SELECT pgmoat.freeze_task('worker', 'middle', 'stop')")
    with desk.task("boss", root) as connection:
        write(connection, 1)
    with desk.connect("worker") as connection, refused("PM004"), connection.transaction():
        enter(connection, leaf)


def test_an_ancestor_that_is_gone_stops_what_is_below(desk: Moat) -> None:
    leaf = _plant(desk)
    desk.run("DELETE FROM pgmoat.task WHERE task_id = 'root'")
    with desk.connect("worker") as connection, refused("PM002"), connection.transaction():
        enter(connection, leaf)


def test_trees_are_listed_below_their_roots(desk: Moat) -> None:
    leaf = _plant(desk)
    open_child(desk, "worker", leaf, "twig")
    desk.open_task("boss", "alone")
    with desk.superuser() as person:
        found = read_tasks(person)
    levels = [(level, status.name) for level, status in walk(grow_trees(found))]
    assert levels == [
        (0, "boss/alone"),
        (0, "boss/root"),
        (1, "worker/middle"),
        (2, "worker/leaf"),
        (3, "worker/leaf/twig"),
    ]
    assert {status.rows_left for status in found} == {30}
    alone = [status for status in found if status.task_id == "leaf"]
    assert [level for level, _ in walk(grow_trees(alone))] == [0]
