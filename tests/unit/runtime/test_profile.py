"""An agent as its clients see it."""

from __future__ import annotations

import pytest

from pgmoat.errors import NotFoundError
from pgmoat.policy.load import load_policy_text
from pgmoat.policy.schema import Policy
from pgmoat.runtime.profile import resolve_profile

POLICY = """
version: 1
settings: {agent_role_prefix: shop_, entity_schema: shop}
replica: {host: standby}
entities:
  orders: {table: public.orders, columns: {id: {}, n: {}}}
operations:
  bump:
    parameters: {id: bigint}
    entities: {orders: {update: [n]}}
    sql: UPDATE orders SET n = n + 1 WHERE id = :id
  drop: {entities: {orders: {update: [n]}}, sql: UPDATE orders SET n = 0}
agents:
  support:
    version: v2
    entities: {orders: {}}
    operations: [bump]
    guard: {result_rows: 7, cost: null}
    pool: {workers: 3, steps: 1}
    timeouts: {statement: 1s}
  reader: {entities: {orders: {}}, tasks: claimed, reads: replica, tags: comment}
  quiet: {entities: {orders: {}}, tags: none}
  named: {entities: {orders: {}}, tags: application_name}
"""


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy_text(POLICY, "moat.yaml").policy


def test_what_an_agent_has(policy: Policy) -> None:
    profile = resolve_profile(policy, "support")
    assert (profile.agent, profile.version, profile.agent_id) == ("support", "v2", "support-v2")
    assert (profile.role, profile.schema) == (policy.settings.agent_role("support"), "shop")
    assert profile.role.startswith("shop_")
    assert list(profile.operations) == ["bump"]
    assert (profile.guard.result_rows, profile.guard.cost) == (7, None)
    assert (profile.pool.size, profile.timeouts.statement) == (2, 1000)
    assert (profile.is_claiming, profile.replica) == (False, None)


def test_an_agent_that_claims_and_reads_from_the_replica(policy: Policy) -> None:
    profile = resolve_profile(policy, "reader")
    assert profile.is_claiming
    assert profile.replica is policy.replica is not None


@pytest.mark.parametrize(
    ("agent", "has_comment", "has_name"),
    [("support", True, True), ("reader", True, False), ("named", False, True), ("quiet", False, False)],
)
def test_tags(policy: Policy, agent: str, *, has_comment: bool, has_name: bool) -> None:
    profile = resolve_profile(policy, agent)
    assert (profile.has_comment, profile.has_name) == (has_comment, has_name)


def test_an_agent_that_is_not_there(policy: Policy) -> None:
    with pytest.raises(NotFoundError, match="no agent 'suport'") as caught:
        resolve_profile(policy, "suport")
    assert caught.value.hint == "did you mean `support`?"
    with pytest.raises(NotFoundError) as caught:
        resolve_profile(policy, "zzz")
    assert caught.value.hint == "agents: support, reader, quiet, named"
