"""A call of an operation: its statement, its values, and what is said about a wrong one."""

from __future__ import annotations

from decimal import Decimal

import postgast
import pytest
from psycopg.types.json import Jsonb

from pgmoat.errors import PermissionDeniedError, ValueRefusedError
from pgmoat.policy.load import load_policy_text
from pgmoat.runtime.calls import bind_call
from pgmoat.runtime.profile import Profile, resolve_profile

POLICY = """
version: 1
entities:
  orders: {table: public.orders, columns: {id: {}, n: {}}}
operations:
  refund:
    parameters: {order_id: bigint, amount: numeric, note: {type: text, optional: true}}
    entities: {orders: {update: [n]}}
    sql: UPDATE orders SET n = :amount WHERE id = :order_id AND (:note)::text IS NULL
  reset: {entities: {orders: {update: [n]}}, sql: UPDATE orders SET n = 0}
agents:
  support: {entities: {orders: {}}, operations: [refund, reset]}
  reader: {entities: {orders: {}}}
"""


@pytest.fixture(scope="module")
def profile() -> Profile:
    return resolve_profile(load_policy_text(POLICY, "moat.yaml").policy, "support")


def test_a_call(profile: Profile) -> None:
    bound = bind_call(profile, "refund", {"amount": Decimal("9.95"), "order_id": 7}, "k")
    assert bound.text == (
        f'SELECT "{profile.schema}"."refund"("amount" => CAST($1 AS numeric),'
        ' "order_id" => CAST($2 AS bigint), "idempotency_key" => $3::text)::text'
    )
    assert bound.values == (Decimal("9.95"), 7, "k")
    assert len(postgast.parse(bound.text).stmts) == 1


def test_a_call_without_parameters(profile: Profile) -> None:
    bound = bind_call(profile, "reset", {}, "k")
    assert bound.text == f'SELECT "{profile.schema}"."reset"("idempotency_key" => $1::text)::text'
    assert bound.values == ("k",)


def test_an_optional_parameter_may_be_none_and_a_mapping_becomes_jsonb(profile: Profile) -> None:
    given = {"order_id": 7, "amount": {"a": 1}, "note": None}
    *_, note, key = (values := bind_call(profile, "refund", given, "k").values)
    assert (note, key) == (None, "k")
    assert isinstance(values[1], Jsonb)


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        ({"order_id": 7}, "operation refund needs amount", "Give each of them a value."),
        ({"order_id": 7, "amount": None}, "operation refund needs amount", "Give each of them a value."),
        ({}, "operation refund needs order_id, amount", "Give each of them a value."),
        ({"order": 7}, "operation refund has no parameter 'order'", "did you mean `order_id`?"),
        (
            {"zzz": 7},
            "operation refund has no parameter 'zzz'",
            "Parameters: order_id, amount, note.",
        ),
        (
            {"idempotency_key": "x"},
            "operation refund has no parameter 'idempotency_key'",
            "Parameters: order_id, amount, note.",
        ),
        (
            {'order_id" => 1) --': 7},
            "operation refund has no parameter 'order_id\" => 1) --'",
            "did you mean `order_id`?",
        ),
    ],
)
def test_wrong_arguments(profile: Profile, arguments: dict[str, object], message: str, hint: str) -> None:
    with pytest.raises(ValueRefusedError) as caught:
        bind_call(profile, "refund", arguments, "k")
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_an_operation_that_the_agent_does_not_have(profile: Profile) -> None:
    with pytest.raises(PermissionDeniedError, match="agent support has no operation 'refunds'") as caught:
        bind_call(profile, "refunds", {}, "k")
    assert caught.value.hint == "did you mean `refund`?"
    reader = resolve_profile(load_policy_text(POLICY, "moat.yaml").policy, "reader")
    with pytest.raises(PermissionDeniedError) as caught:
        bind_call(reader, "refund", {}, "k")
    assert caught.value.hint == "Operations: none."
