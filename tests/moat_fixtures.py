"""
A database with a policy in force, and connections to it as its agents.

In: a schema, a policy's text. Out: Moat. I/O: PostgreSQL.

A policy's ``settings`` come from the test's role prefix, so that tests can share a server.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, LiteralString, Self, cast

import psycopg
import pytest
from psycopg import sql

from pgmoat.model.action import Plan
from pgmoat.plan.apply import apply_plan
from pgmoat.plan.make import plan_policy
from pgmoat.policy.load import load_policy_text
from pgmoat.policy.schema import Policy
from tests.pooler_fixtures import Pooler, start_pooler
from tests.postgres_fixtures import Database, PostgresServer, create_database, draw_role_prefix

Connection = psycopg.Connection[Any]
Row = tuple[Any, ...]


@dataclass(slots=True)
class Moat:
    """A database under a policy. Agents come in by their own roles; the superuser judges what they did."""

    database: Database
    policy: Policy
    passwords: dict[str, str] = field(repr=False)  # agent role to password
    _judge: Connection = field(init=False, repr=False)
    _pooler: Pooler | None = field(default=None, init=False, repr=False)
    _starting: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __enter__(self) -> Self:
        self._judge = self.superuser()
        return self

    def __exit__(self, *_: object) -> None:
        self._judge.close()
        if self._pooler is not None:
            self._pooler.stop()

    def judge_again(self) -> None:
        """Connect the judge once more, after the server was killed and started."""
        self._judge.close()
        self._judge = self.superuser()

    def superuser(self) -> Connection:
        """Return a new connection of the superuser."""
        return psycopg.connect(self.database.dsn, autocommit=True)

    def read(self, query: LiteralString, *parameters: object) -> list[Row]:
        """Return what the superuser reads: the state of the database, whatever the agent was told."""
        return self._judge.execute(query, parameters or None).fetchall()

    def value(self, query: LiteralString, *parameters: object) -> Any:
        """Return the one value that the superuser reads."""
        ((value,),) = self.read(query, *parameters)
        return value

    def run(self, statement: LiteralString | sql.Composed, *parameters: object) -> None:
        """Run something as the superuser."""
        self._judge.execute(statement, parameters or None)

    def role(self, agent: str) -> str:
        """Return the name of an agent's role."""
        return self.policy.settings.agent_role(agent)

    def system_role(self, suffix: str) -> str:
        """Return the name of one of pgmoat's own roles: owner, views, writer, orchestrator, monitor."""
        return self.policy.settings.system_role_prefix + suffix

    def connect(self, agent: str, *, route: str = "direct", **options: str) -> Connection:
        """Return a new connection with an agent's own password: direct, or pooled."""
        if route == "direct":
            role = self.role(agent)
            return self._connect(self.database.dsn_for(role, self.passwords[role]), **options)
        return self.connect_pooled(agent)

    def start_pooler(self) -> Pooler:
        """Return the PgBouncers before this database, started when they are first asked for."""
        with self._starting:  # writers come in threads
            if self._pooler is None:
                self._pooler = start_pooler(self.database, self.policy, self.passwords)
            return self._pooler

    def connect_pooled(self, agent: str, *, resets: bool = True) -> Connection:
        """Return a connection through PgBouncer; without *resets* it hands sessions on as they are."""
        pooler = self.start_pooler()
        role = self.role(agent)
        return self._connect(pooler.dsn(role, self.passwords[role], self.database.name, resets=resets))

    def dsns(self, route: str = "direct") -> dict[str, str]:
        """Return each agent's DSN, by a route."""
        roles = {agent: self.role(agent) for agent in self.policy.agents}
        if route == "direct":
            return {agent: self.database.dsn_for(role, self.passwords[role]) for agent, role in roles.items()}
        pooler = self.start_pooler()
        return {
            agent: pooler.dsn(role, self.passwords[role], self.database.name) for agent, role in roles.items()
        }

    @staticmethod
    def _connect(dsn: str, **options: str) -> Connection:
        # PgBouncer before 1.21 knows no prepared statements.
        return psycopg.connect(
            dsn, autocommit=True, prepare_threshold=None, **cast("dict[str, Any]", options)
        )

    def open_task(self, agent: str, task_id: str | None = None, **arguments: object) -> str:
        """Return the token of a task, a new one without *task_id*; the rest are pgmoat.open_task's."""
        named = sql.SQL("").join(sql.SQL(", {} => %s").format(sql.Identifier(name)) for name in arguments)
        call = sql.SQL("SELECT pgmoat.open_task(%s, %s{})").format(named)
        row = self._judge.execute(call, [agent, task_id or new_task_id(), *arguments.values()]).fetchone()
        assert row is not None
        return str(row[0])

    @contextlib.contextmanager
    def task(
        self,
        agent: str,
        token: str | None = None,
        *,
        route: str = "direct",
        step: str | None = None,
        reason: str | None = None,
    ) -> Generator[Connection]:
        """Yield an agent's connection in a transaction that has entered a task; it commits at the end."""
        with self.connect(agent, route=route) as connection, connection.transaction():
            enter(connection, token or self.open_task(agent), step, reason)
            yield connection


