"""Freezing an agent or a task ends what it does, and nobody else's work."""

from __future__ import annotations

import time
from typing import Any

import psycopg
import pytest

from pgmoat.ledger.freeze import freeze_agent, freeze_task, thaw_agent, thaw_task
from tests.moat_fixtures import Moat, enter, refused

Connection = psycopg.Connection[Any]


def test_a_freeze_ends_open_transactions_of_that_agent_only(desk: Moat, person: Connection) -> None:
    with desk.connect("clerk") as frozen, desk.connect("reader") as other, desk.superuser() as people:
        for connection, agent in ((frozen, "clerk"), (other, "reader")):
            connection.execute("BEGIN")
            enter(connection, desk.open_task(agent))
            connection.execute("SELECT count(*) FROM notes")
        people.execute("BEGIN; SELECT 1")
        pid = frozen.info.backend_pid
        report = freeze_agent(person, "clerk", "wrong prices")
        assert report.changed
        assert report.ended_pids == (pid,)
        assert report.hidden_sessions == 0
        with pytest.raises(psycopg.OperationalError):
            frozen.execute("SELECT count(*) FROM notes")
        other.execute("SELECT count(*) FROM notes")
        people.execute("COMMIT")
    assert person.execute("SELECT 1").fetchone() == (1,)


def test_a_second_freeze_and_a_needless_thaw_say_so(person: Connection) -> None:
    assert freeze_agent(person, "clerk", "x").changed
    assert not freeze_agent(person, "clerk", "x").changed
    assert thaw_agent(person, "clerk").changed
    assert not thaw_agent(person, "clerk").changed


def test_the_agent_is_told_why(desk: Moat, person: Connection) -> None:
    token = desk.open_task("clerk")
    freeze_agent(person, "clerk", "wrong prices since noon")
    with refused("PM005") as caught, desk.task("clerk", token):
        pass
    assert "wrong prices since noon" in str(caught.value)


def test_a_hard_freeze_takes_the_login_and_ends_idle_sessions(desk: Moat, person: Connection) -> None:
    with desk.connect("clerk") as idle:
        pid = idle.info.backend_pid
        assert pid in freeze_agent(person, "clerk", "leaked", hard=True).ended_pids
        _wait_until_gone(person, pid)
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        desk.connect("clerk")
    assert thaw_agent(person, "clerk").changed
    desk.connect("clerk").close()


def test_a_hard_freeze_does_not_wait_for_an_open_alter_role(desk: Moat, person: Connection) -> None:
    """A role may alter itself, and keep its row in pg_authid locked by not committing."""
    holder = desk.connect("clerk")
    holder.execute("SET idle_in_transaction_session_timeout = 0")
    holder.execute("BEGIN; ALTER ROLE CURRENT_USER SET work_mem = '1MB'")
    assert freeze_agent(person, "clerk", "leaked", hard=True).changed
    holder.close()
    role = desk.role("clerk")
    found = person.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
    assert found == (False,)


def test_one_task_is_frozen_and_thawed_alone(desk: Moat, person: Connection) -> None:
    frozen, free = (desk.open_task("clerk", name) for name in ("F-1", "F-2"))
    assert freeze_task(person, "clerk", "F-1", "look at it").changed
    with refused("PM004"), desk.task("clerk", frozen):
        pass
    with desk.task("clerk", free) as connection:
        connection.execute("SELECT count(*) FROM notes")
    assert thaw_task(person, "clerk", "F-1").changed
    with desk.task("clerk", frozen) as connection:
        connection.execute("SELECT count(*) FROM notes")


@pytest.mark.parametrize("role", ["monitor", "orchestrator"])
def test_a_role_that_may_end_no_session_is_told_so(desk: Moat, person: Connection, role: str) -> None:
    """One sees the sessions, the other does not: for neither must it look like nothing to end."""
    with desk.connect("clerk") as busy, desk.superuser() as monitor:
        busy.execute("BEGIN")
        enter(busy, desk.open_task("clerk"))
        busy.execute("SELECT count(*) FROM notes")
        monitor.execute(f'SET ROLE "{desk.system_role(role)}"'.encode())
        report = freeze_agent(monitor, "clerk", "x")
        assert report.ended_pids == ()
        assert report.hidden_sessions == 1
        with refused("PM005"):
            busy.execute("SELECT count(*) FROM notes")


def _wait_until_gone(person: Connection, pid: int) -> None:
    deadline = time.monotonic() + 10
    while person.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchone():
        assert time.monotonic() < deadline
        time.sleep(0.02)
