"""
The parts of a call by SQLAlchemy, and an agent's own engine.

In: a Site. Out: Parts. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from sqlalchemy import Connection, Engine, TextClause, create_engine, event, text

from bench.parts_shared import ENTITY_READ, ENTITY_WRITE, READ, WRITE, Part, Site
from pgmoat.guard.check import Use
from pgmoat.runtime.context import use_step
from pgmoat.runtime.sqlalchemy import create_agent_engine, write_once

_URL = "postgresql+psycopg:///?application_name=pgmoat"
_ENTER = text("SELECT pgmoat.enter(:token, 'bench', 'bench')")

Work = Callable[[Connection], object]
"""What is done in a transaction."""


class EngineParts:
    """An ordinary engine, one that tags, and an agent's, each with one connection."""

    def __init__(self, site: Site, opened: ExitStack) -> None:
        self._site = site
        self._plain, self._tagging = _make_plain(site.dsn), _make_plain(site.dsn)
        event.listen(self._tagging, "before_cursor_execute", self._add_comment, retval=True)
        self._agents = create_agent_engine(site.policy, "fleet", dsn=site.dsn, task=site.identity)
        for engine in (self._plain, self._tagging, self._agents):
            opened.callback(engine.dispose)

    def list_reads(self) -> list[Part]:
        """Return the ways to read an order; the first is the bare one."""
        guard = self._site.make_guard(ENTITY_READ, Use.READ)
        judge = self._site.make_judge(ENTITY_READ, Use.READ)
        entity = text(ENTITY_READ)
        return [
            *self._list_common(text(READ + ":id"), guard, judge),
            self._part("agent's engine: tag, task, entity", self._agents, self._in_step(self._read(entity))),
        ]

    def list_writes(self) -> list[Part]:
        """Return the ways to write one; the first is the bare one."""
        guard = self._site.make_guard(ENTITY_WRITE, Use.WRITE)
        judge = self._site.make_judge(ENTITY_WRITE, Use.WRITE)
        table, entity = text(WRITE + ":id"), text(ENTITY_WRITE)
        in_step, once = self._in_step, self._entered(self._once(self._run(table)), self._site.idle_token)
        return [
            *self._list_common(table, guard, judge),
            self._part("SQLAlchemy, task and idempotency", self._plain, once),
            self._part("agent's engine: tag, task, entity", self._agents, in_step(self._run(entity))),
            self._part("the same, write_once", self._agents, in_step(self._once(self._run(entity)))),
        ]

    def _list_common(
        self, table: TextClause, guard: Callable[[], None], judge: Callable[[object], None]
    ) -> list[Part]:
        bare = self._read(table) if "SELECT" in table.text else self._run(table)
        explain = text(f"EXPLAIN (FORMAT JSON) {table.text}")

        def run_guarded(connection: Connection) -> object:
            guard()
            return bare(connection)

        def run_planned(connection: Connection) -> object:
            guard()
            judge(connection.execute(explain, {"id": self._site.draw()}).scalar_one())
            return bare(connection)

        return [
            self._part("SQLAlchemy, bare", self._plain, bare),
            self._part("SQLAlchemy, tag", self._tagging, bare),
            self._part("SQLAlchemy, guard", self._plain, run_guarded),
            self._part("SQLAlchemy, guard and plan", self._plain, run_planned),
            self._part("SQLAlchemy, task", self._plain, self._entered(bare, self._site.token)),
        ]

    def _part(self, name: str, engine: Engine, work: Work) -> Part:
        def run() -> None:
            with engine.begin() as connection:
                work(connection)

        return Part(name, _find_driver(engine), run)

    def _read(self, statement: TextClause) -> Work:
        return lambda connection: connection.execute(statement, {"id": self._site.draw()}).fetchall()

    def _run(self, statement: TextClause) -> Work:
        return lambda connection: connection.execute(statement, {"id": self._site.draw()})

    def _entered(self, work: Work, token: str) -> Work:
        def run(connection: Connection) -> object:
            connection.execute(_ENTER, {"token": token})
            return work(connection)

        return run

    def _once(self, work: Work) -> Work:
        def do(connection: Connection) -> None:
            work(connection)

        return lambda connection: write_once(connection, self._site.key(), {}, do)

    def _in_step(self, work: Work) -> Work:
        def run(connection: Connection) -> object:
            with use_step(self._site.identity, "bench"):
                return work(connection)

        return run

    def _add_comment(self, _: object, __: object, statement: str, parameters: Any, *___: object) -> Any:
        return self._site.tag() + statement, parameters


def _make_plain(dsn: str) -> Engine:
    return create_engine(_URL, connect_args={"conninfo": dsn}, pool_pre_ping=True, pool_size=1)


def _find_driver(engine: Engine) -> Any:
    """Return the connection that the pool has; it lends the same one each time."""
    with engine.connect() as connection:
        return connection.connection.driver_connection
