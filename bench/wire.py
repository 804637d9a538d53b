"""
What a call sends: round trips and statements, counted on the wire.

In: a connection, a call. Out: Traffic. I/O: libpq's own trace, a temporary file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass

from psycopg import Connection
from psycopg.pq import Trace
from psycopg.rows import TupleRow


@dataclass(frozen=True, slots=True)
class Traffic:
    """Per call: how often the client waited for an answer, and how many statements PostgreSQL ran."""

    round_trips: float
    statements: float


def count_traffic(connection: Connection[TupleRow], call: Callable[[], None], calls: int) -> Traffic:
    """Return what each of *calls* calls sends; whatever is sent once was sent before."""
    with tempfile.TemporaryFile() as file:
        connection.pgconn.trace(file.fileno())
        connection.pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
        try:
            for _ in range(calls):
                call()
        finally:
            connection.pgconn.untrace()
        file.seek(0)
        lines = [line.split(b"\t") for line in file.read().splitlines()]
    # A line: who sent it (F: the client), its length, what it is.
    kinds = [(fields[0], fields[2]) for fields in lines if len(fields) > 2]
    answered = kinds.count((b"B", b"ReadyForQuery"))
    run = kinds.count((b"F", b"Execute")) + kinds.count((b"F", b"Query"))
    return Traffic(answered / calls, run / calls)
