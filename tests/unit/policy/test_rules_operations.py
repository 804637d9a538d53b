"""Operations in a policy: each message as its reader sees it."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from pgmoat.errors import PolicyError
from pgmoat.policy.load import load_policy_text

_HEAD = """\
version: 1
entities:
  orders: {table: public.orders, key: [id], columns: {id: {}, usr_id: {name: customer_id}}}
agents:
  clerk: {operations: [refund]}
operations:
"""
_SOUND = "doc: Refund.\nparameters: {a: bigint}\nsql: UPDATE orders SET x = 1 WHERE id = :a\n"


def with_operation(text: str, name: str = "refund") -> str:
    return _HEAD + f"  {name}:\n" + indent(dedent(text), "    ")


def lines_of(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load_policy_text(text, "moat.yaml")
    return [line.partition(" ")[2] for line in caught.value.findings]


def warnings_of(text: str) -> list[str]:
    return [finding.code for finding in load_policy_text(text, "moat.yaml").findings]


def test_a_sound_operation() -> None:
    loaded = load_policy_text(with_operation(_SOUND), "moat.yaml")
    operation = loaded.policy.operations["refund"]
    assert operation.parameters["a"].type == "bigint"
    assert operation.sql == ["UPDATE orders SET x = 1 WHERE id = :a"]
    assert (operation.affects, operation.idempotency, operation.expires) == ("some", "required", 604_800_000)
    assert loaded.policy.agents["clerk"].writes
    assert not loaded.findings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("doc: x", "sql: it does nothing: both sql and returns are missing"),
        (
            "parameters: {order_id: bigint}\nsql: UPDATE orders SET x = 1 WHERE id = :ordr_id",
            "sql.0: there is no parameter `ordr_id`, at character 36 of it (did you mean `order_id`?)",
        ),
        (
            "sql:\n- UPDATE a SET b = 1\n- |\n  UPDATE a\n  SET b = ':x' || :y",
            "sql.1: there is no parameter `y`, at line 2, character 17 of it (parameters: idempotency_key)",
        ),
        (
            "sql: SELECT 1",
            "sql.0: a statement here begins with one of INSERT, UPDATE, DELETE, MERGE, WITH, not with SELECT",
        ),
        (
            "returns: TRUNCATE orders",
            "returns: a statement here begins with one of SELECT, INSERT, UPDATE, DELETE, MERGE, WITH,"
            " VALUES, TABLE, not with TRUNCATE",
        ),
        (
            "returns: SELECT 1\nrequire: [{that: '(true', message: m}]",
            "require.0.that: a bracket is not closed, at character 6 of it",
        ),
        (
            "returns: SELECT :a\nparameters: {a: 'numeric(10, 2)'}",
            "parameters.a: PostgreSQL ignores a length or precision in the type of a parameter"
            " (write numeric, and a condition under `require:`)",
        ),
        (
            "returns: SELECT :a, :b\nparameters: {a: {type: text, optional: true}, b: text}",
            "parameters.b: a parameter that is not optional stands behind `a`, which is;"
            " see moat.yaml:9:18 (put the optional ones last)",
        ),
        (
            "returns: SELECT :idempotency_key\nparameters: {idempotency_key: text}",
            "parameters.idempotency_key: a parameter cannot be named `idempotency_key` (choose another name)",
        ),
        (
            "returns: SELECT 1\nentities: {ordrs: {}}",
            "entities.ordrs: there is no entity `ordrs` (did you mean `orders`?)",
        ),
        (
            "returns: SELECT 1\nentities: {orders: {update: [usr_id]}}",
            "entities.orders.update.0: `usr_id` is the name in the base table"
            " (agents see it as `customer_id`: write that)",
        ),
        ("returns: SELECT 1\naffects: most", "affects: expected some or any, found the text 'most'"),
        ("returns: SELECT 1\naffects: 0", "affects: must be greater than 0"),
        ("returns: SELECT 1\nexpires: 7", "expires: write a unit: 7s, say, not 7"),
    ],
)
def test_messages(text: str, expected: str) -> None:
    assert lines_of(with_operation(text)) == [f"operations.refund.{expected}"]


def test_names() -> None:
    assert lines_of(with_operation(_SOUND, "orders").replace("[refund]", "[orders]")) == [
        "operations.orders: `orders` is the name of an entity too; see moat.yaml:3:3 (rename one)"
    ]
    (line,) = lines_of(with_operation(_SOUND, "select").replace("[refund]", "[select]"))
    assert line.endswith("`select` is a reserved word: agents could not call it")
    clash = with_operation(_SOUND).replace(
        "version: 1", "version: 1\nsettings: {agent_role_prefix: pgmoat_op_}"
    )
    (line,) = lines_of(clash.replace("clerk:", "refund:"))
    assert "which is that of agent refund" in line


def test_agents_name_operations_that_exist() -> None:
    assert lines_of(with_operation(_SOUND).replace("[refund]", "[refund, refnd, refund]")) == [
        "agents.clerk.operations.1: there is no operation `refnd` (did you mean `refund`?)",
        "agents.clerk.operations.2: `refund` is listed twice; see moat.yaml:5:24",
    ]


def test_a_broken_operation_hides_no_other_problem() -> None:
    text = with_operation("doc: 5\nsql: UPDATE a SET b = 1\n") + "  other: {sql: 'UPDATE a SET b = :c'}\n"
    assert len(lines_of(text)) == 2


def test_warnings() -> None:
    assert warnings_of(with_operation(_SOUND).replace("[refund]", "[]")) == ["operation-unused"]
    assert warnings_of(with_operation(_SOUND.replace(":a", "1"))) == ["parameter-unused"]


def test_an_operation_is_not_called_as_the_function_that_counts_hidden_rows() -> None:
    told = with_operation(_SOUND, "orders_hidden").replace(
        "orders: {table:", "orders: {rows: id = task.id, tell_hidden: [out_of_scope], table:"
    )
    told = told.replace("operations: [refund]", "operations: [orders_hidden]")
    (line,) = lines_of(told)
    assert "`orders_hidden` is the function that counts hidden rows of `orders`" in line
    load_policy_text(told.replace("tell_hidden: [out_of_scope], ", ""), "moat.yaml")
