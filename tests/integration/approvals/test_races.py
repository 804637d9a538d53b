"""Several at the same moment: two runs of one approval, two people, a person and an agent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.integration.approvals.people import (
    MANY,
    begin,
    count_written,
    decide,
    hold,
    hold_once,
    read_state,
    run_once,
    sign,
)
from tests.integration.keyed.writes import wait_for_lock
from tests.integration.operations.calls import call, call_once
from tests.moat_fixtures import Connection, Moat, enter, refused


def test_two_runs_of_one_approval(shop: Moat, route: str) -> None:
    number = hold_once(shop, "worker", "k1")
    decide(shop, number)
    with ThreadPoolExecutor(1) as pool:
        with shop.task("worker", route=route) as connection:
            call_number, _ = begin(connection, "k1")
            connection.execute(MANY)
            other = pool.submit(run_once, shop, "worker", "k1", route=route)
            wait_for_lock(shop)
            connection.execute("SELECT pgmoat.finish_write(%s)", [call_number])
        assert other.result(30)["replayed"]
    assert count_written(shop) == 30


def test_two_calls_of_one_approval(shop: Moat, route: str) -> None:
    number = call_once(shop, "worker", "bump_many", "k1", last=30)["approval"]["id"]
    decide(shop, number)
    with ThreadPoolExecutor(6) as pool:
        runs = [
            pool.submit(call_once, shop, "worker", "bump_many", "k1", route=route, last=30) for _ in range(12)
        ]
        results = [run.result(60) for run in runs]
    assert sorted(result["replayed"] for result in results) == [False] + [True] * 11
    assert count_written(shop) == 30
    assert read_state(shop, number) == ("done", 1)


@pytest.mark.parametrize("is_approved", [None, True])
def test_whoever_waited_finds_what_the_other_has_held(shop: Moat, is_approved: bool | None) -> None:
    """The key is free again when the first one holds it, and the second must not run on an old word."""
    if is_approved:
        decide(shop, call_once(shop, "worker", "bump_many", "k1", last=30)["approval"]["id"])
        shop.run("UPDATE public.counters SET note = 'x' WHERE id = 30")
    with ThreadPoolExecutor(1) as pool:
        with shop.task("worker") as connection:
            first = call(connection, "bump_many", "k1", last=30)["approval"]
            other = pool.submit(call_once, shop, "worker", "bump_many", "k1", last=30)
            wait_for_lock(shop)
        second = other.result(30)["approval"]
    assert second["id"] == first["id"]
    assert read_state(shop, first["id"]) == ("pending", 2 if is_approved else 1)
    assert count_written(shop) == 0


def test_two_holds_of_one_key(shop: Moat) -> None:
    with ThreadPoolExecutor(1) as pool:
        with shop.task("worker") as connection:
            number = hold(connection, sign(connection, "k1", MANY))["id"]
            other = pool.submit(run_once, shop, "worker", "k1")
            wait_for_lock(shop)
        assert other.result(30)["approval"]["id"] == number
    assert read_state(shop, number) == ("pending", 1)


def test_two_transactions_of_one_task(shop: Moat) -> None:
    """Each is below what needs nobody's word, and both together are not."""
    token = shop.open_task("worker")

    def commit(connection: Connection) -> str | None:
        try:
            connection.commit()
        except psycopg.Error as error:
            return error.sqlstate
        return None

    with shop.connect("worker") as first, shop.connect("worker") as second:
        for connection, start in ((first, 1), (second, 101)):
            connection.autocommit = False
            enter(connection, token)
            for part in range(3):
                begins = start + part * 10
                connection.execute(
                    "UPDATE counters SET v = v + 1 WHERE id BETWEEN %s AND %s", [begins, begins + 9]
                )
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(commit, (first, second)))
    assert sorted(answers, key=str) == [None, "PM050"]
    assert count_written(shop) == 30


@pytest.mark.parametrize("is_approved", [True, False])
def test_an_agent_that_stays_does_not_keep_people_from_deciding(
    shop: Moat, route: str, is_approved: bool
) -> None:
    """What waited for the key finds that it is held, and keeps no lock on that however long it stays."""
    with ThreadPoolExecutor(1) as pool, shop.task("worker", route=route) as second:
        with shop.task("worker", route=route) as first:
            signed = sign(first, "k1", MANY)
            other = pool.submit(begin, second, "k1")
            wait_for_lock(shop)
            number = hold(first, signed)["id"]
        assert other.result(30)[1]["approval"]["id"] == number
        decide(shop, number, is_approved=is_approved)
    assert read_state(shop, number) == ("approved" if is_approved else "rejected", 1)


