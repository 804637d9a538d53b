"""What the policy lets an agent's SQL name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgmoat.guard.allowed import Allowed, compile_allowed, describe_relations, describe_writing
from pgmoat.guard.check import Use, check_statement
from pgmoat.policy.load import load_policy_text
from pgmoat.policy.schema import Policy

_TEXT = """
version: 1
settings: {entity_schema: shop}
entities:
  orders:
    table: public.orders
    columns: {id: {}, state: {}}
    log:
      name: order_log
      state: state
      key: [order_number]
      transitions: {open: [paid]}
  customers: {table: public.customers, columns: {id: {}}}
operations:
  close_order:
    entities: {orders: {update: [state]}}
    parameters: {number: bigint}
    sql: "UPDATE orders SET state = 'paid' WHERE id = :number"
agents:
  reader:
    entities: {customers: {}, order_log: {}}
    guard: {functions: [people.score]}
  writer:
    entities: {orders: {}, order_log: {select: [event_id, new_status], insert: all}}
  clerk:
    entities: {order_log: {select: [order_number, event_id, new_status, changed_by, changed_at]}}
  caller:
    operations: [close_order]
"""


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy_text(_TEXT, "moat.yaml").policy


def test_a_log_brings_its_projections(policy: Policy) -> None:
    allowed = compile_allowed(policy, "reader")
    assert {access.name: access.select for access in allowed.entities} == {
        "customers": ("id",),
        "order_log": "all",
    }
    assert replace(allowed, entities=frozenset()) == Allowed(
        schema="shop",
        relations=frozenset({"customers", "order_log", "order_log_current"}),
        functions=frozenset(
            {"people.score", "pgmoat.my_changes", "pgmoat.my_task", "pgmoat.scope", "shop.order_log_at"}
        ),
        operations=frozenset(),
    )


def test_projections_show_no_more_than_may_be_selected(policy: Policy) -> None:
    assert compile_allowed(policy, "writer").relations == {"orders", "order_log"}
    assert compile_allowed(policy, "clerk").relations == {"order_log", "order_log_current"}


def test_operations_alone(policy: Policy) -> None:
    allowed = compile_allowed(policy, "caller")
    assert not allowed.relations
    assert allowed.operations == {"close_order"}
    assert describe_relations(allowed) == "this agent has no entities, only operations: close_order"


def test_who_may_not_write_is_not_sent_to_write(policy: Policy) -> None:
    hints = {
        agent: describe_writing(compile_allowed(policy, agent)) for agent in ("writer", "caller", "reader")
    }
    assert hints == {
        "writer": "a query only reads: use write",
        "caller": "this agent writes by operations only: close_order",
        "reader": "this agent only reads",
    }


def test_an_unknown_agent_is_an_error(policy: Policy) -> None:
    with pytest.raises(KeyError):
        compile_allowed(policy, "nobody")


def test_a_hint_lists_at_most_twenty() -> None:
    names = frozenset(f"thing_{number:02}" for number in range(25))
    shown = describe_relations(Allowed("agent", names, frozenset(), frozenset()))
    assert shown.startswith("entities: thing_00, thing_01")
    assert shown.endswith("thing_19 and 5 more")


@pytest.mark.parametrize(
    "text", ["DESCRIBE customers", "desc shop.customers;", "show columns from customers"]
)
def test_who_asks_for_columns_gets_them(policy: Policy, text: str) -> None:
    (problem,) = check_statement(text, Use.READ, compile_allowed(policy, "reader")).problems
    assert problem.hint == "customers has the columns id: SELECT those you need"


def test_who_asks_for_columns_of_something_else_gets_the_entities(policy: Policy) -> None:
    (problem,) = check_statement("DESCRIBE nothing", Use.READ, compile_allowed(policy, "reader")).problems
    assert problem.hint.startswith("entities: customers, order_log")
