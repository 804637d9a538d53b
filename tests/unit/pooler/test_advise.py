"""How many connections agents need, by the formulas that are shown."""

from __future__ import annotations

import pytest

from pgmoat.errors import PoolerError
from pgmoat.pooler.advise import Slots, advise
from tests.unit.pooler.setups import SLOTS, load


def test_the_pool_is_workers_times_steps_times_a_half_rounded_up() -> None:
    fulfillment, reader = advise(load(), SLOTS).pools
    assert (fulfillment.size, fulfillment.reserve, fulfillment.most) == (30, 10, 40)
    assert (reader.size, reader.reserve, reader.most) == (3, 1, 4)
    assert fulfillment.size_formula == "ceil(30 * 2 * 0.5) = 30"
    assert fulfillment.limit_formula == "1 * (30 + 10) = 40"
    assert not fulfillment.is_cut


def test_each_process_needs_its_own_connections() -> None:
    fulfillment, reader = advise(load(), SLOTS, 2).pools
    assert (fulfillment.needed, reader.needed) == (80, 8)
    assert fulfillment.limit_formula == "2 * (30 + 10) = 80"


@pytest.mark.parametrize(
    ("connections", "processes", "size", "reserve"),
    [(40, 1, 30, 10), (35, 1, 30, 5), (30, 1, 30, 0), (12, 1, 12, 0), (41, 2, 20, 0), (60, 2, 30, 0)],
)
def test_no_process_opens_more_than_its_share_of_the_connection_limit(
    connections: int, processes: int, size: int, reserve: int
) -> None:
    agents = (
        "agents: {a: {entities: {orders: {}}, pool: {workers: 30, steps: 2, overflow: 10},"
        f" connections: {connections}}}}}\n"
    )
    (pool,) = advise(load(agents), SLOTS, processes).pools
    assert (pool.size, pool.reserve) == (size, reserve)
    assert pool.most * processes <= connections
    assert pool.is_cut == (pool.needed > connections)


def test_what_is_cut_is_said_with_the_remedy() -> None:
    agents = "agents: {a: {entities: {orders: {}}, connections: 4}}\n"
    (warning,) = advise(load(agents), SLOTS).warnings
    assert "agents.a: 1 * (10 + 5) = 15" in warning
    assert "connections: to 15" in warning


def test_people_keep_their_slots() -> None:
    advice = advise(load(), Slots(68, 3))
    assert advice.fits
    assert advice.slots.for_agents == advice.sum_of_limits == 45
    tight = advise(load(), Slots(67, 3))
    assert not tight.fits
    assert "67 max_connections - 3 reserved - 20 for people = 44" in tight.warnings[0]


def test_clients_are_counted_twice_for_a_deploy() -> None:
    assert advise(load(), SLOTS).max_clients == 2 * (30 * 2 + 5 * 1) + 10


def test_fewer_connections_than_processes_are_refused() -> None:
    with pytest.raises(PoolerError, match=r"agents\.reader\.connections is 5, fewer than --processes 6"):
        advise(load(), SLOTS, 6)


def test_a_policy_without_agents_is_refused() -> None:
    with pytest.raises(PoolerError, match="no agents"):
        advise(load(""), SLOTS)
