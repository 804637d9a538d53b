"""
The parts of a call by psycopg, and the runtime's own call.

In: a Site. Out: Parts. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import psycopg
from psycopg import RawCursor

from bench.parts_shared import ENTITY_READ, ENTITY_WRITE, READ, WRITE, Part, Site
from pgmoat.guard.check import Use
from pgmoat.policy.bounds import PoolPolicy
from pgmoat.runtime import Backoff, Task
from pgmoat.runtime.synchronous.pipeline import open_pipeline
from pgmoat.runtime.synchronous.pool import AgentPool
from pgmoat.runtime.synchronous.task import Means

_ENTER = "SELECT pgmoat.enter($1, 'bench', 'bench')"
_BEGIN_WRITE = "SELECT b.call FROM pgmoat.begin_write($1, $2, $3, 'bench', 'bench') AS b"
_FINISH_WRITE = "SELECT pgmoat.finish_write($1)"
_ONE = PoolPolicy.model_validate(
    {"workers": 1, "steps": 1, "overflow": 0, "timeout": "60s", "recycle": "12h"}
)

Sent = tuple[str, list[Any] | None]
"""A statement and its values."""


class DriverParts:
    """One connection for what is sent by hand, one for the runtime."""

    def __init__(self, site: Site, opened: ExitStack) -> None:
        self._site = site
        self._own = opened.enter_context(
            psycopg.connect(site.dsn, autocommit=True, cursor_factory=RawCursor, prepare_threshold=0)
        )
        pool = AgentPool(site.dsn, _ONE, "bench parts")
        pool.open()
        opened.callback(pool.close)
        with pool.connection() as connection:
            self._pooled = connection  # the pool has no other
        profile, allowed = site.resolve()
        self._task = Task(site.identity, Means(pool, profile, allowed, Backoff(deadline_s=0)))

    def list_reads(self) -> list[Part]:
        """Return the ways to read an order; the first is the bare one."""
        guard = self._site.make_guard(ENTITY_READ, Use.READ)
        judge = self._site.make_judge(ENTITY_READ, Use.READ)
        entity = ENTITY_READ.replace(":id", "$1")
        return [
            *self._list_common(READ + "$1", guard, judge),
            self._by_hand("psycopg, task, entity", lambda: self._enter_and_run(entity)),
            Part("pgmoat.runtime: all", self._pooled, self._query),
        ]

    def list_writes(self) -> list[Part]:
        """Return the ways to write one; the first is the bare one."""
        guard = self._site.make_guard(ENTITY_WRITE, Use.WRITE)
        judge = self._site.make_judge(ENTITY_WRITE, Use.WRITE)
        entity = ENTITY_WRITE.replace(":id", "$1")
        return [
            *self._list_common(WRITE + "$1", guard, judge),
            self._by_hand("psycopg, task and idempotency", lambda: self._run_once(WRITE + "$1")),
            self._by_hand("psycopg, task, entity", lambda: self._enter_and_run(entity)),
            Part("pgmoat.runtime: all", self._pooled, self._write),
        ]

    def _list_common(
        self, text: str, guard: Callable[[], None], judge: Callable[[object], None]
    ) -> list[Part]:
        def run_guarded() -> None:
            guard()
            self._run(text)

        def run_planned() -> None:
            guard()
            row = self._own.execute(f"EXPLAIN (FORMAT JSON) {text}".encode(), [self._site.draw()]).fetchone()
            judge(row[0] if row is not None else None)
            self._run(text)

        return [
            self._by_hand("psycopg, bare", lambda: self._run(text)),
            self._by_hand("psycopg, BEGIN and COMMIT", lambda: self._send(self._bare(text))),
            self._by_hand("psycopg, tag", lambda: self._run(self._site.tag() + text)),
            self._by_hand("psycopg, guard", run_guarded),
            self._by_hand("psycopg, guard and plan", run_planned),
            self._by_hand("psycopg, task", lambda: self._enter_and_run(text)),
        ]

    def _by_hand(self, name: str, run: Callable[[], None]) -> Part:
        return Part(name, self._own, run)

    def _bare(self, text: str) -> Sent:
        return (text, [self._site.draw()])

    def _run(self, text: str) -> None:
        self._own.execute(text.encode(), [self._site.draw()])

    def _send(self, *statements: Sent) -> None:
        with open_pipeline(self._own):
            for statement, values in (("BEGIN", None), *statements, ("COMMIT", None)):
                self._own.execute(statement.encode(), values)

    def _enter_and_run(self, text: str) -> None:
        self._send((_ENTER, [self._site.token]), self._bare(text))

    def _run_once(self, text: str) -> None:
        with open_pipeline(self._own):
            self._own.execute("BEGIN")
            begun = self._own.execute(_BEGIN_WRITE.encode(), [self._site.key(), "{}", self._site.idle_token])
        row = begun.fetchone()
        assert row is not None
        with open_pipeline(self._own):
            self._own.execute(text.encode(), [self._site.draw()])
            self._own.execute(_FINISH_WRITE.encode(), [row[0]])
            self._own.execute("COMMIT")

    def _query(self) -> None:
        with self._task.step("bench"):
            assert len(self._task.query(ENTITY_READ, {"id": self._site.draw()})) == 1

    def _write(self) -> None:
        with self._task.step("bench"):
            written = self._task.write(ENTITY_WRITE, {"id": self._site.draw()}, key=self._site.key())
            assert written.affected == 1
