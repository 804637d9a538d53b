"""One logical operation, repeated by many callers through every kind of failure: one effect, one result."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Generator

import psycopg
import pytest

from tests.durable_server import DurableServer, run_durable_server
from tests.integration.operations.calls import Result, call, call_once, count_effects, without_flag
from tests.integration.operations.shop import POLICY, RESET, SCHEMA
from tests.integration.operations.storm import CALLERS, RETRIES, Storm
from tests.moat_fixtures import Moat, install_moat, refused


def _poll(claim: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _judge(shop: Moat, answers: list[Result], lost: int) -> None:
    assert count_effects(shop) == (1, 1, 1)
    assert shop.value("SELECT count(*) FROM pgmoat.change") == 2
    assert shop.value("SELECT max(rows_used) FROM pgmoat.ledger") == 2
    assert len(answers) + lost == CALLERS * RETRIES
    assert lost > 0
    assert len(answers) > CALLERS
    assert all(without_flag(answer) == without_flag(answers[0]) for answer in answers)
    assert sum(not answer["replayed"] for answer in answers) <= 1


def test_connections_killed_at_random(shop: Moat) -> None:
    storm = Storm(shop, shop.open_task("support"), "k1")
    _judge(shop, *storm.run(lambda: None))


@pytest.fixture
def durable() -> Generator[DurableServer]:
    """A server of its own whose commits survive kill -9."""
    with run_durable_server() as own:
        yield own


@pytest.fixture
def durable_shop(durable: DurableServer) -> Generator[Moat]:
    """The shop on that server."""
    with install_moat(durable.database, "storm_", SCHEMA, POLICY) as moat:
        moat.run(RESET)
        yield moat


def test_server_killed_between_commit_and_its_answer(durable: DurableServer, durable_shop: Moat) -> None:
    moat = durable_shop
    storm = Storm(moat, moat.open_task("support"), "k1")
    # A standby that never comes: COMMIT is on disk, and its answer waits.
    moat.run("SET synchronous_commit = local")
    moat.run("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    moat.run("SELECT pg_reload_conf()")
    _poll(lambda: moat.value("SHOW synchronous_standby_names") == "nobody")

    def kill_server() -> None:
        _poll(lambda: moat.value("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") == 1)
        moat.run("ALTER SYSTEM RESET synchronous_standby_names")
        storm.is_up.clear()
        durable.kill(signal.SIGKILL)
        durable.start()
        moat.judge_again()
        # Nobody has been told, and it is done.
        assert count_effects(moat) == (1, 1, 1)
        storm.is_up.set()

    answers, lost = storm.run(kill_server)
    _judge(moat, answers, lost)
    assert all(answer["replayed"] for answer in answers)


def _wait_for_lock(shop: Moat) -> None:
    _poll(
        lambda: (
            shop.value("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'") > 0
        )
    )


@pytest.mark.parametrize("is_committed", [True, False])
def test_a_concurrent_call_waits_for_the_first(shop: Moat, is_committed: bool) -> None:
    second: list[Result] = []

    def call_second() -> None:
        second.append(call_once(shop, "support", "refund_order", "k1", order_id=5, amount=20))

    thread = threading.Thread(target=call_second)
    with shop.task("support") as connection, connection.transaction(force_rollback=not is_committed):
        call(connection, "refund_order", "k1", order_id=5, amount=20)
        thread.start()
        _wait_for_lock(shop)
    thread.join(20)
    assert second[0]["replayed"] is is_committed
    assert count_effects(shop) == (1, 1, 1)


def test_a_call_that_may_not_wait_is_told_to_come_back(shop: Moat) -> None:
    with shop.task("hasty") as first:
        call(first, "refund_order", "k1", order_id=5, amount=20)
        with refused("PM043"):
            call_once(shop, "hasty", "refund_order", "k1", order_id=5, amount=20)
    assert call_once(shop, "hasty", "refund_order", "k1", order_id=5, amount=20)["replayed"]


def test_one_order_refunded_under_two_keys_at_once(shop: Moat) -> None:
    """The second must not refund it again, whichever wall it meets."""
    codes: list[str | None] = []

    def call_second() -> None:
        with pytest.raises(psycopg.Error) as caught:
            call_once(shop, "support", "refund_order", "k2", order_id=5, amount=20)
        codes.append(caught.value.sqlstate)

    thread = threading.Thread(target=call_second)
    with shop.task("support") as connection:
        call(connection, "refund_order", "k1", order_id=5, amount=20)
        thread.start()
        _wait_for_lock(shop)
    thread.join(20)
    assert codes == ["40001"]
    with refused("PM044"):
        call_once(shop, "support", "refund_order", "k2", order_id=5, amount=20)
    assert count_effects(shop) == (1, 1, 1)
