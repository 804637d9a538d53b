"""Names of the functions that count hidden rows. I/O: none."""

from __future__ import annotations

from pgmoat.policy.access import compile_access
from pgmoat.policy.hidden import name_hidden
from pgmoat.policy.load import load_policy_text


def test_a_long_name_is_cut_and_stays_its_own() -> None:
    first, second = (name_hidden("e" * 59 + letter) for letter in "ab")
    assert len(first) == len(second) == 63
    assert first != second
    assert name_hidden("orders") == "orders_hidden"


def test_an_access_tells_what_a_diagnosis_must_know() -> None:
    text = """
version: 1
entities:
  customers: {table: public.customers, key: [id], columns: {id: {}}}
  orders:
    table: public.orders
    columns: {id: {}, usr_id: {name: customer_id, references: customers}, tenant: {}}
    rows: customer_id = task.customer and tenant = task.tenant and hidden = task.other
    delete: soft
    tell_hidden: [deleted]
agents:
  clerk: {entities: {orders: {}, customers: {}}}
  blind: {entities: {orders: {select: [], insert: [id]}}}
"""
    policy = load_policy_text(text, "moat.yaml").policy
    orders, customers = compile_access(policy, "clerk")
    assert orders.references == (("customer_id", "customers"),)
    assert orders.scope == (("customer_id", "customer"), ("tenant", "tenant"))
    assert (orders.is_scoped, orders.is_soft_deleted, orders.tells) == (True, True, ("deleted",))
    assert (customers.key, customers.is_scoped, customers.tells) == (("id",), False, ())
    (blind,) = compile_access(policy, "blind")
    assert blind.tells == ()
