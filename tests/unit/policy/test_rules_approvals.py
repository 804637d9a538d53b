"""Approvals in a policy: what cannot work, what never asks, and what is said about the rest."""

from __future__ import annotations

import pytest

from pgmoat.errors import PolicyError
from pgmoat.model.finding import Severity
from pgmoat.policy.load import load_policy_text

_HEAD = """\
version: 1
entities:
  orders: {table: public.orders, key: [id], columns: {id: {}, state: {}}}
operations:
  refund:
    parameters: {amount: numeric}
    entities: {orders: {update: [state]}}
    sql: UPDATE orders SET state = :amount
"""
_AGENT = "agents:\n  clerk: {operations: [refund], entities: {orders: {update: all}}"


def lines_of(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load_policy_text(text, "moat.yaml")
    return [line.partition(" ")[2] for line in caught.value.findings]


def said_of(text: str) -> list[tuple[Severity, str, str]]:
    loaded = load_policy_text(text, "moat.yaml")
    return [
        (found.severity, found.code, loaded.describe(found).partition(" ")[2]) for found in loaded.findings
    ]


def with_operation(text: str, agent: str = "}\n") -> str:
    return _HEAD + "".join(f"    {line}\n" for line in text.splitlines()) + _AGENT + agent


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("approval: always", "a person is asked on every call"),
        ("approval: {}", "a person is asked on every call"),
        ('approval: {when: ":amount\n   > 100"}', "a person is asked when :amount > 100"),
        ("approval: {rows: 0}", "a person is asked above 0 rows"),
        (
            'approval: {when: ":amount > 1", rows: 5}',
            "a person is asked when :amount > 1 or above 5 rows",
        ),
    ],
)
def test_what_asks_is_said(text: str, expected: str) -> None:
    assert said_of(with_operation(text)) == [
        (Severity.NOTE, "asks-a-person", f"operations.refund.approval: {expected}")
    ]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (
            'approval: {when: ":amont > 100"}',
            "operations.refund.approval.when: there is no parameter `amont`",
        ),
        ('approval: {when: ":amount > (100"}', "operations.refund.approval.when: a bracket is not closed"),
        ("approval: never", "operations.refund.approval"),
        ("approval: {rows: -1}", "operations.refund.approval.rows"),
        ("approval: {rows: true}", "operations.refund.approval.rows"),
        ("approval: {row: 1}", "operations.refund.approval.row"),
        (
            "idempotency: optional\napproval: always",
            "operations.refund.idempotency: a call without a key cannot be held",
        ),
    ],
)
def test_what_cannot_work(text: str, place: str) -> None:
    (line,) = lines_of(with_operation(text))
    assert line.startswith(place)


def test_an_operation_that_writes_nothing() -> None:
    text = with_operation("approval: always").replace("update: [state]}}", "select: all}}", 1)
    (line,) = lines_of(text)
    assert line == "operations.refund.approval: the operation writes nothing"


@pytest.mark.parametrize(
    ("text", "agent"),
    [
        ("affects: 5\napproval: {rows: 5}", "}\n"),
        ("approval: {rows: 100}", "}\n"),
        ("approval: {rows: 20}", ", limits: {rows_per_statement: 20}}\n"),
    ],
)
def test_what_never_asks(text: str, agent: str) -> None:
    (first, _) = said_of(with_operation(text, agent))
    assert first[:2] == (Severity.WARNING, "never-asks")
    assert "operations.refund.approval.rows" in first[2]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (
            'approval: {wen: ":amount > 1"}',
            "operations.refund.approval.wen: unknown key (did you mean `when`?)",
        ),
        (
            "approval: alwayss",
            "operations.refund.approval: expected a mapping (key: value), found the text 'alwayss'"
            " (write always,",
        ),
        ("approval: {rows: -1}", "operations.refund.approval.rows: must be at least 0"),
    ],
)
def test_what_is_misspelt_says_what_may_stand_there(text: str, place: str) -> None:
    (line,) = lines_of(with_operation(text))
    assert line.startswith(place)


@pytest.mark.parametrize("approval", ["{}", "{expires: 2h}"])
def test_an_agent_without_a_threshold(approval: str) -> None:
    found = said_of(with_operation("", f", approval: {approval}}}\n"))
    assert found == [
        (
            Severity.WARNING,
            "never-asks",
            "agents.clerk.approval: neither rows_per_statement nor rows_per_task: nobody is ever asked",
        )
    ]


def test_a_condition_that_is_never_true() -> None:
    (first, _) = said_of(with_operation('approval: {when: "false"}'))
    assert first[:2] == (Severity.WARNING, "never-asks")


def test_an_agents_own_sql() -> None:
    found = said_of(with_operation("", ", approval: {rows_per_statement: 20, rows_per_task: 1000}}\n"))
    assert [(severity, code) for severity, code, _ in found] == [
        (Severity.NOTE, "asks-a-person"),
        (Severity.WARNING, "never-asks"),
        (Severity.NOTE, "asks-a-person"),
    ]
    assert found[0][2] == (
        "agents.clerk.approval.rows_per_statement: a person is asked when a statement of the agent's own"
        " would write more than 20 rows"
    )
    assert found[1][2].startswith("agents.clerk.approval.rows_per_task: 1000 rows are never passed")
