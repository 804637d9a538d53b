"""
A read by key through SQLAlchemy: an agent's engine against an ordinary one.

In: Scratch. Out: Report. I/O: PostgreSQL.
"""

from __future__ import annotations

import contextlib
import itertools
import random
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from psycopg import Connection as DriverConnection
from psycopg.conninfo import make_conninfo
from sqlalchemy import Engine, TextClause, create_engine, event, text

from bench.measure import Case, Scale, measure
from bench.report import Report, compare
from bench.scratch import PEOPLE, VIEWS, Database, Scratch, agent_role
from pgmoat.policy.load import load_policy_text
from pgmoat.policy.schema import Policy
from pgmoat.runtime.context import TaskIdentity, use_step
from pgmoat.runtime.sqlalchemy import create_agent_engine
from pgmoat.runtime.tag import render_comment

_URL = "postgresql+psycopg:///?application_name=pgmoat"
_UNGATED = text("SELECT * FROM by_hand.orders_ungated WHERE id = :id")
_ENTITY = text("SELECT * FROM agent.orders WHERE id = :id")


def measure_sqlalchemy(scratch: Scratch, scale: Scale) -> Report:
    """Time transactions of one read each, with a connection from the pool each."""
    rows = scale.pick(200_000, 5_000)
    database = scratch.create("sqlalchemy")
    database.run_file("create_orders", rows=rows, people=PEOPLE)
    database.install("orders")
    database.run_file("create_ungated", views=VIEWS, agent=PEOPLE)
    database.vacuum()
    identity = TaskIdentity("clerk", "bench", database.open_task("clerk"))
    policy = load_policy_text(
        (files("bench") / "policies" / "orders.yaml").read_text(encoding="utf-8"), "bench policy"
    ).policy

    def draw() -> int:
        return random.randint(1, rows)  # noqa: S311 - which row is no secret

    people, clerk = _find_dsn(database, PEOPLE), _find_dsn(database, agent_role("clerk"))
    with contextlib.ExitStack() as opened:

        def case(
            name: str, engine: Engine, query: TextClause, steps: Callable[[], str] | None = None
        ) -> Case:
            opened.callback(engine.dispose)
            read = _make_read(engine, query, draw)
            return Case(name, _find_driver(engine), _with_steps(read, identity, steps) if steps else read)

        def agent(tags: str) -> Engine:
            return create_agent_engine(_change_tags(policy, tags), "clerk", dsn=clerk, task=identity)

        numbers = itertools.count()
        timings = measure(
            [
                case("ordinary engine", _make_plain(people), _UNGATED),
                case("the same without pre-ping", _make_plain(people, pool_pre_ping=False), _UNGATED),
                case("with a comment", _add_comment(_make_plain(people)), _UNGATED),
                case("agent's engine, tags: none", agent("none"), _ENTITY),
                case("agent's engine, tags: application_name", agent("application_name"), _ENTITY),
                case("agent's engine, tags: comment", agent("comment"), _ENTITY),
                case("agent's engine, tags: both", agent("both"), _ENTITY),
                case("… and another step each time", agent("both"), _ENTITY, lambda: f"s{next(numbers)}"),
            ],
            scale,
            executions=scale.pick(500, 10),
        )
    return Report(
        "A read by key through SQLAlchemy",
        (
            "`with engine.begin()`, one row by key. The ordinary engine has its own role and reads a view"
            " with the same columns that asks no gate. An agent's engine enters the task with BEGIN, asks the"
            " gate, and cleans the session instead of a ping. Another step each time is another statement,"
            " which is not prepared.",
        ),
        (compare("A transaction per read", timings),),
    )


def _make_read(engine: Engine, query: TextClause, draw: Callable[[], int]) -> Callable[[], None]:
    def run() -> None:
        with engine.begin() as connection:
            connection.execute(query, {"id": draw()}).fetchall()

    return run


def _with_steps(
    read: Callable[[], None], identity: TaskIdentity, draw_step: Callable[[], str]
) -> Callable[[], None]:
    def run() -> None:
        with use_step(identity, draw_step()):
            read()

    return run


def _make_plain(dsn: str, *, pool_pre_ping: bool = True) -> Engine:
    return create_engine(_URL, connect_args={"conninfo": dsn}, pool_pre_ping=pool_pre_ping)


def _add_comment(engine: Engine) -> Engine:
    comment = render_comment(agent_id="clerk-v1", task_id="bench", step="")

    def add(_: object, __: object, statement: str, parameters: Any, *___: object) -> tuple[str, Any]:
        return comment + statement, parameters

    event.listen(engine, "before_cursor_execute", add, retval=True)
    return engine


def _change_tags(policy: Policy, tags: str) -> Policy:
    agent = policy.agents["clerk"].model_copy(update={"tags": tags})
    return policy.model_copy(update={"agents": {**policy.agents, "clerk": agent}})


def _find_dsn(database: Database, role: str) -> str:
    info = database.connect(role).info
    return make_conninfo(database.dsn, user=role, password=info.password)


def _find_driver(engine: Engine) -> DriverConnection[Any]:
    """Return the connection that the pool has; it lends the same one each time."""
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
    return driver
