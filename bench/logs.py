"""
An event through a log against an INSERT into a plain table, alone and with the UPDATE that follows it.

In: Scratch. Out: Report. I/O: PostgreSQL.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from itertools import count
from typing import LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow

from bench.measure import Case, Scale, Timing, divide, enter_task, measure
from bench.report import Cell, Report, Table
from bench.scratch import PEOPLE, Scratch, agent_role

_INSERT: LiteralString = (
    "INSERT INTO public.order_state_log (order_id, previous_status, new_status, changed_by, idempotency_key)"
    " SELECT i, 1, 2, 'clerk', 'key-' || i FROM pg_catalog.generate_series(%s::bigint, %s) AS i"
)
_FOLLOW: LiteralString = "UPDATE public.orders SET stat_cd = 2 WHERE id BETWEEN %s AND %s"
_EVENT: LiteralString = (
    "INSERT INTO agent.order_log (order_id, new_status, idempotency_key)"
    " SELECT i, 'processing', 'key-' || i FROM pg_catalog.generate_series(%s::bigint, %s) AS i"
)
_UNFOLLOWED: LiteralString = (
    "INSERT INTO agent.shipment_log (order_id, new_status, idempotency_key)"
    " SELECT i, 'processing', 'key-' || i FROM pg_catalog.generate_series(%s::bigint, %s) AS i"
)
_STATEMENTS: tuple[tuple[str, tuple[LiteralString, ...], tuple[LiteralString, ...]], ...] = (
    ("event alone", (_INSERT,), (_UNFOLLOWED,)),
    ("event, and the order follows", (_INSERT, _FOLLOW), (_EVENT,)),
)
_REPLAY_AT = 1


def measure_logs(scratch: Scratch, scale: Scale) -> Report:
    """Time transactions of one statement of 1 and of 100 events, and retries of one."""
    database = scratch.create("logs")
    database.run_file("create_orders", rows=scale.pick(200_000, 20_000), people=PEOPLE)
    with database.connect() as connection:
        # A transition of its own for every order: all begin in the same state.
        connection.execute("UPDATE public.orders SET stat_cd = 1")
    database.run_file("create_plain_log", people=PEOPLE)
    database.install("logs")
    database.vacuum()
    token = database.open_task("clerk")
    people, agent = database.connect(PEOPLE), database.connect(agent_role("clerk"))
    by_hand, log = Client("by hand", people), Client("log", agent, token)
    found: list[tuple[str, int, list[Timing]]] = []
    next_row = count(_REPLAY_AT + 1)
    for rows in (1, 100):
        executions = scale.pick(200, 10) if rows == 1 else scale.pick(20, 3)
        for what, plain, logged in _STATEMENTS:
            cases = [
                client.make_case(
                    statements, rows, _take(next_row, rows * (executions * (scale.rounds + 1) + 1))
                )
                for client, statements in ((by_hand, plain), (log, logged))
            ]
            found.append((what, rows, measure(cases, scale, executions=executions)))
    replays = [
        by_hand.make_case((_INSERT + " ON CONFLICT DO NOTHING",), 0, _REPLAY_AT),
        log.make_case((_EVENT,), 0, _REPLAY_AT),
    ]
    found.append(("retry", 1, measure(replays, scale, executions=scale.pick(200, 10))))
    return Report(
        "An event through a log against a plain table",
        (
            "A transaction of one INSERT; server CPU in µs per event, wall time where that cannot be read. "
            "*By hand*: into a table with a foreign key, an index and a unique key, and where the order "
            "follows an UPDATE in the same transaction. The log's transaction includes `pgmoat.enter()`; it "
            "also checks the gate, the state as it stands and the transition, keeps the chain of events and "
            "the history, and counts against four limits. *retry*: the same key again, by hand with ON "
            "CONFLICT DO NOTHING.",
        ),
        (_tabulate(found),),
    )


@dataclass(frozen=True, slots=True)
class Client:
    """Who writes events: people on plain tables, or an agent."""

    name: str
    connection: Connection[TupleRow]
    token: str = ""

    def make_case(self, statements: tuple[LiteralString, ...], rows: int, first: int) -> Case:
        """Return a transaction of *statements* for *rows* orders from *first* on; 0: always that one."""
        order = count(first, rows)

        def run() -> None:
            row = next(order)
            with self.connection.transaction():
                if self.token:
                    enter_task(self.connection, self.token)
                for statement in statements:
                    last = row + max(rows, 1) - 1
                    written = self.connection.execute(statement, [row, last]).rowcount
                    if rows and written != rows:
                        raise AssertionError(f"{self.name}: wrote {written} rows from {row}, not {rows}")

        return Case(self.name, self.connection, run)


def _take(numbers: count[int], needed: int) -> int:
    """Return the first of *needed* numbers, which are then used up."""
    first = next(numbers)
    for _ in range(needed - 1):
        next(numbers)
    return first


def _tabulate(found: list[tuple[str, int, list[Timing]]]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for what, events, (plain, log) in found:
        rows.append(
            (
                f"{what}, {events}",
                statistics.median(plain.best_known) / events,
                statistics.median(log.best_known) / events,
                divide(log, plain),
            )
        )
    return Table("µs per event", ("statement", "by hand", "log", "log : by hand"), tuple(rows))
