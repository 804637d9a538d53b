"""The reason that a person reads is the one that is written, or it is another write."""

from __future__ import annotations

from typing import LiteralString

import pytest

from pgmoat import errors
from pgmoat.runtime import Moat
from tests.integration.approvals.people import MANY, begin, decide, read_state, sign
from tests.integration.approvals.people import hold as hold_signed
from tests.integration.operations.calls import call
from tests.moat_fixtures import Connection, refused
from tests.moat_fixtures import Moat as Site

GONE: LiteralString = "DELETE FROM counters WHERE id <= 30"
TWO_FACED: LiteralString = (
    "WITH gone AS (DELETE FROM counters WHERE id <= 30 AND set_config('pgmoat.reason', 'fraud', true) <> ''"
    " RETURNING set_config('pgmoat.reason', 'ticket 17', true)) SELECT count(*) FROM gone"
)
"""Each row is deleted with one reason, and the statement is recorded with the other."""


def hold(shop: Site, statement: LiteralString, route: str = "direct") -> int:
    """Have it held with a reason; its number."""
    with shop.task("worker", reason="ticket 17", route=route) as connection:
        return int(hold_signed(connection, sign(connection, "k1", statement))["id"])


def write(connection: Connection, statement: LiteralString) -> None:
    """Run it under the key, and finish it."""
    number, _ = begin(connection, "k1")
    connection.execute(statement)
    connection.execute("SELECT pgmoat.finish_write(%s)", [number])


@pytest.mark.parametrize("statement", [GONE, MANY])
def test_another_reason_is_another_write(shop: Site, route: str, statement: LiteralString) -> None:
    number = hold(shop, statement, route)
    decide(shop, number)
    for reason in ("fraud: criminal", "ticket 18"):
        with refused("PM053"), shop.task("worker", reason=reason, route=route) as connection:
            write(connection, statement)
    with refused("PM053"), shop.task("worker", reason="ticket 17", route=route) as connection:
        call_number, _ = begin(connection, "k1")
        connection.execute("SELECT set_config('pgmoat.reason', 'fraud', true)")
        connection.execute(statement)
        connection.execute("SELECT set_config('pgmoat.reason', 'ticket 17', true)")
        connection.execute("SELECT pgmoat.finish_write(%s)", [call_number])
    with shop.task("worker", reason="ticket 17", route=route) as connection:
        write(connection, statement)
    assert read_state(shop, number) == ("done", 1)


def test_two_reasons_of_one_deletion(shop: Site) -> None:
    """What goes into the rows is shown and compared, whatever the statement is recorded with."""
    number = hold(shop, GONE)
    decide(shop, number)
    with refused("PM053"), shop.task("worker", reason="ticket 17") as connection:
        write(connection, TWO_FACED)
    with shop.task("worker", reason="ticket 17") as connection:
        hold_signed(connection, sign(connection, "k1", TWO_FACED))
    assert shop.read("SELECT given_reason, why FROM pgmoat.approvals") == [
        ("fraud\nticket 17", "it writes 30 rows, more than 20; it was approved with another reason")
    ]


def test_a_call_with_another_reason_is_held_anew(shop: Site, route: str) -> None:
    number = 0
    for reason in ("a", "b"):
        with shop.task("worker", reason=reason, route=route) as connection:
            held = call(connection, "wipe", "k1", counter_id=1)["approval"]
        number = held["id"]
        decide(shop, number)
    assert held["why"].endswith("; it was approved with another reason")
    assert read_state(shop, number) == ("approved", 2)
    with shop.task("worker", reason="b", route=route) as connection:
        assert call(connection, "wipe", "k1", counter_id=1)["affected"] == 1


def test_the_runtime_runs_it_with_the_reason_of_then(shop: Site) -> None:
    """Whatever step the agent is in when it asks for the outcome."""
    with (
        Moat(shop.policy, dsns=shop.dsns(), orchestrator_dsn=shop.database.dsn) as moat,
        moat.task("worker", "T-1") as task,
    ):
        with task.step("first", reason="because"):
            with pytest.raises(errors.ApprovalRequiredError) as called:
                task.call("wipe", {"counter_id": 1})
            with pytest.raises(errors.ApprovalRequiredError) as written:
                task.write("UPDATE counters SET v = v + 1 WHERE id BETWEEN 100 AND 130")
        for caught in (called, written):
            number = caught.value.approval_id
            assert number is not None
            decide(shop, number)
            with task.step("later", reason="for another reason"):
                assert task.outcome(number).state == "done"
    assert shop.value("SELECT array_agg(DISTINCT reason) FROM pgmoat.history") == ["because"]
