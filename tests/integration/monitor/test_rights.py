"""
Who reads what is monitored: the monitor alone. Nobody counts for others, or counts back.

I/O: PostgreSQL.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator

import pytest

from tests.integration.monitor.conftest import Staff
from tests.moat_fixtures import Connection, refused

VIEWS = (
    "database_time",
    "refusals",
    "writes",
    "writes_per_hour",
    "deletions",
    "task_budgets",
    "hour_budgets",
)
_CALLS = (
    "pgmoat.read_refusals()",
    "pgmoat.read_database_time()",
    "pgmoat.refusal_codes()",
    "pgmoat.make_refusal_counters()",
    "pgmoat.count_refusal('PM001')",
)


@contextlib.contextmanager
def _log_in(staff: Staff, who: str) -> Generator[Connection]:
    connection = staff.moat.connect(who) if who in staff.moat.policy.agents else staff.connect(who)
    with connection:
        yield connection


@pytest.mark.parametrize("view", [view for view in VIEWS if view != "database_time"])
def test_the_monitor_reads_every_view(staff: Staff, view: str) -> None:
    with _log_in(staff, "monitor") as connection:
        connection.execute(f"SELECT * FROM pgmoat.{view}".encode())


@pytest.mark.parametrize("who", ["clerk", "reader", "orchestrator"])
def test_agents_and_orchestrators_read_none(staff: Staff, who: str) -> None:
    with _log_in(staff, who) as connection:
        for view in VIEWS:
            with refused("42501"):
                connection.execute(f"SELECT * FROM pgmoat.{view}".encode())
        for call in _CALLS:
            with refused("42501"):
                connection.execute(f"SELECT {call}".encode())


@pytest.mark.parametrize("who", ["clerk", "orchestrator", "monitor"])
def test_nobody_turns_a_counter(staff: Staff, who: str) -> None:
    shop = staff.moat
    names = [name for (name,) in shop.read("SELECT counter::text FROM pgmoat.refusal_counter LIMIT 3")]
    with _log_in(staff, who) as connection:
        for name in names:
            for command in (
                f"SELECT nextval('{name}')",
                f"SELECT setval('{name}', 1, false)",
                f"SELECT last_value FROM {name}",
                f"ALTER SEQUENCE {name} RESTART",
                f"DROP SEQUENCE {name}",
            ):
                with refused("42501"):
                    connection.execute(command.encode())
        for command in (
            "SELECT * FROM pgmoat.refusal_counter",
            "DELETE FROM pgmoat.refusal_counter",
            "UPDATE pgmoat.refusal_counter SET agent = 'wide'",
            "SELECT pgmoat.make_refusal_counters()",
            "SELECT pgmoat.count_refusal('PM001')",
        ):
            with refused("42501"):
                connection.execute(command.encode())
    assert staff.count_refusals() == {}


def test_an_agent_is_counted_under_its_own_name_whatever_it_sets(staff: Staff) -> None:
    with staff.moat.connect("clerk", application_name="wide") as connection:
        connection.execute("SET pgmoat.agent = 'wide'; SET pgmoat.step = 'wide'")
        connection.execute("CREATE TEMP TABLE refusal_counter (agent text, code text, counter regclass)")
        connection.execute("SET search_path = pg_temp, pgmoat, agent")
        with refused("42501"):
            connection.execute(f"SET ROLE {staff.moat.role('wide')}".encode())
        with refused("PM001"):
            connection.execute("SELECT * FROM orders")
    assert staff.count_refusals() == {("clerk", "PM001"): 1}
