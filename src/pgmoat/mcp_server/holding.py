"""
When a write waits for a person's word, told before it is tried.

In: the policy's approvals. Out: sentences. I/O: none.
"""

from __future__ import annotations

from pgmoat.policy.bounds import ApprovalPolicy, OperationApproval


def describe_operation(approval: OperationApproval) -> str:
    """Return when a call of an operation waits."""
    parts = [f"where {approval.when}"] if approval.when is not None else []
    parts += [f"above {_count(approval.rows)}"] if approval.rows is not None else []
    return (
        f"It waits for a person's word {' or '.join(parts)}."
        if parts
        else "Each call waits for a person's word."
    )


def describe_own(approval: ApprovalPolicy) -> str:
    """Return when SQL of the agent's own waits; empty for never."""
    parts = [f"above {_count(rows)} in {what}" for rows, what in _list_bounds(approval) if rows is not None]
    return f" It waits for a person's word {' or '.join(parts)}." if parts else ""


def warn_of_own(approval: ApprovalPolicy, affected: int) -> list[str]:
    """Return the warning that a write of so many rows would wait; what the task wrote before is not known."""
    over = [
        f"above {_count(rows)} in {what}"
        for rows, what in _list_bounds(approval)
        if rows is not None and affected > rows
    ]
    return [f"as a write this would wait for a person's word: {' and '.join(over)}"] if over else []


def warn_of_operation(approval: OperationApproval | None, affected: int) -> list[str]:
    """Return the warning that a call which writes so many rows would wait, or may."""
    if approval is None or (
        approval.when is None and approval.rows is not None and affected <= approval.rows
    ):
        return []
    is_sure = approval.when is None or (approval.rows is not None and affected > approval.rows)
    may = "would" if is_sure else "may"
    return [f"as a call this {may} wait for a person's word: {describe_operation(approval)}"]


def _list_bounds(approval: ApprovalPolicy) -> tuple[tuple[int | None, str], ...]:
    return (approval.rows_per_statement, "a statement"), (approval.rows_per_task, "a task")


def _count(rows: int) -> str:
    return f"{rows} row" if rows == 1 else f"{rows} rows"
