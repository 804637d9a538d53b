"""
Readings and acts, each in a thread, over a few connections.

In: a function of a connection. Out: what it returns. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

import psycopg
from anyio import CapacityLimiter, to_thread
from psycopg_pool import PoolTimeout

from pgmoat.errors import ConnectionFailedError
from pgmoat.postgres.pool import Pool, make_pool

_MOST = 4
_WAIT_S = 3.0
_STATEMENT_TIMEOUT_MS = 5_000
_MOST_WAITING = 20
T = TypeVar("T")
Connection = psycopg.Connection[Any]


@dataclass(slots=True)
class Database:
    """The database as the dashboard sees it. It may be away: then whoever asks is told, and may ask again."""

    dsn: str = field(repr=False)
    _pool: Pool = field(init=False, repr=False)
    _limiter: CapacityLimiter | None = field(default=None, init=False, repr=False)

    def open(self) -> Self:
        """Get ready; no connection is made before the first question."""
        self._pool = make_pool(
            self.dsn,
            application_name="pgmoat serve",
            most=_MOST,
            wait_s=_WAIT_S,
            statement_timeout_ms=_STATEMENT_TIMEOUT_MS,
        )
        self._pool.open()
        return self

    def close(self) -> None:
        """Close all connections."""
        self._pool.close(timeout=2)

    async def run(self, ask: Callable[[Connection], T]) -> T:
        """
        Return what *ask* returns, called with a connection in a thread.

        Raises:
            ConnectionFailedError: no connection in time.
            psycopg.Error: what PostgreSQL said.
        """
        if self._limiter is None:
            self._limiter = CapacityLimiter(_MOST_WAITING)
        return await to_thread.run_sync(self._run, ask, limiter=self._limiter)

    def _run(self, ask: Callable[[Connection], T]) -> T:
        try:
            with self._pool.connection() as connection:
                return ask(connection)
        except PoolTimeout as error:
            raise ConnectionFailedError(
                "PostgreSQL does not answer", hint="It may be restarting, or all its connections are taken."
            ) from error
