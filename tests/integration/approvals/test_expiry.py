"""A person's word holds until it expires, however long the agent's transaction stays open."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.approvals.people import (
    MANY,
    begin,
    count_written,
    decide,
    hold_once,
    read_state,
    run_once,
)
from tests.integration.keyed.writes import poll, wait_for_lock
from tests.integration.operations.calls import call, call_once
from tests.moat_fixtures import Moat, refused


def approve_for_a_moment(shop: Moat, number: int) -> None:
    """Approve it, so that it expires in two seconds: a connection is open by then."""
    decide(shop, number)
    shop.run("UPDATE pgmoat.approval SET expires_at = clock_timestamp() + interval '2 s'")


def wait_until_expired(shop: Moat, number: int) -> None:
    poll(
        lambda: shop.value(
            "SELECT expires_at <= clock_timestamp() FROM pgmoat.approval WHERE id = %s", number
        )
    )


@pytest.mark.parametrize("waits_before", ["the write", "finish_write", "COMMIT"])
def test_a_write_that_waits(shop: Moat, route: str, waits_before: str) -> None:
    number = hold_once(shop, "worker", "k1", route=route)
    with refused("PM053"), shop.task("worker", route=route) as connection:
        approve_for_a_moment(shop, number)
        call_number, result = begin(connection, "k1")
        assert result is None
        if waits_before == "the write":
            wait_until_expired(shop, number)
        connection.execute(MANY)
        if waits_before == "finish_write":
            wait_until_expired(shop, number)
        connection.execute("SELECT pgmoat.finish_write(%s)", [call_number])
        wait_until_expired(shop, number)
    assert count_written(shop) == 0
    assert read_state(shop, number) == ("expired", 1)
    assert hold_once(shop, "worker", "k1", route=route) == number
    decide(shop, number)
    assert run_once(shop, "worker", "k1", route=route)["affected"] == 30


def test_a_call_that_waits_for_a_row(shop: Moat) -> None:
    """It is held anew when it gets the row."""
    number = call_once(shop, "worker", "bump_many", "k1", last=30)["approval"]["id"]
    with ThreadPoolExecutor(1) as pool, shop.task("worker") as connection:
        with shop.superuser() as person, person.transaction():
            person.execute("SELECT FROM public.counters WHERE id = 7 FOR UPDATE")
            approve_for_a_moment(shop, number)
            run = pool.submit(call, connection, "bump_many", "k1", last=30)
            wait_for_lock(shop)
            wait_until_expired(shop, number)
        assert run.result(30)["approval"]["id"] == number
    assert read_state(shop, number) == ("pending", 2)
    assert count_written(shop) == 0


def test_pruning_waits_for_no_agent(shop: Moat) -> None:
    number = hold_once(shop, "worker", "k1")
    with shop.task("worker") as connection:
        approve_for_a_moment(shop, number)
        begin(connection, "k1")
        wait_until_expired(shop, number)
        shop.run("SELECT pgmoat.prune_operations('0 s')")
        assert shop.value("SELECT count(*) FROM pgmoat.approval") == 1
        connection.execute("ROLLBACK")
