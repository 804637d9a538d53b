"""
What tag, guard, task and idempotency each cost by themselves, and all together.

In: Scratch. Out: Report. I/O: PostgreSQL.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from importlib.resources import files

from bench.measure import Scale
from bench.parts_of_driver import DriverParts
from bench.parts_of_engine import EngineParts
from bench.parts_shared import AGENT, Part, Site
from bench.report import Report
from bench.scratch import PEOPLE, Scratch, agent_role
from bench.trips import Trip, tabulate
from pgmoat.policy.load import load_policy_text
from pgmoat.runtime.context import TaskIdentity


def measure_parts(scratch: Scratch, scale: Scale) -> Report:
    """Time one read and one write by key: bare, with each part alone, with all of them."""
    rows = scale.pick(100_000, 2_000)
    database = scratch.create("parts")
    database.run_file("create_orders", rows=rows, people=PEOPLE)
    database.install("fleet")
    database.run_file("grant_orders", agent=agent_role(AGENT))
    database.vacuum()
    text = (files("bench") / "policies" / "fleet.yaml").read_text(encoding="utf-8")
    site = Site(
        dsn=database.dsn_for(agent_role(AGENT)),
        identity=TaskIdentity(AGENT, "bench", database.open_task(AGENT)),
        policy=load_policy_text(text, "fleet.yaml").policy,
        draw=_make_draw(rows),
        idle_token=database.open_task(AGENT, "idle"),
    )
    with contextlib.ExitStack() as opened:
        driver, engine = DriverParts(site, opened), EngineParts(site, opened)
        tables = [
            tabulate(title, [_make_trip(part) for part in (*first, *second)], scale, _find_bare(first))
            for title, first, second in (
                ("A read", driver.list_reads(), engine.list_reads()),
                ("A write", driver.list_writes(), engine.list_writes()),
            )
        ]
    return Report(
        "Tag, guard, task and idempotency, each alone",
        (
            "An order by its key, and 1 added to it, on a direct connection, in one run. *Bare*: the "
            "base table, which the agent's role may use here, and so in every row that does not name "
            "the entity. *Tag*: the comment. *Guard*: the text is judged, one that was seen before. "
            "*Plan*: PostgreSQL explains the statement first, and the plan is judged. *Task*: BEGIN, "
            "`enter`, the statement, COMMIT, by psycopg in one pipeline. *Idempotency*: `begin_write` "
            "and `finish_write` around it; the first enters the task too, one of its own where the table is "
            "written past the entity: calls that wrote nothing are counted by each that follows. *All*: what "
            "a program calls, on the entity, with its gate and triggers; an engine judges neither text nor "
            "plan. Round trips and statements are counted on the wire, BEGIN and COMMIT among them.",
        ),
        tuple(tables),
    )


def _make_trip(part: Part) -> Trip:
    return Trip(part.name, part.connection, part.connection.info.backend_pid, part.run)


def _find_bare(of_driver: list[Part]) -> dict[str, int]:
    """Return what ratios are to: the first of either way."""
    return {"to psycopg": 0, "to SQLAlchemy": len(of_driver)}


def _make_draw(rows: int) -> Callable[[], int]:
    draw = random.Random(7)  # noqa: S311 - which row is no secret
    return lambda: draw.randint(1, rows)
