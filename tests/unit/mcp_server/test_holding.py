"""When a write waits for a person's word, told before it is tried."""

from __future__ import annotations

from typing import Any

import pytest

from pgmoat.mcp_server.holding import describe_operation, describe_own, warn_of_operation, warn_of_own
from pgmoat.policy.bounds import ApprovalPolicy, OperationApproval


def hold(**given: Any) -> OperationApproval:
    """Return the approval of an operation."""
    return OperationApproval.model_validate(given)


def bound(**given: Any) -> ApprovalPolicy:
    """Return the approval of an agent."""
    return ApprovalPolicy.model_validate(given)


NEVER = hold(rows=3)


def test_docs() -> None:
    both = hold(when=":price > 100", rows=1)
    assert describe_operation(both) == "It waits for a person's word where :price > 100 or above 1 row."
    assert describe_operation(hold()) == "Each call waits for a person's word."
    bounds = bound(rows_per_statement=2, rows_per_task=5)
    told = "It waits for a person's word above 2 rows in a statement or above 5 rows in a task."
    assert describe_own(bounds).strip() == told
    assert describe_own(bound()) == ""


@pytest.mark.parametrize(
    ("approval", "affected", "word"),
    [
        (None, 9, ""),
        (NEVER, 3, ""),
        (NEVER, 4, "would"),
        (hold(), 0, "would"),
        (hold(when=":x > 1"), 1, "may"),
        (hold(when=":x > 1", rows=3), 3, "may"),
        (hold(when=":x > 1", rows=3), 4, "would"),
    ],
)
def test_warnings_of_a_call(approval: OperationApproval | None, affected: int, word: str) -> None:
    found = warn_of_operation(approval, affected)
    assert bool(found) is bool(word)
    assert all(said.startswith(f"as a call this {word} wait") for said in found)


def test_warnings_of_a_write() -> None:
    bounds = bound(rows_per_statement=2, rows_per_task=5)
    assert [len(warn_of_own(bounds, rows)) for rows in (2, 3, 6)] == [0, 1, 1]
    assert "2 rows in a statement and above 5 rows in a task" in warn_of_own(bounds, 6)[0]
