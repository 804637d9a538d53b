"""
The calls that "overhead" times: by hand, in one go, and by the runtime.

In: DSNs. Out: calls, each with its connection. I/O: PostgreSQL.
"""

from __future__ import annotations

import contextlib
import random
import secrets
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import count
from typing import Any, LiteralString

import psycopg
from psycopg import Connection, RawCursor
from psycopg.rows import TupleRow

from bench.scratch import PEOPLE, Database, agent_role
from pgmoat.guard.allowed import compile_allowed
from pgmoat.guard.check import Use
from pgmoat.policy.bounds import PoolPolicy
from pgmoat.policy.load import load_policy_text
from pgmoat.policy.schema import Policy
from pgmoat.postgres.connect import connect
from pgmoat.runtime import Backoff, Task
from pgmoat.runtime.binding import bind
from pgmoat.runtime.context import TaskIdentity
from pgmoat.runtime.inspection import inspect_statement
from pgmoat.runtime.profile import resolve_profile
from pgmoat.runtime.synchronous.pipeline import open_pipeline
from pgmoat.runtime.synchronous.pool import AgentPool
from pgmoat.runtime.synchronous.task import Means

AGENTS = ("fleet", "bare", "commenting", "naming", "planning")
"""Of policies/fleet.yaml: all there is; no tag and no plan; each of these alone."""

_VARIANTS = (
    ("runtime, no tag, no plan", "bare"),
    ("runtime, tag as comment", "commenting"),
    ("runtime, tag as application_name", "naming"),
    ("runtime, plan", "planning"),
    ("runtime, both tags and plan", "fleet"),
)
_READ_BASE: LiteralString = "SELECT id, stat_cd, amt, v FROM public.orders WHERE id = $1"
_WRITE_BASE: LiteralString = "UPDATE public.orders SET v = v + 1 WHERE id = $1"
_READ: LiteralString = "SELECT id, fulfillment_status, amount, version FROM agent.orders WHERE id = $1"
_WRITE: LiteralString = "UPDATE agent.orders SET version = version + 1 WHERE id = $1"
_ENTER: LiteralString = "SELECT pgmoat.enter($1, 'bench', 'bench')"
_BEGIN_WRITE: LiteralString = "SELECT b.call FROM pgmoat.begin_write($1, $2, $3, 'bench', 'bench') AS b"
_FINISH_WRITE: LiteralString = "SELECT pgmoat.finish_write($1)"
_TASK_READ = "SELECT id, fulfillment_status, amount, version FROM orders WHERE id = :id"
_TASK_WRITE = "UPDATE orders SET version = version + 1 WHERE id = :id"
_ONE = PoolPolicy.model_validate(
    {"workers": 1, "steps": 1, "overflow": 0, "timeout": "60s", "recycle": "12h"}
)

Call = tuple[str, str, Connection[TupleRow], Callable[[], None]]
"""A name, the role, the connection that it uses, what it does."""


