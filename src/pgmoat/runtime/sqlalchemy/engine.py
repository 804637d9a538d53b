"""
An agent's engine: an ordinary one, whose transactions enter the agent's task.

In: a policy, an agent, the way to its database. Out: Engine, AsyncEngine. I/O: reads the policy's file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from pgmoat.policy.places import find_dsn, read_policy
from pgmoat.policy.schema import Policy
from pgmoat.postgres.dsn import Dsn
from pgmoat.runtime.asynchronous.task import AsyncTask
from pgmoat.runtime.context import TaskIdentity
from pgmoat.runtime.profile import Profile, resolve_profile
from pgmoat.runtime.sqlalchemy import options
from pgmoat.runtime.sqlalchemy.connections import prepare_connection, renew_connection
from pgmoat.runtime.sqlalchemy.pool import AgentQueuePool, AsyncAgentQueuePool
from pgmoat.runtime.sqlalchemy.transactions import Transactions
from pgmoat.runtime.synchronous.task import Task

FixedTask = TaskIdentity | Task | AsyncTask


def create_agent_engine(
    policy: Policy | Path | str,
    agent: str,
    *,
    dsn: str | None = None,
    credentials: Path | str | None = None,
    address: str | None = None,
    task: FixedTask | None = None,
    **engine_arguments: Any,
) -> Engine:
    """
    Return an engine that works as *agent*, in the task of ``with moat.task(…)`` or in *task*.

    *dsn*, or else the agent's entry in the file *credentials*, or else in the environment, says where the
    database is; *address* (``host:port``) replaces host and port in it, for a pooler. The policy decides
    on the pool and the isolation level; *engine_arguments* are any others of
    :func:`sqlalchemy.create_engine`.

    Errors of statements are both SQLAlchemy's and :class:`pgmoat.errors.AgentError`.

    Raises:
        PolicyError: the policy's file cannot be used.
        NotFoundError: it has no such agent.
        ConnectionFailedError: no DSN.
        SessionRefusedError: an argument that the policy decides on.
    """
    profile = resolve_profile(read_policy(policy), agent)
    place = find_dsn(agent, {} if dsn is None else {agent: dsn}, credentials, address)
    arguments = _make_arguments(profile, place, engine_arguments)
    engine = create_engine(_make_url(place), poolclass=AgentQueuePool, **arguments)
    _listen(engine, profile, task)
    return engine


def create_async_agent_engine(
    policy: Policy | Path | str,
    agent: str,
    *,
    dsn: str | None = None,
    credentials: Path | str | None = None,
    address: str | None = None,
    task: FixedTask | None = None,
    **engine_arguments: Any,
) -> AsyncEngine:
    """Return what :func:`create_agent_engine` does, for asyncio."""
    profile = resolve_profile(read_policy(policy), agent)
    place = find_dsn(agent, {} if dsn is None else {agent: dsn}, credentials, address)
    arguments = _make_arguments(profile, place, engine_arguments)
    engine = create_async_engine(_make_url(place), poolclass=AsyncAgentQueuePool, **arguments)
    _listen(engine.sync_engine, profile, task)
    return engine


def _make_arguments(profile: Profile, dsn: Dsn, given: Mapping[str, Any]) -> dict[str, Any]:
    options.check_engine_arguments(given)
    pool = profile.pool
    connect: dict[str, Any] = {"client_encoding": "UTF8"}
    if "connect_timeout" not in conninfo_to_dict(dsn):
        connect["connect_timeout"] = max(2, math.ceil(pool.timeout / 1000))  # libpq takes 1 for 2
    return {
        **given,
        "pool_size": pool.size,
        "max_overflow": pool.overflow,
        "pool_timeout": pool.timeout / 1000,
        "pool_recycle": pool.recycle / 1000,
        "isolation_level": "READ COMMITTED",
        "connect_args": {**connect, **given.get("connect_args", {}), "conninfo": dsn},
    }


def _make_url(dsn: Dsn) -> URL:
    """Return what engines show of where they go: no password, which ``conninfo`` has."""
    fields = {name: str(value) for name, value in conninfo_to_dict(dsn).items()}
    return URL.create(
        "postgresql+psycopg",
        username=fields.get("user"),
        database=fields.get("dbname"),
        query={"application_name": "pgmoat"},
    )


def _listen(engine: Engine, profile: Profile, task: FixedTask | None) -> None:
    identity = task.identity if isinstance(task, Task | AsyncTask) else task
    transactions = Transactions(profile, identity)
    event.listen(engine.pool, "connect", prepare_connection, insert=True)
    event.listen(engine.pool, "checkout", renew_connection)
    event.listen(engine, "begin", transactions.forget)
    event.listen(engine, "before_cursor_execute", transactions.prepare_statement, retval=True)
    event.listen(engine, "handle_error", transactions.explain_failure, retval=True)
    event.listen(engine, "begin_twophase", options.refuse_twophase)
    event.listen(engine, "set_connection_execution_options", options.check_execution_options)
    event.listen(engine, "set_engine_execution_options", options.check_execution_options)
