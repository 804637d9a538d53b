"""
Roles: pgmoat's own, and one login role per agent with its timeouts.

In: Policy, Catalog. Out: Roles, Rows of pgmoat.agent. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.catalog.snapshot import Catalog
from pgmoat.model.objects import Role, Row
from pgmoat.policy.schema import AgentPolicy, Policy

_TRANSACTION_TIMEOUT_SINCE = 170_000

READ_ALL_STATS = "pg_read_all_stats"
"""With it the monitor sees what every session runs, people's too: otherwise only that it is there."""

_SYSTEM_COMMENTS = (  # in the order of SystemRoles
    "pgmoat: owns its tables and functions",
    "pgmoat: owns the entity views; SELECT on listed columns only",
    "pgmoat: runs the entities' writes; never DELETE or TRUNCATE",
    "pgmoat: may open, close and freeze tasks",
    "pgmoat: may read tasks and history, and freeze",
    "pgmoat: may read held writes, and approve or reject them",
)


def compile_roles(policy: Policy, catalog: Catalog) -> Iterator[Role]:
    """Yield pgmoat's own roles, then the agents'."""
    accepted = {entry.object.strip() for entry in policy.accept} - set(policy.settings.system_roles)
    monitor = policy.settings.system_roles.monitor
    for name, comment in zip(policy.settings.system_roles, _SYSTEM_COMMENTS, strict=True):
        memberships = (READ_ALL_STATS,) if name == monitor else ()
        yield Role(name=name, is_agent=False, comment=comment, memberships=memberships)
    for agent_name, agent in policy.agents.items():
        yield Role(
            name=policy.settings.agent_role(agent_name),
            is_agent=True,
            login=True,
            connection_limit=agent.connections,
            settings=tuple(sorted(_compile_settings(policy, agent_name, agent, catalog.server_version))),
            accepted_memberships=tuple(
                sorted({r.object for r in catalog.reach if r.kind == "membership" and r.object in accepted})
            ),
            # How another database's hardening tells it from people's roles: the one mark it cannot take off.
            comment=f"pgmoat: agent {agent_name}" + (f". {agent.doc}" if agent.doc else ""),
        )


def _compile_settings(
    policy: Policy, agent_name: str, agent: AgentPolicy, server_version: int
) -> Iterator[tuple[str, str]]:
    timeouts = agent.timeouts
    yield "statement_timeout", f"{timeouts.statement}ms"
    yield "idle_in_transaction_session_timeout", f"{timeouts.idle_in_transaction}ms"
    yield "lock_timeout", f"{timeouts.lock}ms"
    if server_version >= _TRANSACTION_TIMEOUT_SINCE:
        yield "transaction_timeout", f"{timeouts.transaction}ms"
    # pg_temp last: a temporary table must not hide an entity from the next task on the connection.
    yield "search_path", f"{policy.settings.entity_schema}, pg_temp"
    # Drivers read dates in ISO form, whatever form the database prints for people.
    yield "DateStyle", "ISO"
    # Parallel workers are one pool for the whole server. Without them the planner also takes the index for a
    # filter on a decoded column, see bench/decode.py.
    yield "max_parallel_workers_per_gather", str(agent.parallel_workers)
    # PgBouncer before 1.20 lets a client without a name inherit the last client's.
    yield "application_name", policy.settings.agent_role(agent_name)
    # Settings that only a superuser may give, or who has SET on them: no session can change them.
    yield "temp_file_limit", f"{agent.limits.temp_files // 1024}kB"
    if agent.log_slow_statements is not None:
        yield "log_min_duration_statement", f"{agent.log_slow_statements}ms"
    if not agent.writes:
        yield "default_transaction_read_only", "on"


def compile_rows(policy: Policy) -> Iterator[Row]:
    """Yield the agents' rows: the limits that the gate and the triggers read."""
    for agent_name, agent in policy.agents.items():
        yield Row(
            table="agent",
            name=agent_name,
            values={
                "role": policy.settings.agent_role(agent_name),
                "version": agent.version,
                "statement_timeout_ms": agent.timeouts.statement,
                "rows_per_statement": agent.limits.rows_per_statement,
                "writes_per_task": agent.limits.writes_per_task,
                "writes_per_hour": agent.limits.writes_per_hour,
                "bytes_per_task": agent.limits.bytes_per_task,
                "task_duration_ms": agent.limits.task_duration,
                "task_mode": agent.tasks,
                "tasks_per_hour": agent.limits.tasks_per_hour,
                "transaction_timeout_ms": agent.timeouts.transaction,
                "idle_timeout_ms": agent.timeouts.idle_in_transaction,
                "repeats_per_minute": agent.limits.repeats_per_minute or 0,
                "requires_watchdog": agent.require_watchdog,
                "max_connections": agent.connections,
                "surge_factor": agent.limits.surge_factor or 0,
                "surge_floor": agent.limits.surge_floor,
                "on_trip": agent.on_trip or "",
                "approval_statement_rows": agent.approval.rows_per_statement,
                "approval_task_rows": agent.approval.rows_per_task,
                "approval_expires_ms": agent.approval.expires,
            },
        )
