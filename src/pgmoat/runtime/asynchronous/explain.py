"""
Answers that explain themselves: the questions that a diagnosis has, put to PostgreSQL.

In: a connection, a request, its Result. Out: the Result with reasons or warnings. I/O: PostgreSQL.

Each question is a read-only transaction of its own in the agent's task, one round trip, with a short
statement_timeout: what the agent may not read, it does not ask, and what fails is not known.
"""

from __future__ import annotations

from time import monotonic
from typing import Any

from psycopg import AsyncConnection

from pgmoat.errors import AgentError
from pgmoat.guard.diagnose.probe import Probe, Rows
from pgmoat.runtime.asynchronous.exchange import read_rows, send
from pgmoat.runtime.explanation import (
    BUGS,
    MOST_PROBES,
    MOST_S,
    PROBE_MS,
    add_failure,
    add_findings,
    find_diagnosis,
)
from pgmoat.runtime.messages import BEGIN_READ_ONLY, COMMIT, ROLLBACK, bound_statement
from pgmoat.runtime.profile import Profile
from pgmoat.runtime.request import Request
from pgmoat.runtime.result import Result


async def explain(
    connection: AsyncConnection[Any], profile: Profile, request: Request, result: Result
) -> Result:
    """Return *result* with the reasons why it is empty, or with warnings; as it was if none are found."""
    try:
        diagnosis = find_diagnosis(profile, request, result)
        if diagnosis is None:
            return result
        asking = _Asking(connection, request, min(PROBE_MS, profile.timeouts.statement))
        try:
            probe = next(diagnosis)
            while True:
                probe = diagnosis.send(await asking.ask(probe))
        except StopIteration as stop:
            findings: Any = stop.value
        return add_findings(result, findings) if findings else add_failure(request, result, asking.why)
    except BUGS as error:
        return add_failure(request, result, f"{type(error).__name__}: {error}")


class _Asking:
    """Asks as long as there is time; then every question is one without an answer."""

    def __init__(self, connection: AsyncConnection[Any], request: Request, timeout_ms: int) -> None:
        self._connection = connection
        self._request = request
        self._timeout_ms = timeout_ms
        self._deadline = monotonic() + MOST_S
        self._asked = 0
        self.why = "no single condition is the cause"

    async def ask(self, probe: Probe) -> Rows | None:
        """Return the rows of *probe*; None without an answer."""
        left_ms = int((self._deadline - monotonic()) * 1000)
        if self._asked >= MOST_PROBES or left_ms < 1:
            self.why = f"not within {MOST_S:g} s and {MOST_PROBES} questions"
            return None
        self._asked += 1
        caller = self._request.caller
        messages = (
            BEGIN_READ_ONLY,
            bound_statement(min(self._timeout_ms, left_ms)),
            caller.enter(),
            caller.probe(probe),
            COMMIT,
        )
        try:
            cursors = await send(self._connection, *messages)
            return await read_rows(cursors[3])
        except AgentError as error:
            self.why = error.message
            await self._end()
            return None

    async def _end(self) -> None:
        """Leave the transaction that failed; without a connection there is nothing left to ask."""
        try:
            await send(self._connection, ROLLBACK)
        except AgentError:
            self._asked = MOST_PROBES