@dataclass(slots=True)
class Opened:
    """Connections of one route, and the calls that use them."""

    database: Database
    rows: int
    is_direct: bool
    people: Connection[TupleRow]
    agent: Connection[TupleRow]
    token: str
    tasks: Mapping[str, tuple[Task, Connection[TupleRow]]]
    _keys: count[int] = field(default_factory=count)
    _prefix: str = field(default_factory=lambda: secrets.token_hex(8))  # of keys: the tasks are all routes'
    _draw: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - no secret

    def list_reads(self) -> list[Call]:
        """Return the ways to read an order."""
        agent = agent_role("fleet")
        reads: list[Call] = [
            ("base table, people's role", PEOPLE, self.people, self._read_base),
            ("the same, BEGIN and COMMIT in one go", PEOPLE, self.people, self._read_base_in_one_go),
            ("entity, by hand", agent, self.agent, self._read_by_hand),
            ("entity, in one go", agent, self.agent, self._read_in_one_go),
        ]
        for name, variant in _VARIANTS:
            task, connection = self.tasks[variant]
            reads.append((name, agent_role(variant), connection, lambda task=task: self._query(task)))
        task, connection = self.tasks["fleet"]
        last = "the same, each call a step of its own"
        return [*reads, (last, agent, connection, lambda: self._query_in_step(task))]

    def list_writes(self) -> list[Call]:
        """Return the ways to write one."""
        agent = agent_role("fleet")
        writes: list[Call] = [
            ("base table, people's role", PEOPLE, self.people, self._write_base),
            ("the same, BEGIN and COMMIT in one go", PEOPLE, self.people, self._write_base_in_one_go),
            ("entity, by hand", agent, self.agent, self._write_by_hand),
            ("entity, in one go", agent, self.agent, self._write_in_one_go),
            ("entity, idempotent, in two goes", agent, self.agent, self._write_once),
        ]
        for name, variant in _VARIANTS:
            task, connection = self.tasks[variant]
            writes.append((name, agent_role(variant), connection, lambda task=task: self._write(task)))
        task, connection = self.tasks["fleet"]
        last = "the same, each call a step of its own"
        return [*writes, (last, agent, connection, lambda: self._write_in_step(task))]

    def find_backend(self, role: str, connection: Connection[TupleRow]) -> int:
        """Return the server's process that serves *connection*."""
        if self.is_direct:
            return connection.info.backend_pid
        connection.execute("SELECT 1")  # so that PgBouncer has one
        with connect(self.database.dsn) as judge:
            row = judge.execute(
                "SELECT pid FROM pg_catalog.pg_stat_activity WHERE usename = %s", [role]
            ).fetchone()
        assert row is not None
        return int(row[0])

    def _row(self) -> int:
        return self._draw.randint(1, self.rows)

    def _read_base(self) -> None:
        self.people.execute(_READ_BASE, [self._row()]).fetchall()

    def _write_base(self) -> None:
        self.people.execute(_WRITE_BASE, [self._row()])

    def _read_base_in_one_go(self) -> None:
        self._send(self.people, ("BEGIN", None), (_READ_BASE, [self._row()]), ("COMMIT", None))

    def _write_base_in_one_go(self) -> None:
        self._send(self.people, ("BEGIN", None), (_WRITE_BASE, [self._row()]), ("COMMIT", None))

    def _read_by_hand(self) -> None:
        with self.agent.transaction():
            self.agent.execute(_ENTER, [self.token])
            self.agent.execute(_READ, [self._row()]).fetchall()

    def _write_by_hand(self) -> None:
        with self.agent.transaction():
            self.agent.execute(_ENTER, [self.token])
            self.agent.execute(_WRITE, [self._row()])

    def _read_in_one_go(self) -> None:
        entered = (_ENTER, [self.token])
        self._send(self.agent, ("BEGIN", None), entered, (_READ, [self._row()]), ("COMMIT", None))

    def _write_in_one_go(self) -> None:
        entered = (_ENTER, [self.token])
        self._send(self.agent, ("BEGIN", None), entered, (_WRITE, [self._row()]), ("COMMIT", None))

    def _write_once(self) -> None:
        with open_pipeline(self.agent):
            self.agent.execute("BEGIN")
            begun = self.agent.execute(_BEGIN_WRITE, [self._key(), "{}", self.token])
        row = begun.fetchone()
        assert row is not None
        self._send(self.agent, (_WRITE, [self._row()]), (_FINISH_WRITE, [row[0]]), ("COMMIT", None))

    @staticmethod
    def _send(connection: Connection[TupleRow], *statements: tuple[LiteralString, list[Any] | None]) -> None:
        with open_pipeline(connection):
            for statement, values in statements:
                connection.execute(statement, values)

    def _query(self, task: Task) -> None:
        assert len(task.query(_TASK_READ, {"id": self._row()})) == 1

    def _query_in_step(self, task: Task) -> None:
        with task.step(f"step {next(self._keys)}"):
            self._query(task)

    def _write(self, task: Task) -> None:
        assert task.write(_TASK_WRITE, {"id": self._row()}, key=self._key()).affected == 1

    def _write_in_step(self, task: Task) -> None:
        with task.step(f"step {next(self._keys)}"):
            self._write(task)

    def _key(self) -> str:
        return f"{self._prefix} {next(self._keys)}"


@contextlib.contextmanager
def open_route(
    database: Database, dsns: Mapping[str, str], *, is_direct: bool, rows: int
) -> Generator[Opened]:
    """Yield the connections of one route; *dsns* by role."""
    policy = _load_policy()
    with contextlib.ExitStack() as stack:
        tasks: dict[str, tuple[Task, Connection[TupleRow]]] = {}
        for agent in AGENTS:
            profile = resolve_profile(policy, agent)
            pool = AgentPool(dsns[agent_role(agent)], _ONE, f"bench {agent}")
            pool.open()
            stack.callback(pool.close)
            with pool.connection() as connection:
                means = Means(pool, profile, compile_allowed(policy, agent), Backoff(deadline_s=0))
                identity = TaskIdentity(agent, "bench", database.open_task(agent))
                tasks[agent] = (Task(identity, means), connection)
        yield Opened(
            database=database,
            rows=rows,
            is_direct=is_direct,
            people=stack.enter_context(_connect_raw(dsns[PEOPLE], is_direct=is_direct)),
            agent=stack.enter_context(_connect_raw(dsns[agent_role("fleet")], is_direct=is_direct)),
            token=database.open_task("fleet"),
            tasks=tasks,
        )


def inspect_seen_text() -> None:
    """Look at a statement as the guard does, whose text is always the same."""
    _inspect(_TASK_WRITE)


def inspect_new_text(number: int) -> None:
    """Look at a statement as the guard does, whose text nobody has seen."""
    _inspect(_TASK_WRITE.replace("+ 1", f"+ {number}"))


def _inspect(sql: str) -> None:
    bound = bind(sql, {"id": 1})
    verdict = inspect_statement(bound, Use.WRITE, compile_allowed(_load_policy(), "fleet"))
    assert not verdict.problems


@cache
def _load_policy() -> Policy:
    text = (files("bench") / "policies" / "fleet.yaml").read_text(encoding="utf-8")
    return load_policy_text(text, "fleet.yaml").policy


def _connect_raw(dsn: str, *, is_direct: bool) -> Connection[TupleRow]:
    return psycopg.connect(
        dsn, autocommit=True, cursor_factory=RawCursor, prepare_threshold=0 if is_direct else None
    )
