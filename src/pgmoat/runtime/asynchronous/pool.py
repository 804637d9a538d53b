"""
Connections of one role, lent for one transaction at a time.

In: a DSN, a PoolPolicy. Out: connections. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import psycopg
from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.pq import TransactionStatus
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from pgmoat.errors import AgentError, ConnectionLostError, PoolExhaustedError
from pgmoat.policy.bounds import PoolPolicy
from pgmoat.postgres.dsn import list_secrets, normalize_dsn, redact
from pgmoat.runtime.failures import explain_failure, explain_refusal
from pgmoat.runtime.intervals import add_intervals
from pgmoat.runtime.liveness import is_silent

RECONNECT_S = 1.0
"""How long the pool itself tries to make a connection; then it waits to be asked again."""


_NOT_EMPTY = "Nothing was read or written: this is no empty answer. Wait and repeat it with the same key."


class AsyncAgentPool:
    """
    A pool that fails fast: who gets no connection in time gets an error, never an empty answer.

    A pooler between us and PostgreSQL is noticed (the process that answers is not the one that the connection
    was made to), and then statements are not prepared: PgBouncer before 1.21 does not follow them.
    """

    def __init__(self, dsn: str, bounds: PoolPolicy, name: str) -> None:
        self._dsn = normalize_dsn(dsn)
        self._bounds = bounds
        self._lent: set[AsyncConnection[Any]] = set()
        self._refusal: psycopg.Error | None = None  # of the last login
        self._pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
            self._dsn,
            connection_class=self._make_connection_class(),
            kwargs={
                "autocommit": True,
                "application_name": "pgmoat",
                "client_encoding": "UTF8",
                "cursor_factory": AsyncRawCursor,
                "prepare_threshold": None,
            },
            min_size=0,
            max_size=bounds.size + bounds.overflow,
            open=False,
            configure=_configure,
            name=name,
            timeout=bounds.timeout / 1000,
            max_lifetime=bounds.recycle / 1000,
            reconnect_timeout=RECONNECT_S,
        )

    def _make_connection_class(self) -> type[AsyncConnection[Any]]:
        """Return connections that leave here why PostgreSQL refused them: the pool only logs it."""
        pool = self

        class NotedConnection(AsyncConnection[Any]):
            @classmethod
            async def connect(cls, conninfo: str = "", **kwargs: Any) -> NotedConnection:
                try:
                    connection = await super().connect(conninfo, **kwargs)
                except psycopg.Error as error:
                    pool._refusal = error
                    raise
                pool._refusal = None
                return connection

        return NotedConnection

    async def open(self) -> None:
        """Start; connections are made when they are asked for."""
        await self._pool.open()

    async def close(self) -> None:
        """Close all connections; whoever waits for one gets an error."""
        await self._pool.close()

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[AsyncConnection[Any]]:
        """
        Lend a connection; what is open on it at the end is rolled back.

        Raises:
            PoolExhaustedError: none became free in time.
            ConnectionLostError: none could be made.
        """
        connection = await self._take()
        self._lent.add(connection)
        try:
            yield connection
        finally:
            try:
                await _end(connection)
            finally:  # also when that was cancelled: else the pool is a connection short for ever
                self._lent.discard(connection)
                await self._pool.putconn(connection)

    async def _take(self) -> AsyncConnection[Any]:
        """
        Return a connection that still has somebody at the other end.

        Not by the pool's own ``check``: behind each dead connection that waits a second, then two, and after
        a restart of the server all are dead.
        """
        deadline = monotonic() + self._bounds.timeout / 1000
        while True:
            connection = await self._get(deadline - monotonic())
            if not connection.closed and is_silent(connection.pgconn.socket):
                return connection
            await connection.close()
            await self._pool.putconn(connection)

    async def _get(self, timeout_s: float) -> AsyncConnection[Any]:
        try:
            return await self._pool.getconn(timeout_s)
        except PoolTimeout as error:
            raise self._explain_timeout() from error
        except PoolClosed as error:
            raise AgentError("the pool is closed", hint="Use it inside of the moat's block.") from error
        except psycopg.Error as error:
            raise explain_failure(error) from error

    def _explain_timeout(self) -> AgentError:
        seconds = self._bounds.timeout / 1000
        refusal = explain_refusal(self._refusal, list_secrets(self._dsn))
        if refusal is not None:
            return refusal
        if len(self._lent) < self._pool.max_size:
            return ConnectionLostError(
                f"no connection to PostgreSQL within {seconds:g} s: {redact(self._dsn)}",
                hint=_NOT_EMPTY,
                retry_after_s=seconds,
            )
        return PoolExhaustedError(
            f"no connection became free within {seconds:g} s: all {self._pool.max_size} are in use",
            hint=_NOT_EMPTY,
            retry_after_s=seconds,
        )


async def _configure(connection: AsyncConnection[Any]) -> None:
    add_intervals(connection.adapters)
    try:
        cursor = await connection.execute("SELECT pg_catalog.pg_backend_pid()")
        row = await cursor.fetchone()
    except psycopg.Error:
        await connection.close()  # the pool leaves it to the garbage collector
        raise
    if row is not None and row[0] == connection.info.backend_pid:
        # At the first use or never. What psycopg prepares at a later one it takes for prepared even where an
        # error before it in the round trip has kept PostgreSQL from doing so: it then fails for good.
        connection.prepare_threshold = 0


async def _end(connection: AsyncConnection[Any]) -> None:
    """Leave no transaction open; a connection on which that fails is closed."""
    status = connection.info.transaction_status
    if status in {TransactionStatus.INTRANS, TransactionStatus.INERROR}:
        try:
            await connection.execute("ROLLBACK")
        except psycopg.Error:
            await connection.close()
    elif status is TransactionStatus.ACTIVE:
        await connection.close()
