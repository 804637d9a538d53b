"""
Where the primary's WAL ends.

In: connections to the primary. Out: Marks. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

from psycopg import AsyncConnection, AsyncCursor

from pgmoat.errors import StatementInvalidError
from pgmoat.runtime.asynchronous.exchange import send
from pgmoat.runtime.horizon import Horizon, Mark, Trail
from pgmoat.runtime.messages import Message, ask_position


async def read_mark(connection: AsyncConnection[Any]) -> Mark:
    """
    Return where the primary stands: behind whatever was committed before this was called.

    Raises:
        AgentError: it does not tell.
    """
    asked_at = monotonic()
    (cursor,) = await send(connection, ask_position())
    return _make_mark(await cursor.fetchone(), asked_at)


@asynccontextmanager
async def leave_trail(horizon: Horizon | None) -> AsyncGenerator[Trail | None]:
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


async def send_and_mark(
    connection: AsyncConnection[Any], trail: Trail | None, *messages: Message
) -> list[AsyncCursor[Any]]:
    """
    Send *messages*, the last of which commits, and note in *trail* where the WAL is then, if it is followed.

    Only one whose task knows that the primary tells that: a question that fails behind COMMIT would make a
    write look as if it had failed.
    """
    if trail is None or not trail.is_followed:
        return await send(connection, *messages)
    asked_at = monotonic()
    *cursors, last = await send(connection, *messages, ask_position())
    trail.mark = _make_mark(await last.fetchone(), asked_at)
    return cursors


def _make_mark(row: Sequence[Any] | None, asked_at: float) -> Mark:
    if row is None:
        raise StatementInvalidError("the primary does not tell where its WAL ends")
    return Mark(timeline=row[0], position=row[1], asked_at=asked_at)
