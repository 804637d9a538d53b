"""
Whether each agent's rights name what exists and fit the entity.

In: Policy. Out: findings. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.model.finding import Finding, PolicyPath, Severity
from pgmoat.policy.messages import suggest
from pgmoat.policy.rules.entities import error, find_repeats
from pgmoat.policy.rules.logs import check_log_access
from pgmoat.policy.schema import AgentPolicy, EntityAccess, EntityPolicy, Policy
from pgmoat.policy.units import render_milliseconds


def check_agents(policy: Policy, known: frozenset[str]) -> Iterator[Finding]:
    """Yield what is wrong with the agents; *known* are the entities, broken ones as well."""
    for name, agent in policy.agents.items():
        path = ("agents", name)
        yield from _check_limits(agent, (*path, "limits"))
        yield from _check_lock_timeout(agent, (*path, "timeouts"))
        yield from _check_clients(policy, agent, path)
        for entity_name, access in agent.entities.items():
            here = (*path, "entities", entity_name)
            if entity_name not in known:
                hint = suggest(entity_name, known)
                yield error("unknown-entity", here, f"there is no entity `{entity_name}`", hint)
            elif entity_name in policy.logs:
                yield from check_log_access(policy, entity_name, access, here)
            elif entity_name in policy.entities:
                yield from check_access(access, policy.entities[entity_name], entity_name, here)


def check_access(
    access: EntityAccess, entity: EntityPolicy, entity_name: str, path: PolicyPath
) -> Iterator[Finding]:
    """Yield what is wrong with a right on *entity*, which stands at *path*."""
    for verb, columns in (("select", access.select), ("insert", access.insert), ("update", access.update)):
        if not isinstance(columns, str):
            yield from find_repeats(columns, (*path, verb))
            yield from _check_names(columns, entity, (*path, verb))
    yield from _check_key(access, entity, path)
    if access.delete and entity.delete.mode != "soft":
        message = f"the rows of `{entity_name}` cannot be deleted: its delete is not soft"
        hint = "write delete: soft in the entity, or delete: false here"
        yield error("delete-forbidden", (*path, "delete"), message, hint, ("entities", entity_name, "delete"))


def _check_names(columns: list[str], entity: EntityPolicy, path: PolicyPath) -> Iterator[Finding]:
    names = entity.entity_columns
    for index, column in enumerate(columns):
        if column in names.values():
            continue
        if column in names:
            message = f"`{column}` is the name in the base table"
            hint = f"agents see it as `{names[column]}`: write that"
        else:
            message = f"the entity has no column `{column}`"
            hint = suggest(column, names.values())
        yield error("unknown-column", (*path, index), message, hint)


def _check_key(access: EntityAccess, entity: EntityPolicy, path: PolicyPath) -> Iterator[Finding]:
    key = [entity.entity_name(column) for column in entity.key if column in entity.columns]
    if access.update != "all":
        for index, column in enumerate(access.update):
            if column in key:
                message = f"`{column}` belongs to the key, which no agent may change"
                yield error("key-update", (*path, "update", index), message, "remove it")
    if access.select == "all" or not (access.update or access.delete):
        return
    for column in key:
        if column not in access.select:
            message = f"`{column}` is missing: an agent that updates or deletes must see the key"
            yield error("key-not-selected", (*path, "select"), message, f"add {column}")


def _check_limits(agent: AgentPolicy, path: PolicyPath) -> Iterator[Finding]:
    limits = agent.limits
    ladder = (
        ("rows_per_statement", limits.rows_per_statement, "writes_per_task", limits.writes_per_task),
        ("writes_per_task", limits.writes_per_task, "writes_per_hour", limits.writes_per_hour),
    )
    for small, small_value, large, large_value in ladder:
        if small_value > large_value:
            message = f"{small_value} is more than {large} allows, {large_value}: it never trips"
            yield Finding(Severity.NOTE, "never-trips", (*path, small), message, also=(*path, large))


def _check_lock_timeout(agent: AgentPolicy, path: PolicyPath) -> Iterator[Finding]:
    lock, statement = agent.timeouts.lock, agent.timeouts.statement
    if lock >= statement:
        message = (
            f"{render_milliseconds(lock)} is not less than timeouts.statement,"
            f" {render_milliseconds(statement)}: it never trips, and a row that others hold looks like a slow"
            " statement"
        )
        yield Finding(Severity.NOTE, "never-trips", (*path, "lock"), message, also=(*path, "statement"))


def _check_clients(policy: Policy, agent: AgentPolicy, path: PolicyPath) -> Iterator[Finding]:
    yield from find_repeats(agent.guard.functions, (*path, "guard", "functions"))
    if agent.reads == "replica" and policy.replica is None:
        message = "there is no replica to read"
        yield error(
            "no-replica", (*path, "reads"), message, "write replica: {host: …} at the top of the policy"
        )
    most = agent.pool.size + agent.pool.overflow
    if "pool" in agent.model_fields_set and most > agent.connections:
        message = (
            f"one pool may open {most} connections (workers * steps * 0.5, and overflow), and the role has"
            f" {agent.connections}: logins beyond it fail"
        )
        hint = f"connections: {most}, or more with several processes"
        yield Finding(Severity.WARNING, "pool-over-connections", (*path, "pool"), message, hint)
