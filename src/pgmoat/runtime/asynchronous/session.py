"""
The statements of one task on one connection.

In: a connection, bound statements. Out: Results. I/O: PostgreSQL.

Each method takes what goes before its first message and behind its last one: BEGIN and COMMIT for a
transaction of its own, in the same round trips; nothing inside of a longer transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import AsyncConnection, AsyncCursor

from pgmoat.guard.check import Verdict
from pgmoat.runtime import messages
from pgmoat.runtime.asynchronous.exchange import read_rows, send, send_and_stay
from pgmoat.runtime.binding import Bound
from pgmoat.runtime.inspection import (
    find_ceilings,
    inspect_plan,
    list_names,
    make_call_result,
    make_plain_result,
    make_read_result,
    make_write_result,
)
from pgmoat.runtime.messages import BEGIN, COMMIT, ROLLBACK, Caller, Message
from pgmoat.runtime.profile import Profile
from pgmoat.runtime.result import Change, Preview, Result
from pgmoat.runtime.stored import pack_rows, unpack_rows

Ends = tuple[tuple[Message, ...], tuple[Message, ...]]
"""What goes before, and what goes behind."""

OWN: Ends = ((BEGIN,), (COMMIT,))
"""A transaction of its own."""

INSIDE: Ends = ((), ())
"""Within a transaction that is open, and stays open."""


@dataclass(frozen=True, slots=True)
class AsyncSession:
    """A connection that is lent to a task."""

    connection: AsyncConnection[Any]
    profile: Profile

    async def query(self, caller: Caller, bound: Bound, verdict: Verdict, ends: Ends = OWN) -> Result:
        """Return the answer of a query, cut off where the policy says."""
        before, behind = ends
        before = (*before, caller.enter())
        await self._inspect(caller, bound, verdict)
        if verdict.is_explain:
            cursors = await self._send(*before, caller.run(bound), *behind)
            cursor = cursors[len(before)]
            return make_plain_result(list_names(cursor.pgresult), await read_rows(cursor))
        cursors = await self._send(*before, caller.query(bound, self.profile), *behind)
        cursor = cursors[len(before)]
        return make_read_result(list_names(cursor.pgresult), await read_rows(cursor), verdict, self.profile)

    async def write(
        self, caller: Caller, bound: Bound, verdict: Verdict, key: str, ends: Ends = OWN
    ) -> Result:
        """Write once, or return what the earlier write with this key gave."""
        before, behind = ends
        await self._inspect(caller, bound, verdict)
        cursors = await send(self.connection, *before, caller.begin_write(key, bound))
        begun = await cursors[len(before)].fetchone()
        call, stored = (0, None) if begun is None else begun[:2]
        if stored is not None:
            return make_write_result(stored, key=key)
        kept: list[list[Any]] = []
        write = (caller.run(bound),)
        if verdict.has_returning:
            (cursor,) = await send(self.connection, *write)
            kept = pack_rows(cursor.pgresult) if cursor.pgresult is not None else []
            write = ()
        returned = unpack_rows(kept)  # before COMMIT: what cannot be given back is not written
        cursors = await self._send(*write, messages.finish_write(call, kept), *behind)
        row = await cursors[len(write)].fetchone()
        return make_write_result(row[0] if row is not None else {}, returned, key=key)

    async def call(self, caller: Caller, bound: Bound, ends: Ends = OWN) -> Result:
        """Call an operation."""
        before, behind = ends
        sent = await self._send(*before, caller.enter(), caller.run(bound), *behind)
        row = await sent[len(before) + 1].fetchone()
        return make_call_result(row[0] if row is not None else "")

    async def preview(self, caller: Caller, bound: Bound) -> Preview:
        """Run a write or a call, look at what it changed, and roll it back."""
        most = self.profile.guard.result_rows
        sent = await send(
            self.connection,
            BEGIN,
            caller.enter(),
            caller.run(bound),
            messages.preview_changes(most),
            ROLLBACK,
        )
        written, changed = sent[2], sent[3]
        rows = await read_rows(written) if written.description is not None else []
        changes = tuple(Change(*row) for row in await read_rows(changed))
        result = make_plain_result(list_names(written.pgresult), rows)
        return Preview(
            Result(
                columns=result.columns,
                rows=result.rows,
                affected=len(changes),
                truncated=len(changes) >= most,
            ),
            changes,
        )

    async def _inspect(self, caller: Caller, bound: Bound, verdict: Verdict) -> None:
        """Have the statement's plan looked at; EXPLAIN asks no gate, and so needs no transaction."""
        ceilings = find_ceilings(self.profile, verdict)
        if ceilings is not None:
            (explained,) = await send(self.connection, caller.explain(bound))
            inspect_plan(await explained.fetchone(), ceilings)

    async def _send(self, *sent: Message) -> list[AsyncCursor[Any]]:
        """Send what ends the transaction, or leaves it open for longer."""
        is_over = sent[-1] is COMMIT
        if is_over:
            return await send(self.connection, *sent)
        return await send_and_stay(self.connection, *sent)
