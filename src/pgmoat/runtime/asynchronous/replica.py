"""
Reads on a replica, and on the primary where the replica cannot serve.

In: a task's horizon, queries. Out: Results. I/O: PostgreSQL, primary and replica.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import Any

from psycopg import AsyncConnection

from pgmoat.errors import AgentError, TransientError
from pgmoat.policy.places import place_replica
from pgmoat.policy.schema import ReplicaPolicy
from pgmoat.runtime.asynchronous.exchange import send
from pgmoat.runtime.asynchronous.pool import AsyncAgentPool
from pgmoat.runtime.asynchronous.position import read_mark
from pgmoat.runtime.asynchronous.session import AsyncSession, Ends
from pgmoat.runtime.horizon import Horizon, Horizons, Mark
from pgmoat.runtime.messages import BEGIN, COMMIT, ask_standing
from pgmoat.runtime.profile import Profile
from pgmoat.runtime.request import Request
from pgmoat.runtime.result import Result
from pgmoat.runtime.standing import (
    LATE,
    Problem,
    Rest,
    Standing,
    add_warning,
    describe_fallback,
    describe_lag,
    judge_failure,
    judge_standing,
    make_standing,
)

_BEGUN: Ends = ((), (COMMIT,))
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.001, 0.02


class AsyncReplica:
    """
    One agent's way to the replica that its policy names.

    Whether the replica has what the task must see is asked in the transaction that reads, so that a pooler
    with several servers behind it cannot have one answer and another read.
    """

    def __init__(self, dsn: str, profile: Profile, policy: ReplicaPolicy, primary: AsyncAgentPool) -> None:
        bounds = profile.pool.model_copy(update={"timeout": policy.max_wait})
        self._pool = AsyncAgentPool(
            place_replica(dsn, policy.host, policy.port), bounds, f"pgmoat {profile.agent} replica"
        )
        self._primary = primary
        self._profile = profile
        self._max_wait_s = policy.max_wait / 1000
        self._rest = Rest()
        self._latest: Mark | None = None
        self.horizons = Horizons()

    async def open(self) -> None:
        """Start; connections are made when they are asked for."""
        await self._pool.open()

    async def close(self) -> None:
        """Close the connections to the replica."""
        await self._pool.close()

    async def query(self, horizon: Horizon, request: Request) -> Result:
        """
        Return the answer of a query from the replica, else from the primary, with a warning that says why.

        Raises:
            AgentError: the statement's own; a TransientError if the primary cannot be reached, without which
            nobody knows what the task must see, or whether it may go on.
        """
        reason = self._rest.find_reason(monotonic())
        if not reason:
            needed = await self._find_needed(horizon)
            answer = needed if isinstance(needed, Problem) else await self._read(needed, request)
            if isinstance(answer, Result):
                return answer
            reason = answer.reason
            if answer.is_general:
                self._rest.begin(reason, monotonic())
        async with self._primary.connection() as connection:
            result = await AsyncSession(connection, self._profile).answer(request)
            return add_warning(result, describe_fallback(reason))

    async def _find_needed(self, horizon: Horizon) -> Mark | Problem:
        """Return what must be seen; the primary is asked where nothing that is known is enough."""
        needed = horizon.find_needed(self._latest, monotonic())
        if needed is not None:
            horizon.advance(needed)
            return needed
        try:
            async with self._primary.connection() as connection:
                mark = await read_mark(connection)
        except TransientError:
            raise
        except AgentError as error:
            return Problem(f"the primary does not tell where it stands ({error.message})")
        self._latest = mark
        horizon.advance(mark)
        return mark

    async def _read(self, needed: Mark, request: Request) -> Result | Problem:
        """Return the replica's answer, or why it gives none."""
        deadline, is_connected = monotonic() + self._max_wait_s, False
        try:
            async with self._pool.connection() as connection:
                is_connected = True
                found = await self._inquire(connection, needed, deadline)
                if isinstance(found, Problem):
                    return found
                self._rest.end()
                session = AsyncSession(connection, self._profile)
                result = await session.answer(request, _BEGUN)
        except AgentError as error:
            problem = judge_failure(error, is_connected=is_connected)
            if problem is None:
                raise
            return problem
        return add_warning(result, describe_lag(found, needed, monotonic()))

    async def _inquire(
        self, connection: AsyncConnection[Any], needed: Mark, deadline: float
    ) -> Standing | Problem:
        """Begin a transaction, and return where the replica stands, or why it cannot be read."""
        try:
            return await self._catch_up(connection, needed, deadline)
        except AgentError as error:
            known = judge_failure(error, is_connected=True)
            return known or Problem(f"the replica does not tell where it stands ({error.message})")

    async def _catch_up(
        self, connection: AsyncConnection[Any], needed: Mark, deadline: float
    ) -> Standing | Problem:
        """Begin a transaction, and wait in it until the replica has *needed*."""
        pause = _FIRST_PAUSE_S
        cursors = await send(connection, BEGIN, ask_standing())
        while True:
            standing = make_standing(await cursors[-1].fetchone())
            problem = judge_standing(standing, needed)
            if problem is None:
                return standing
            if problem is not LATE or monotonic() + pause > deadline:
                return problem
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)
            cursors = await send(connection, ask_standing())


def make_replica(dsn: str, profile: Profile, primary: AsyncAgentPool) -> AsyncReplica | None:
    """Return an agent's way to its replica; None if it reads the primary."""
    if profile.replica is None:
        return None
    return AsyncReplica(dsn, profile, profile.replica, primary)
