# Made from asynchronous/session.py by scripts/generate_sync.py: change that one.
"""
The statements of one task on one connection.

In: a connection, bound statements. Out: Results. I/O: PostgreSQL.

Each method takes what goes before its first message and behind its last one: BEGIN and COMMIT for a
transaction of its own, in the same round trips; nothing inside of a longer transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection, Cursor

from pgmoat.guard.check import Verdict
from pgmoat.runtime import messages
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
from pgmoat.runtime.synchronous.exchange import read_rows, send, send_and_stay

Ends = tuple[tuple[Message, ...], tuple[Message, ...]]
"""What goes before, and what goes behind."""

OWN: Ends = ((BEGIN,), (COMMIT,))
"""A transaction of its own."""

INSIDE: Ends = ((), ())
"""Within a transaction that is open, and stays open."""


@dataclass(frozen=True, slots=True)
class Session:
    """A connection that is lent to a task."""

    connection: Connection[Any]
    profile: Profile

    def query(self, caller: Caller, bound: Bound, verdict: Verdict, ends: Ends = OWN) -> Result:
        """Return the answer of a query, cut off where the policy says."""
        before, behind = ends
        before = (*before, caller.enter())
        self._inspect(caller, bound, verdict)
        if verdict.is_explain:
            cursors = self._send(*before, caller.run(bound), *behind)
            cursor = cursors[len(before)]
            return make_plain_result(list_names(cursor.pgresult), read_rows(cursor))
        cursors = self._send(*before, caller.query(bound, self.profile), *behind)
        cursor = cursors[len(before)]
        return make_read_result(list_names(cursor.pgresult), read_rows(cursor), verdict, self.profile)

    def write(self, caller: Caller, bound: Bound, verdict: Verdict, key: str, ends: Ends = OWN) -> Result:
        """Write once, or return what the earlier write with this key gave."""
        before, behind = ends
        self._inspect(caller, bound, verdict)
        cursors = send(self.connection, *before, caller.begin_write(key, bound))
        begun = cursors[len(before)].fetchone()
        call, stored = (0, None) if begun is None else begun[:2]
        if stored is not None:
            return make_write_result(stored, key=key)
        kept: list[list[Any]] = []
        write = (caller.run(bound),)
        if verdict.has_returning:
            (cursor,) = send(self.connection, *write)
            kept = pack_rows(cursor.pgresult) if cursor.pgresult is not None else []
            write = ()
        returned = unpack_rows(kept)  # before COMMIT: what cannot be given back is not written
        cursors = self._send(*write, messages.finish_write(call, kept), *behind)
        row = cursors[len(write)].fetchone()
        return make_write_result(row[0] if row is not None else {}, returned, key=key)

    def call(self, caller: Caller, bound: Bound, ends: Ends = OWN) -> Result:
        """Call an operation."""
        before, behind = ends
        sent = self._send(*before, caller.enter(), caller.run(bound), *behind)
        row = sent[len(before) + 1].fetchone()
        return make_call_result(row[0] if row is not None else "")

    def preview(self, caller: Caller, bound: Bound) -> Preview:
        """Run a write or a call, look at what it changed, and roll it back."""
        most = self.profile.guard.result_rows
        sent = send(
            self.connection,
            BEGIN,
            caller.enter(),
            caller.run(bound),
            messages.preview_changes(most),
            ROLLBACK,
        )
        written, changed = sent[2], sent[3]
        rows = read_rows(written) if written.description is not None else []
        changes = tuple(Change(*row) for row in read_rows(changed))
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

    def _inspect(self, caller: Caller, bound: Bound, verdict: Verdict) -> None:
        """Have the statement's plan looked at; EXPLAIN asks no gate, and so needs no transaction."""
        ceilings = find_ceilings(self.profile, verdict)
        if ceilings is not None:
            (explained,) = send(self.connection, caller.explain(bound))
            inspect_plan(explained.fetchone(), ceilings)

    def _send(self, *sent: Message) -> list[Cursor[Any]]:
        """Send what ends the transaction, or leaves it open for longer."""
        is_over = sent[-1] is COMMIT
        if is_over:
            return send(self.connection, *sent)
        return send_and_stay(self.connection, *sent)
