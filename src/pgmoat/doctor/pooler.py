"""
PgBouncer before the server, as its admin console shows it.

In: PoolerFacts, the agents' roles. Out: remarks about them. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from pgmoat.doctor.agents import AgentRole
from pgmoat.doctor.check import Area, Check, Remark, Status
from pgmoat.doctor.target import PACKAGE, Target
from pgmoat.pooler.console import PooledDatabase, PooledUser, PoolerFacts
from pgmoat.pooler.settings import RESET_QUERY
from pgmoat.postgres.sqlfile import load_sql

CODE = "doctor-pooler"

_RESETS = frozenset({"DISCARD ALL", RESET_QUERY.upper()})
_PREPARED_SINCE = (1, 22)  # 1.21 tracks them, and loses track at the DISCARD ALL between two clients
_NAME_RESET_SINCE = (1, 20)
_RELOAD = ", then RELOAD; on its console"
_DANGEROUS_PARAMETERS = frozenset(
    {
        "options",
        "statement_timeout",
        "idle_in_transaction_session_timeout",
        "lock_timeout",
        "transaction_timeout",
        "search_path",
        "pgmoat.token",
    }
)
_OPEN_TYPES = frozenset({"any", "trust", "plain"})


@dataclass(frozen=True, slots=True)
class PooledAgents:
    """A pooler as its console shows it, and whom it is for."""

    pooler: PoolerFacts
    roles: Sequence[AgentRole]
    target: Target

    @property
    def ours(self) -> list[PooledDatabase]:
        """The names that lead to this database."""
        return [entry for entry in self.pooler.databases if entry.database == self.target.database]

    @property
    def modes(self) -> set[str]:
        """The modes that this database is pooled in."""
        general = self.pooler.config.get("pool_mode", "")
        return {entry.pool_mode or general for entry in self.ours} or {general}


def read_is_pooled(connection: Connection[Any]) -> bool | None:
    """Return whether sessions of the database look pooled; None if the caller may not see that."""
    row = connection.execute(load_sql(PACKAGE, "read_pooled_sessions"), {}).fetchall()[0]
    pooled, hidden = row
    return True if pooled else None if hidden else False


def judge_absence(is_pooled: bool | None) -> Remark:
    """Return what can be said without a DSN of a pooler."""
    remedy = "pgmoat doctor --pooler postgresql://ADMIN@HOST:6432/pgbouncer"
    if is_pooled:
        return Remark(
            Status.NOTE, "sessions of this database look pooled; the pooler was not looked at", remedy
        )
    if is_pooled is None:
        return Remark(Status.UNKNOWN, "whether sessions are pooled this role may not see", remedy)
    return Remark(Status.OK, "no session looks pooled at the moment; --pooler looks at a pooler")


def _judge_mode(facts: PooledAgents) -> Iterator[Remark]:
    if "statement" in facts.modes:
        yield Remark(
            Status.ERROR,
            "pool_mode is statement: a transaction that enters a task is refused",
            "pool_mode = transaction" + _RELOAD,
        )
    if "session" in facts.modes:
        yield Remark(
            Status.WARNING,
            "pool_mode is session: an agent that thinks holds a connection of the server",
            "pool_mode = transaction" + _RELOAD,
        )


def _judge_reset(facts: PooledAgents) -> Iterator[Remark]:
    if "transaction" not in facts.modes:
        return
    if not facts.pooler.number("server_reset_query_always"):
        yield Remark(
            Status.WARNING,
            "server_reset_query_always is 0: settings, temporary tables and advisory locks"
            " of one task pass to the"
            " next",
            "server_reset_query_always = 1" + _RELOAD,
        )
    query = facts.pooler.config.get("server_reset_query", "")
    if query.strip(" ;").upper() not in _RESETS:
        yield Remark(
            Status.WARNING,
            f"server_reset_query is {query or 'empty'}: it leaves part of a session to the next client",
            f"server_reset_query = {RESET_QUERY}" + _RELOAD,
        )


def _judge_parameters(facts: PooledAgents) -> Iterator[Remark]:
    ignored = {part.strip() for part in facts.pooler.config.get("ignore_startup_parameters", "").split(",")}
    dropped = sorted(ignored & _DANGEROUS_PARAMETERS)
    if dropped:
        yield Remark(
            Status.WARNING,
            f"ignore_startup_parameters drops {', '.join(dropped)} silently: a client"
            " believes that its token or"
            " timeout is set",
            f"take {', '.join(dropped)} out of ignore_startup_parameters" + _RELOAD,
        )


def _judge_prepared(facts: PooledAgents) -> Iterator[Remark]:
    is_old = facts.pooler.version < _PREPARED_SINCE
    if is_old or not facts.pooler.number("max_prepared_statements"):
        what = f"PgBouncer {facts.pooler.version_text}" if is_old else "max_prepared_statements = 0"
        yield Remark(
            Status.NOTE,
            f"{what} does not follow prepared statements: a client meets errors, or another's statement",
            "in clients: prepare_threshold=None (psycopg), statement_cache_size=0 (asyncpg)"
            + ("" if is_old else "; or max_prepared_statements = 100" + _RELOAD),
        )


def _judge_version(facts: PooledAgents) -> Iterator[Remark]:
    if facts.pooler.version < _NAME_RESET_SINCE:
        yield Remark(
            Status.NOTE,
            f"PgBouncer {facts.pooler.version_text} gives a client without application_name"
            " the last client's",
            "set application_name in every client, or upgrade PgBouncer to 1.20 or later",
        )


def _judge_wait(facts: PooledAgents) -> Iterator[Remark]:
    if not facts.pooler.number("query_wait_timeout"):
        yield Remark(
            Status.WARNING,
            "query_wait_timeout is 0: with all connections taken, agents wait for ever and say nothing",
            "query_wait_timeout = 30" + _RELOAD,
        )


def _judge_pool(facts: PooledAgents) -> Iterator[Remark]:
    users = {user.name: user for user in facts.pooler.users}
    for role in facts.roles:
        needed = _count_connections(facts, users.get(role.name))
        if 0 <= role.connection_limit < needed:
            yield Remark(
                Status.WARNING,
                f"the pooler opens up to {needed} connections for {role.name}, whose CONNECTION LIMIT is"
                f" {role.connection_limit}: logins beyond it fail",
                f"connections: {needed} in the policy (more with several poolers), or a smaller"
                " default_pool_size + reserve_pool_size",
            )


def _count_connections(facts: PooledAgents, user: PooledUser | None) -> int:
    """Return how many connections one pooler opens for one role to this database."""
    pooler = facts.pooler
    general = [(pooler.number("default_pool_size"), pooler.number("reserve_pool_size"))]
    pools = [(entry.pool_size, entry.reserve_pool) for entry in facts.ours] or general
    if user is not None:  # what it has of its own comes before the database's
        pools = [
            (
                size if user.pool_size is None else user.pool_size,
                reserve if user.reserve_pool is None else user.reserve_pool,
            )
            for size, reserve in pools
        ]
    caps = [pooler.number("max_db_connections"), pooler.number("max_user_connections")]
    if user is not None and user.max_connections is not None:  # the effective one
        caps[1] = user.max_connections
    return min([sum(size + reserve for size, reserve in pools), *(cap for cap in caps if cap)])


def _judge_login(facts: PooledAgents) -> Iterator[Remark]:
    auth_type = facts.pooler.config.get("auth_type", "")
    if auth_type in _OPEN_TYPES:
        yield Remark(
            Status.ERROR,
            f"auth_type is {auth_type}: "
            + (
                "passwords are compared as sent" if auth_type == "plain" else "nobody is asked for a password"
            ),
            "auth_type = scram-sha-256, with passwords in auth_file" + _RELOAD,
        )
    elif auth_type == "md5":
        yield Remark(
            Status.NOTE,
            "auth_type is md5: a client may still log in by MD5 where auth_file holds a plain password",
            "auth_type = scram-sha-256" + _RELOAD,
        )


def _judge_user(facts: PooledAgents) -> Iterator[Remark]:
    for entry in facts.ours:
        if entry.force_user:
            yield Remark(
                Status.ERROR,
                f"database {entry.name} of the pooler makes every client {entry.force_user}:"
                " agents are told apart"
                " by their roles",
                f"take user= out of {entry.name} in [databases]" + _RELOAD,
            )


CHECKS: tuple[Check[PooledAgents], ...] = (
    Check(Area.POOLER, CODE, "the pooler's console answers", lambda _: ()),
    Check(Area.POOLER, "doctor-pooler-version", "clients do not inherit names", _judge_version),
    Check(Area.POOLER, "doctor-pooler-mode", "pool_mode is transaction", _judge_mode),
    Check(Area.POOLER, "doctor-pooler-reset", "sessions are reset before the next client", _judge_reset),
    Check(Area.POOLER, "doctor-pooler-parameters", "no setting of a client is dropped", _judge_parameters),
    Check(Area.POOLER, "doctor-pooler-prepared", "prepared statements are followed", _judge_prepared),
    Check(Area.POOLER, "doctor-pooler-wait", "clients wait for a limited time", _judge_wait),
    Check(Area.POOLER, "doctor-pooler-size", "the pools fit the roles' CONNECTION LIMIT", _judge_pool),
    Check(Area.POOLER, "doctor-pooler-login", "clients log in by SCRAM", _judge_login),
    Check(Area.POOLER, "doctor-pooler-user", "agents keep their roles", _judge_user),
)
