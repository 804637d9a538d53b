"""Idempotency keys: as many retries as it likes, one event."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.moat_fixtures import Moat, Row, enter, refused

_STEP = (
    "INSERT INTO order_state_log (order_id, new_status, reason, idempotency_key) VALUES (%s, %s, %s, %s)"
    " RETURNING event_id, previous_status, changed_at, task_id"
)


def step(shop: Moat, *values: object, agent: str = "support") -> Row:
    with shop.task(agent) as connection:
        cursor = connection.execute(_STEP, values)
        assert cursor.rowcount == 1
        row = cursor.fetchone()
    assert row is not None
    return row


def test_a_retry_gets_the_first_row_and_writes_nothing(shop: Moat) -> None:
    first = step(shop, 3, "processing", "r", "k1")
    changes = shop.value("SELECT count(*) FROM pgmoat.change")
    assert step(shop, 3, "processing", "r", "k1") == first
    with shop.task("support") as agent:  # twice in one statement
        agent.execute(
            "INSERT INTO order_state_log (order_id, new_status, reason, idempotency_key)"
            " VALUES (3, 'processing', 'r', 'k1'), (3, 'processing', 'r', 'k1')"
        )
    assert shop.value("SELECT count(*) FROM pgmoat.log_order_state_log") == 1
    assert shop.value("SELECT count(*) FROM pgmoat.change") == changes


def test_a_retry_after_the_state_moved_on_is_still_the_first_row(shop: Moat) -> None:
    first = step(shop, 3, "processing", None, "k1")
    step(shop, 3, "shipped", None, "k2")
    assert step(shop, 3, "processing", None, "k1") == first
    assert shop.value("SELECT stat_cd FROM public.orders WHERE id = 3") == 5


@pytest.mark.parametrize(
    "other", [(6, "processing", "r", "k1"), (3, "cancelled", "r", "k1"), (3, "processing", "x", "k1")]
)
def test_another_payload_under_the_key_is_loud(shop: Moat, other: tuple[object, ...]) -> None:
    step(shop, 3, "processing", "r", "k1")
    with refused("PM026") as caught, shop.task("support") as agent:
        agent.execute(_STEP, other)
    assert "'k1'" in str(caught.value)


def test_keys_are_each_agents_own(shop: Moat) -> None:
    step(shop, 3, "processing", None, "k1")
    step(shop, 6, "processing", None, "k1", agent="other")
    assert shop.value("SELECT count(*) FROM pgmoat.log_order_state_log") == 2


def test_a_key_is_required_where_the_policy_says_so(shop: Moat) -> None:
    with refused("PM027"), shop.task("support") as agent:
        agent.execute("INSERT INTO order_state_log (order_id, new_status) VALUES (3, 'processing')")
    with refused("23514"), shop.task("support") as agent:
        agent.execute(_STEP, (3, "processing", None, ""))


def test_a_rolled_back_key_is_free_again(shop: Moat) -> None:
    with shop.task("support") as agent:
        with agent.transaction(force_rollback=True):
            agent.execute(_STEP, (3, "processing", None, "k1"))
        agent.execute(_STEP, (6, "processing", None, "k1"))
    assert shop.read("SELECT order_id FROM pgmoat.log_order_state_log") == [(6,)]


def test_eight_at_once_with_one_key_get_one_event(shop: Moat, route: str) -> None:
    tokens = [shop.open_task("support") for _ in range(8)]
    start = threading.Barrier(8)

    def work(token: str) -> Row | None:
        with shop.connect("support", route=route) as agent:
            start.wait()
            for _ in range(20):
                try:
                    with agent.transaction():
                        enter(agent, token)
                        return agent.execute(_STEP, (3, "processing", None, "k1")).fetchone()
                except psycopg.errors.SerializationFailure:
                    continue
        return None

    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(work, tokens))
    assert rows[0] is not None
    assert rows == [rows[0]] * 8
    assert shop.value("SELECT count(*) FROM pgmoat.log_order_state_log") == 1


def test_eight_at_once_with_keys_of_their_own_take_one_step(shop: Moat) -> None:
    tokens = [shop.open_task("support") for _ in range(8)]
    start = threading.Barrier(8)

    def work(number: int) -> str | None:
        with shop.connect("support") as agent:
            start.wait()
            for _ in range(20):
                try:
                    with agent.transaction():
                        enter(agent, tokens[number])
                        agent.execute(_STEP, (3, "processing", None, f"k{number}"))
                except psycopg.errors.SerializationFailure:
                    continue
                except psycopg.Error as error:
                    return error.sqlstate
                else:
                    return "written"
        return "gave up"

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(filter(None, pool.map(work, range(8))))
    assert answers.count("written") == 1
    assert set(answers) <= {"written", "PM023", "PM024"}
    assert shop.value("SELECT count(*) FROM pgmoat.log_order_state_log") == 1
