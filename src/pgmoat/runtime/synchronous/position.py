# Made from asynchronous/position.py by scripts/generate_sync.py: change that one.
"""
Where the primary's WAL ends.

In: connections to the primary. Out: Marks. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any

from psycopg import Connection, Cursor

from pgmoat.errors import StatementInvalidError
from pgmoat.runtime.horizon import Horizon, Mark, Trail
from pgmoat.runtime.messages import Message, ask_position
from pgmoat.runtime.synchronous.exchange import send


def read_mark(connection: Connection[Any]) -> Mark:
    """
    Return where the primary stands: behind whatever was committed before this was called.

    Raises:
        AgentError: it does not tell.
    """
    asked_at = monotonic()
    (cursor,) = send(connection, ask_position())
    return _make_mark(cursor.fetchone(), asked_at)


@contextmanager
def leave_trail(horizon: Horizon | None) -> Generator[Trail | None]:
    """
    Have *horizon* show what is written inside of the block, also where it fails: it may be written.

    Without a mark at the end the next read on a replica asks the primary for one.
    """
    if horizon is None:
        yield None
        return
    trail = Trail(horizon.is_followed)
    try:
        yield trail
    finally:
        if trail.mark is None:
            horizon.forget(monotonic())
        else:
            horizon.advance(trail.mark)


def send_and_mark(connection: Connection[Any], trail: Trail | None, *messages: Message) -> list[Cursor[Any]]:
    """
    Send *messages*, the last of which commits, and note in *trail* where the WAL is then, if it is followed.

    Only one whose task knows that the primary tells that: a question that fails behind COMMIT would make a
    write look as if it had failed.
    """
    if trail is None or not trail.is_followed:
        return send(connection, *messages)
    asked_at = monotonic()
    *cursors, last = send(connection, *messages, ask_position())
    trail.mark = _make_mark(last.fetchone(), asked_at)
    return cursors


def _make_mark(row: Sequence[Any] | None, asked_at: float) -> Mark:
    if row is None:
        raise StatementInvalidError("the primary does not tell where its WAL ends")
    return Mark(timeline=row[0], position=row[1], asked_at=asked_at)
