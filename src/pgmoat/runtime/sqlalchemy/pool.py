"""
Pools of SQLAlchemy's that say that they are exhausted as pgmoat does.

In: calls of SQLAlchemy. Out: connections, PoolExhaustedError. I/O: SQLAlchemy's.
"""

from __future__ import annotations

from sqlalchemy import exc
from sqlalchemy.pool import AsyncAdaptedQueuePool, PoolProxiedConnection, QueuePool

from pgmoat.runtime.sqlalchemy.failures import PoolTimeoutError


class AgentQueuePool(QueuePool):
    """A pool that fails fast: who gets no connection in time gets an error, never an empty answer."""

    def connect(self) -> PoolProxiedConnection:
        """
        Lend a connection.

        Raises:
            PoolExhaustedError: none became free in time; it is sqlalchemy.exc.TimeoutError as well.
        """
        try:
            return super().connect()
        except exc.TimeoutError as error:
            seconds = self.timeout()
            raise PoolTimeoutError(
                f"no connection became free within {seconds:g} s: all {self.checkedout()} are in use",
                hint="Nothing was read or written: this is no empty answer. Wait and run it again.",
                retry_after_s=seconds,
            ) from error


class AsyncAgentQueuePool(AgentQueuePool, AsyncAdaptedQueuePool):
    """The same for asyncio."""
