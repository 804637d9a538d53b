"""
A few connections that many short readings share.

In: a DSN. Out: a pool of psycopg connections. I/O: PostgreSQL.
"""

from __future__ import annotations

from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool

_CONNECT_TIMEOUT_S = 5

Pool = ConnectionPool[Connection[TupleRow]]


def make_pool(
    dsn: str, *, application_name: str, most: int, wait_s: float, statement_timeout_ms: int
) -> Pool:
    """
    Return a pool that is not open yet; it keeps no connection to a server that went away.

    Its connections are in autocommit mode and speak UTF-8. No connection is made before one is asked for, so
    that it opens while the server is away.
    """

    def prepare(connection: Connection[TupleRow]) -> None:
        connection.execute("SET search_path = pg_catalog, pg_temp")
        connection.execute(
            "SELECT pg_catalog.set_config('statement_timeout', %s, false)", (str(statement_timeout_ms),)
        )

    fields = conninfo_to_dict(dsn)
    return ConnectionPool(
        dsn,
        kwargs={
            "autocommit": True,
            "application_name": application_name,
            "client_encoding": "UTF8",
            **({} if "connect_timeout" in fields else {"connect_timeout": _CONNECT_TIMEOUT_S}),
        },
        min_size=0,
        max_size=most,
        timeout=wait_s,
        # After so long a connection that cannot be made is given up, and the next who asks begins anew.
        reconnect_timeout=2,
        max_idle=60,
        configure=prepare,
        check=ConnectionPool.check_connection,
        open=False,
        name=application_name,
    )
