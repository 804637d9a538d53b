"""
What people's own traffic pays: before apply against after.

In: Scratch. Out: Report. I/O: PostgreSQL.

Two databases never see pgmoat, a third had it applied; the second shows how much of a ratio is noise.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from psycopg import Connection
from psycopg.rows import TupleRow

from bench.measure import Case, Scale, measure
from bench.report import Report, compare
from bench.scratch import PEOPLE, Scratch


def measure_people(scratch: Scratch, scale: Scale) -> Report:
    """Time select, update, insert, and a transaction of all three, as the application's role."""
    rows = scale.pick(200_000, 5_000)
    before = scratch.create("before")
    before.run_file("create_orders", rows=rows, people=PEOPLE)
    before.vacuum()
    again, after = scratch.create("again", before), scratch.create("after", before)
    after.install("orders")
    connections = {
        "before apply": before.connect(PEOPLE),
        "before apply, a second database": again.connect(PEOPLE),
        "after apply": after.connect(PEOPLE),
    }
    tables = [
        compare(
            title,
            measure(
                [Case(name, c, make(c, rows)) for name, c in connections.items()],
                scale,
                executions=scale.pick(1000, 10),
            ),
        )
        for title, make in (
            ("SELECT of one row by key", _make_select),
            ("UPDATE of one row by key", _make_update),
            ("INSERT of one row", _make_insert),
            ("Transaction: UPDATE, SELECT, INSERT", _make_transaction),
        )
    ]
    note = (
        "An application's role on the base table, prepared statements; "
        "the second database without pgmoat shows the noise."
    )
    return Report("People's traffic before and after apply", (note,), tuple(tables))


def _draw(rows: int) -> int:
    return random.randint(1, rows)  # noqa: S311 - which row is no secret


Make = Callable[[Connection[TupleRow], int], Callable[[], None]]


def _make_select(connection: Connection[TupleRow], rows: int) -> Callable[[], None]:
    def run() -> None:
        connection.execute(
            "SELECT id, usr_id, stat_cd, flg_1, amt, upd_ts, v FROM public.orders WHERE id = %s",
            [_draw(rows)],
        ).fetchall()

    return run


def _make_update(connection: Connection[TupleRow], rows: int) -> Callable[[], None]:
    def run() -> None:
        connection.execute("UPDATE public.orders SET v = v + 1, upd_ts = now() WHERE id = %s", [_draw(rows)])

    return run


def _make_insert(connection: Connection[TupleRow], rows: int) -> Callable[[], None]:
    def run() -> None:
        connection.execute(
            "INSERT INTO public.orders (usr_id, stat_cd, amt) VALUES (%s, 1, 9.95)", [_draw(rows)]
        )

    return run


def _make_transaction(connection: Connection[TupleRow], rows: int) -> Callable[[], None]:
    steps = [make(connection, rows) for make in (_make_update, _make_select, _make_insert)]

    def run() -> None:
        with connection.transaction():
            for step in steps:
                step()

    return run