def enter(connection: Connection, token: str, step: str | None = None, reason: str | None = None) -> None:
    """Enter a task for the rest of the connection's transaction."""
    connection.execute("SELECT pgmoat.enter(%s, %s, %s)", (token, step, reason))


def new_task_id() -> str:
    """Return an id that no other task has."""
    return f"task-{secrets.token_hex(6)}"


@contextlib.contextmanager
def refused(*codes: str) -> Generator[pytest.ExceptionInfo[psycopg.Error]]:
    """Expect PostgreSQL to refuse what is inside with one of *codes*."""
    with pytest.raises(psycopg.Error) as caught:
        yield caught
    assert caught.value.sqlstate in codes, f"{caught.value.sqlstate}: {caught.value}"


def install_moat(database: Database, role_prefix: str, schema_sql: LiteralString, policy_text: str) -> Moat:
    """Return *database* with people's *schema_sql* in it and the policy in force; enter it to use it."""
    settings = {"agent_role_prefix": role_prefix, "system_role_prefix": f"{role_prefix}m_"}
    lines = "\n".join(f"  {name}: {value}" for name, value in settings.items())
    text = f"version: 1\nsettings:\n{lines}\n{policy_text}"
    policy = load_policy_text(text, "moat.yaml").policy

    def make_plan(reader: Connection) -> Plan:
        planned = plan_policy(reader, policy)
        assert not planned.errors, planned.errors
        return planned.plan

    passwords = {policy.settings.agent_role(agent): secrets.token_hex(8) for agent in policy.agents}
    with (
        psycopg.connect(database.dsn, autocommit=True) as connection,
        psycopg.connect(database.dsn, autocommit=True) as side_connection,
    ):
        connection.execute(schema_sql)
        apply_plan(connection, side_connection, make_plan)
        for role, password in passwords.items():
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
            connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))
    return Moat(database, policy, passwords)


@contextlib.contextmanager
def open_moat(server: PostgresServer, schema_sql: LiteralString, policy_text: str) -> Generator[Moat]:
    """Yield a moat in a database of its own, for fixtures that several tests share."""
    with (
        draw_role_prefix(server) as prefix,
        create_database(server) as database,
        install_moat(database, prefix, schema_sql, policy_text) as moat,
    ):
        yield moat


@pytest.fixture
def make_moat(database: Database, role_prefix: str) -> Generator[Callable[[LiteralString, str], Moat]]:
    """A function that puts a schema and a policy into the test's own database."""
    with contextlib.ExitStack() as open_moats:

        def make(schema_sql: LiteralString, policy_text: str) -> Moat:
            return open_moats.enter_context(install_moat(database, role_prefix, schema_sql, policy_text))

        yield make


@pytest.fixture(params=["direct", "pooled"])
def route(request: pytest.FixtureRequest) -> str:
    """How the agent comes in: straight, or through PgBouncer in transaction mode."""
    return str(request.param)
