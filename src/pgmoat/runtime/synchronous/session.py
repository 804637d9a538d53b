# Made from asynchronous/session.py by scripts/generate_sync.py: change that one.
"""
The statements of one task on one connection.

In: a connection, bound statements. Out: Results. I/O: PostgreSQL.

Each method takes what goes before its first message and behind its last one: BEGIN and COMMIT for a
transaction of its own, in the same round trips; nothing inside of a longer transaction.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, Cursor

from pgmoat.runtime import messages
from pgmoat.runtime.explanation import explain_write
from pgmoat.runtime.held import Held, read_held, refuse_held
from pgmoat.runtime.horizon import Trail
from pgmoat.runtime.inspection import (
    COUNTERS,
    find_ceilings,
    inspect_plan,
    is_cappable,
    list_names,
    make_call_result,
    make_change,
    make_plain_result,
    make_read_result,
    make_write_result,
)
from pgmoat.runtime.messages import BEGIN, COMMIT, SAVEPOINT, TAKE_BACK, Caller, Message
from pgmoat.runtime.profile import Profile
from pgmoat.runtime.request import Request
from pgmoat.runtime.result import Preview, Result
from pgmoat.runtime.stored import pack_rows, unpack_rows
from pgmoat.runtime.synchronous.exchange import read_rows, send
from pgmoat.runtime.synchronous.explain import explain
from pgmoat.runtime.synchronous.position import send_and_mark

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
    trail: Trail | None = None  # of a write, where reads on a replica are to see it

    def answer(self, request: Request, ends: Ends = OWN) -> Result:
        """Return the answer of a query that ends its transaction, and where it is empty, why."""
        result = self.query(request, ends)
        return explain(self.connection, self.profile, request, result)

    def query(self, request: Request, ends: Ends = OWN) -> Result:
        """Return the answer of a query, cut off where the policy says."""
        caller, bound, verdict = request.caller, request.bound, request.verdict
        before, behind = (*ends[0], caller.enter()), ends[1]
        self._inspect(request)
        if verdict is None or verdict.is_explain:
            cursors = self._send(*before, caller.run(bound), *behind)
            cursor = cursors[len(before)]
            return make_plain_result(list_names(cursor.pgresult), read_rows(cursor))
        cursors = self._send(*before, caller.query(bound, self.profile), *behind)
        cursor = cursors[len(before)]
        return make_read_result(list_names(cursor.pgresult), read_rows(cursor), verdict, self.profile)

    def write(self, request: Request, ends: Ends = OWN) -> Result:
        """Write once, or return what the earlier write with this key gave."""
        (before, behind), caller, bound = ends, request.caller, request.bound
        self._inspect(request)
        cursors = send(self.connection, *before, caller.begin_write(request.key, bound))
        begun = cursors[len(before)].fetchone()
        call, stored = (0, None) if begun is None else begun[:2]
        if stored is not None:
            if behind:  # nothing was written; at ROLLBACK psycopg would forget all that it has prepared
                send(self.connection, *behind)
            refuse_held(stored)
            return explain_write(self.profile, request, make_write_result(stored, key=request.key))
        kept: list[list[Any]] = []
        is_cut = False
        write = (self._run(request),)
        if request.verdict is not None and request.verdict.has_returning:
            (cursor,) = send(self.connection, *write)
            kept, is_cut = pack_rows(cursor.pgresult, COUNTERS if is_cappable(request.verdict) else 0)
            write = ()
        returned = unpack_rows(kept)  # before COMMIT: what cannot be given back is not written
        cursors = self._send(*write, messages.finish_write(call, kept, is_cut=is_cut), *behind)
        row = cursors[len(write)].fetchone()
        result = make_write_result(
            row[0] if row is not None else {}, returned, is_cut=is_cut, key=request.key
        )
        return explain_write(self.profile, request, result)

    def call(self, request: Request, ends: Ends = OWN) -> Result:
        """Call an operation."""
        (before, behind), caller = ends, request.caller
        sent = self._send(*before, caller.enter(), caller.run(request.bound), *behind)
        ((text,),) = read_rows(sent[len(before) + 1])
        refuse_held(json.loads(text))
        return make_call_result(text)

    def hold(self, request: Request) -> Result:
        """
        Run a write, have the database look at it, take it back, and have it wait for a person's word.

        Returns:
            what an earlier write with this key gave, if there is one by now.

        Raises:
            ApprovalRequiredError: it is held; or it was already.
        """
        caller, bound = request.caller, request.bound
        sent = send(self.connection, BEGIN, caller.begin_write(request.key, bound))
        begun = sent[1].fetchone()
        call: int = begun[0] if begun is not None else 0
        stored: dict[str, Any] | None = begun[1] if begun is not None else None
        if stored is None:
            send(self.connection, SAVEPOINT, self._run(request))
            (signed,) = send(self.connection, messages.sign_preview(call))
            ((preview, signature),) = read_rows(signed)
            # By itself: behind a ROLLBACK in a pipeline psycopg deallocates what it has just prepared.
            send(self.connection, TAKE_BACK)
            sent = self._send(messages.hold_write(call, (preview, signature), bound), COMMIT)
            ((stored,),) = read_rows(sent[0])
        refuse_held(stored or {})
        return make_write_result(stored or {}, key=request.key)

    def ask(self, caller: Caller, number: int) -> Held:
        """Return what became of a held write."""
        sent = send(self.connection, BEGIN, caller.enter(), messages.ask_outcome(number), COMMIT)
        (row,) = read_rows(sent[2])
        return read_held(number, row)

    def preview(self, request: Request) -> Preview:
        """
        Run a write or a call and look at what it changed; the pool rolls it back.

        ROLLBACK goes by itself: behind one in a pipeline, psycopg 3.3 deallocates the next statement that
        it has just prepared.
        """
        sent = send(
            self.connection,
            BEGIN,
            request.caller.enter(),
            self._run(request),
            messages.preview_changes(self.profile),
        )
        written, changed = sent[2], read_rows(sent[3])
        changes = tuple(make_change(row) for row in changed)
        if request.verdict is None:
            result = make_call_result((read_rows(written))[0][0])
        else:
            kept, _ = pack_rows(written.pgresult, COUNTERS if is_cappable(request.verdict) else 0)
            result = make_write_result({"affected": len(changes)}, unpack_rows(kept))
        is_cut = len(changes) >= self.profile.guard.result_rows or any(row[-1] for row in changed)
        preview = Result(result.columns, result.rows, affected=len(changes), truncated=is_cut)
        return Preview(explain_write(self.profile, request, preview), changes)

    def _run(self, request: Request) -> Message:
        """Return the statement itself, a write's rows cut off where that can be."""
        if is_cappable(request.verdict):
            return request.caller.write(request.bound, self.profile)
        return request.caller.run(request.bound)

    def commit(self) -> str | None:
        """Commit what is open, and return what PostgreSQL says it did."""
        (cursor,) = self._send(COMMIT)
        return cursor.statusmessage

    def _inspect(self, request: Request) -> None:
        """Have the statement's plan looked at; EXPLAIN asks no gate, and so needs no transaction."""
        ceilings = find_ceilings(self.profile, request.verdict)
        if ceilings is not None:
            (explained,) = send(self.connection, request.caller.explain(request.bound))
            inspect_plan(explained.fetchone(), ceilings)

    def _send(self, *sent: Message) -> list[Cursor[Any]]:
        """Send what ends the transaction, or leaves it open for longer."""
        is_over = sent[-1] is COMMIT
        if is_over:
            return send_and_mark(self.connection, self.trail, *sent)
        return send(self.connection, *sent)
