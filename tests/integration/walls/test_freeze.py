"""
Freeze and thaw: what a person stops stands still at once, and nobody can make the person wait.

I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

import pytest

from tests.integration.walls.ways import count_changes, count_dirty
from tests.moat_fixtures import Moat, enter, refused


def test_an_agent_frozen_in_mid_session_is_stopped_at_the_next_statement(shop: Moat, route: str) -> None:
    with refused("PM005"), shop.task("clerk", route=route) as connection:
        connection.execute("UPDATE counters SET v = 1 WHERE id = 1")
        shop.run("SELECT pgmoat.freeze_agent('clerk', 'stop')")
        with refused("PM005"), connection.transaction():
            connection.execute("SELECT * FROM orders")
        with refused("PM005"), connection.transaction():
            connection.execute("INSERT INTO orders DEFAULT VALUES")
    assert count_dirty(shop) == 0


@pytest.mark.parametrize("what", ["agent", "task"])
def test_a_freeze_between_write_and_commit_undoes_the_write(shop: Moat, route: str, what: str) -> None:
    token = shop.open_task("clerk", "writing")
    with (
        refused("PM005" if what == "agent" else "PM004"),
        shop.task("clerk", token, route=route) as connection,
    ):
        connection.execute("UPDATE counters SET v = 1 WHERE id = 1")
        if what == "agent":
            shop.run("SELECT pgmoat.freeze_agent('clerk', 'stop')")
        else:
            shop.run("SELECT pgmoat.freeze_task('clerk', 'writing', 'stop')")
    assert count_dirty(shop) == 0
    assert count_changes(shop) == 0


def test_a_frozen_agent_opens_no_task_and_a_thawed_one_goes_on(shop: Moat) -> None:
    token = shop.open_task("clerk")
    shop.run("SELECT pgmoat.freeze_agent('clerk', 'stop')")
    with refused("PM005"):
        shop.open_task("clerk")
    shop.run("SELECT pgmoat.thaw_agent('clerk')")
    with shop.task("clerk", token) as connection:
        connection.execute("UPDATE counters SET v = 1 WHERE id = 1")
    assert count_dirty(shop) == 1


@pytest.mark.parametrize("is_immediate", [False, True])
@pytest.mark.parametrize("what", ["task", "agent"])
def test_a_freeze_does_not_wait_for_the_one_it_freezes(shop: Moat, what: str, is_immediate: bool) -> None:
    """SET CONSTRAINTS lets an agent charge early, and hold what the charge locks as long as it likes."""
    token = shop.open_task("clerk", "holding")
    with shop.connect("clerk") as connection, shop.superuser() as person:
        connection.execute("BEGIN")
        enter(connection, token)
        connection.execute("UPDATE counters SET v = 1 WHERE id = 1")
        if is_immediate:
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        person.execute("SET lock_timeout = '500ms'")
        if what == "task":
            person.execute("SELECT pgmoat.freeze_task('clerk', 'holding', 'stop')")
        else:
            person.execute("SELECT pgmoat.freeze_agent('clerk', 'stop')")
        with refused("PM004" if what == "task" else "PM005"):
            connection.execute("SELECT * FROM orders")
        connection.execute("ROLLBACK")
    assert count_dirty(shop) == 0


def test_a_task_that_holds_the_agents_hour_is_named_and_not_waited_for(shop: Moat) -> None:
    """The agent's hour is locked too: a task that charged early and stays open must not hang its siblings."""
    with shop.connect("clerk") as holder, shop.connect("clerk") as sibling:
        holder.execute("BEGIN")
        enter(holder, shop.open_task("clerk"))
        holder.execute("UPDATE counters SET v = 1 WHERE id = 1; SET CONSTRAINTS ALL IMMEDIATE")
        token = shop.open_task("clerk")
        with refused("PM014"), sibling.transaction():
            sibling.execute("SET LOCAL lock_timeout = 0")
            enter(sibling, token)
            sibling.execute("UPDATE counters SET v = 1 WHERE id = 2")
        assert count_dirty(shop) == 0
        holder.execute("ROLLBACK")
        with sibling.transaction():
            enter(sibling, token)
            sibling.execute("UPDATE counters SET v = 1 WHERE id = 2")
    assert count_dirty(shop) == 1


def test_an_orchestrator_in_a_long_transaction_does_not_hold_up_a_freeze(shop: Moat) -> None:
    with shop.superuser() as orchestrator, shop.superuser() as person:
        orchestrator.execute("BEGIN; SELECT pgmoat.open_task('clerk', 'slow')")
        person.execute("SET lock_timeout = '500ms'")
        person.execute("SELECT pgmoat.freeze_agent('clerk', 'stop')")
        orchestrator.execute("ROLLBACK")


def test_a_cursor_opened_before_a_freeze_ends_with_its_transaction(shop: Moat) -> None:
    """The gate is asked once for each statement: an open cursor reads on, so freeze ends transactions."""
    token = shop.open_task("clerk")
    with shop.connect("clerk") as connection:
        connection.execute("BEGIN")
        enter(connection, token)
        connection.execute("DECLARE c CURSOR FOR SELECT id FROM orders; FETCH 1 FROM c")
        shop.run("SELECT pgmoat.freeze_agent('clerk', 'stop')")
        assert len(connection.execute("FETCH 5 FROM c").fetchall()) == 5
        connection.execute("ROLLBACK")
        with refused("PM005"):
            enter(connection, token)