def test_a_person_does_not_wait_for_a_run_that_does_not_end(shop: Moat) -> None:
    number = hold_once(shop, "worker", "k1")
    decide(shop, number)
    with shop.task("worker") as connection:
        begin(connection, "k1")
        with refused("55P03") as caught:
            decide(shop, number, is_approved=False)
        assert "a transaction of the agent's is using it" in str(caught.value.diag.message_primary)


def test_a_hundred_wait_over_all_connections(shop: Moat, route: str) -> None:
    """Neither transaction sees what the other has held; at COMMIT one counts after the other."""

    def commit(connection: Connection) -> str | None:
        try:
            connection.execute("COMMIT")
        except psycopg.Error as error:
            return error.sqlstate
        return None

    with shop.connect("worker", route=route) as first, shop.connect("worker", route=route) as second:
        for connection, name in ((first, "a"), (second, "b")):
            connection.execute("BEGIN")
            enter(connection, shop.open_task("worker"))
            connection.execute(
                "SELECT count(wipe(i, %s || i) IS NOT NULL) FROM generate_series(1, 60) AS i", [name]
            )
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(commit, (first, second)))
    assert sorted(answers, key=str) == [None, "PM054"]
    assert shop.value("SELECT count(*) FROM pgmoat.approval") == 60
    assert shop.value("SELECT count(*) FROM pgmoat.incident") == 60


def test_whoever_counts_early_holds_up_its_own_agent_alone(shop: Moat) -> None:
    """Others are told after two seconds; people decide and freeze at once."""
    number = call_once(shop, "worker", "wipe", "k1", counter_id=1)["approval"]["id"]
    with shop.task("worker") as connection:
        connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        call(connection, "wipe", "k2", counter_id=2)
        with refused("PM014") as caught:
            call_once(shop, "worker", "wipe", "k3", counter_id=3)
        assert "what agent worker has waiting" in str(caught.value.diag.message_primary)
        assert "approval" in call_once(shop, "twin", "wipe", "k3", counter_id=3)
        decide(shop, number)
        shop.run("SET lock_timeout = '1s'")
        shop.run("SELECT pgmoat.freeze_agent('worker', 'x')")
        shop.run("RESET lock_timeout")
        connection.execute("ROLLBACK")


def test_two_people(shop: Moat) -> None:
    """Who comes first decides; the other is told."""
    number = hold_once(shop, "worker", "k1")

    def try_to(is_approved: bool) -> str | None:
        try:
            decide(shop, number, is_approved=is_approved)
        except psycopg.Error as error:
            return error.sqlstate
        return None

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(try_to, [True, False] * 4))
    assert sorted(answers, key=str) == [None, *["PM056"] * 7]
    assert shop.value("SELECT count(*) FROM pgmoat.incident WHERE action <> 'held'") == 1


def test_an_agent_that_polls_does_not_hold_up_a_person(shop: Moat) -> None:
    number = call_once(shop, "worker", "wipe", "k1", counter_id=5)["approval"]["id"]
    with shop.task("worker") as connection:
        assert call(connection, "wipe", "k1", counter_id=5)["approval"]["id"] == number
        connection.execute("SELECT * FROM pgmoat.outcome(%s)", [number])
        decide(shop, number)
        assert call(connection, "wipe", "k1", counter_id=5)["affected"] == 1


def test_rejected_while_it_is_tried(shop: Moat) -> None:
    """An approval that a run has begun to use cannot be taken back under it; it is done, or pending again."""
    number = hold_once(shop, "worker", "k1")
    decide(shop, number)
    with ThreadPoolExecutor(1) as pool:
        with shop.task("worker") as connection:
            call_number, _ = begin(connection, "k1")
            connection.execute(MANY)
            person = pool.submit(decide, shop, number, False)
            wait_for_lock(shop)
            connection.execute("SELECT pgmoat.finish_write(%s)", [call_number])
        with pytest.raises(psycopg.Error) as caught:
            person.result(30)
    assert caught.value.sqlstate == "PM056"
    assert read_state(shop, number) == ("done", 1)
