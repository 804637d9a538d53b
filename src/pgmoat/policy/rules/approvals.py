"""
Whether what asks for a person's word can ask, and what asks.

In: Policy. Out: findings. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.model.count import describe_count
from pgmoat.model.finding import Finding, PolicyPath, Severity
from pgmoat.policy.rules.entities import error
from pgmoat.policy.schema import AgentPolicy, OperationApproval, OperationPolicy, Policy


def check_approvals(policy: Policy) -> Iterator[Finding]:
    """Yield rules that cannot work or never ask, and a note about each that does."""
    for name, operation in policy.operations.items():
        if operation.approval is not None:
            yield from _check_operation(policy, name, operation, operation.approval)
    for name, agent in policy.agents.items():
        yield from _check_agent(agent, ("agents", name))


def _check_operation(
    policy: Policy, name: str, operation: OperationPolicy, approval: OperationApproval
) -> Iterator[Finding]:
    path = ("operations", name)
    if operation.idempotency == "optional":
        message = "a call without a key cannot be held: nobody could say which one a person has approved"
        also = (*path, "approval")
        yield error("approval-key", (*path, "idempotency"), message, "write idempotency: required", also)
    if not any(access.insert or access.update or access.delete for access in operation.entities.values()):
        yield error("approval-of-nothing", (*path, "approval"), "the operation writes nothing")
    bounds = [
        (policy.agents[agent].limits.rows_per_statement, ("agents", agent, "limits", "rows_per_statement"))
        for agent, found in policy.agents.items()
        if name in found.operations
    ]
    if isinstance(operation.affects, int):
        bounds = [(operation.affects, (*path, "affects"))]
    if approval.rows is not None and bounds:
        most, also = max(bounds)
        yield from _check_reach(approval.rows, most, (*path, "approval", "rows"), also)
    if approval.when is not None and approval.when.strip().lower() == "false" and approval.rows is None:
        yield Finding(
            Severity.WARNING, "never-asks", (*path, "approval", "when"), "false: nobody is ever asked"
        )
    asks = [f"when {' '.join(approval.when.split())}"] if approval.when is not None else []
    asks += [f"above {approval.rows} rows"] if approval.rows is not None else []
    yield _note((*path, "approval"), f"a person is asked {' or '.join(asks) or 'on every call'}")


def _check_agent(agent: AgentPolicy, path: PolicyPath) -> Iterator[Finding]:
    approval, limits = agent.approval, agent.limits
    here = (*path, "approval")
    if "approval" in agent.model_fields_set:
        own = agent.entities.values()
        if approval.rows_per_statement is None and approval.rows_per_task is None:
            message = "neither rows_per_statement nor rows_per_task: nobody is ever asked"
            yield Finding(Severity.WARNING, "never-asks", here, message)
        elif not any(access.insert or access.update or access.delete for access in own):
            message = "the agent writes nothing by SQL of its own: nobody is ever asked"
            yield Finding(Severity.WARNING, "never-asks", here, message)
    for key, rows, limit, most in (
        ("rows_per_statement", approval.rows_per_statement, "rows_per_statement", limits.rows_per_statement),
        ("rows_per_task", approval.rows_per_task, "writes_per_task", limits.writes_per_task),
    ):
        if rows is None:
            continue
        yield from _check_reach(rows, most, (*here, key), (*path, "limits", limit))
        what = (
            "a statement of the agent's own"
            if key == "rows_per_statement"
            else "a task by the agent's own SQL"
        )
        bound = f"more than {describe_count(rows, 'row')}" if rows else "anything"
        yield _note((*here, key), f"a person is asked when {what} would write {bound}")


def _check_reach(rows: int, most: int, path: PolicyPath, also: PolicyPath) -> Iterator[Finding]:
    if rows >= most:
        message = f"{rows} rows are never passed, for {most} are the most there can be: nobody is ever asked"
        yield Finding(Severity.WARNING, "never-asks", path, message, also=also)


def _note(path: PolicyPath, message: str) -> Finding:
    return Finding(Severity.NOTE, "asks-a-person", path, message)
