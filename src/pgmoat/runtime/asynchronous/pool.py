"""
Connections of one role, lent for one transaction at a time.

In: a DSN, a PoolPolicy. Out: connections. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.pq import TransactionStatus
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from pgmoat.errors import AgentError, ConnectionLostError, PoolExhaustedError
from pgmoat.policy.bounds import PoolPolicy
from pgmoat.postgres.dsn import normalize_dsn, redact
from pgmoat.runtime.failures import explain_failure
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
        self._pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
            self._dsn,
            kwargs={
                "autocommit": True,
                "application_name": "pgmoat",
                "client_encoding": "UTF8",
                "cursor_factory": AsyncRawCursor,
            },
            min_size=0,
            max_size=bounds.size + bounds.overflow,
            open=False,
            configure=_configure,
            check=_check,
            name=name,
            timeout=bounds.timeout / 1000,
            max_lifetime=bounds.recycle / 1000,
            reconnect_timeout=RECONNECT_S,
        )

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
        try:
            yield connection
        finally:
            await _end(connection)
            await self._pool.putconn(connection)

    async def _take(self) -> AsyncConnection[Any]:
        try:
            return await self._pool.getconn()
        except PoolTimeout as error:
            raise self._explain_timeout() from error
        except PoolClosed as error:
            raise AgentError("the pool is closed", hint="Use it inside of the moat's block.") from error
        except psycopg.Error as error:
            raise explain_failure(error) from error

    def _explain_timeout(self) -> AgentError:
        seconds = self._bounds.timeout / 1000
        if self._pool.get_stats().get("pool_size", 0) == 0:
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
    cursor = await connection.execute("SELECT pg_catalog.pg_backend_pid()")
    row = await cursor.fetchone()
    if row is None or row[0] != connection.info.backend_pid:
        connection.prepare_threshold = None


async def _check(connection: AsyncConnection[Any]) -> None:
    if not is_silent(connection.pgconn.socket):
        await connection.close()  # the pool would take it back otherwise
        raise psycopg.OperationalError("the server has closed the connection")


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
