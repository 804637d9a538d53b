"""Tasks, freezing and the history in the hands of the installer."""

from __future__ import annotations

import psycopg
import pytest

from pgmoat.ledger.freeze import freeze_agent, freeze_task, thaw_agent
from pgmoat.ledger.history import HistoryFilter, read_history
from pgmoat.ledger.tasks import close_task, open_task, read_task
from tests.integration.nosuper.conftest import Site
from tests.moat_fixtures import enter, new_task_id, refused


def test_a_task_is_opened_looked_at_and_closed(kept: Site) -> None:
    task_id = new_task_id()
    with kept.connect() as person:
        open_task(person, "clerk", task_id)
        assert read_task(person, "clerk", task_id).state == "open"
        assert close_task(person, "clerk", task_id)
        assert read_task(person, "clerk", task_id).state == "closed"


def test_the_history_is_read(kept: Site) -> None:
    task_id = new_task_id()
    with kept.task("clerk", task_id) as clerk:
        clerk.execute("UPDATE orders SET customer_id = 7 WHERE id = 3")
    with kept.connect() as person:
        (entry,) = read_history(person, HistoryFilter(task_id=task_id))
    assert (entry.operation, entry.changed) == ("update", {"customer_id": (1, 7)})


def test_freeze_ends_what_the_agent_has_open(kept: Site) -> None:
    with kept.connect() as person, kept.agent("clerk") as clerk:
        clerk.execute("BEGIN")
        enter(clerk, open_task(person, "clerk", new_task_id()))
        clerk.execute("SELECT count(*) FROM orders")
        report = freeze_agent(person, "clerk", "wrong prices")
        assert report.ended_pids == (clerk.info.backend_pid,)
        assert report.hidden_sessions == 0
        with pytest.raises(psycopg.OperationalError):
            clerk.execute("SELECT 1")
        assert thaw_agent(person, "clerk").changed


def test_a_hard_freeze_takes_the_login_and_thaw_gives_it_back(kept: Site) -> None:
    with kept.connect() as person, kept.agent("clerk") as clerk:
        report = freeze_agent(person, "clerk", "stop", hard=True)
        assert report.ended_pids == (clerk.info.backend_pid,)
        with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
            kept.agent("clerk")
        assert kept.plan().plan.is_in_order
        assert thaw_agent(person, "clerk").changed
        kept.agent("clerk").close()


def test_a_frozen_task_is_refused(kept: Site) -> None:
    task_id = new_task_id()
    with kept.connect() as person:
        token = open_task(person, "clerk", task_id)
        freeze_task(person, "clerk", task_id, "stop")
    with kept.agent("clerk") as clerk, clerk.transaction(), refused("PM004"):
        enter(clerk, token)
        clerk.execute("SELECT count(*) FROM orders")
