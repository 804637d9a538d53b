"""
Connections of a pool: made ready once, and sound and clean each time that they are lent.

In: events of SQLAlchemy's pool. Out: nothing. I/O: PostgreSQL.
"""

from __future__ import annotations

from typing import Any

import psycopg
from sqlalchemy import exc
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from pgmoat.runtime.liveness import is_silent
from pgmoat.runtime.messages import clean_session

_IS_POOLED = "pgmoat.is_pooled"
_IS_USED = "pgmoat.is_used"


def prepare_connection(link: Any, entry: ConnectionPoolEntry) -> None:
    """
    Find out whether a new connection goes through a pooler, and then prepare no statements.

    The process that answers is another than the one that the connection was made to. PgBouncer before 1.21
    does not follow prepared statements.
    """
    pid = _ask(link, "SELECT pg_catalog.pg_backend_pid()")
    entry.info[_IS_POOLED] = pid != link.info.backend_pid
    if entry.info[_IS_POOLED]:
        driver: Any = entry.driver_connection
        driver.prepare_threshold = None


def renew_connection(link: Any, entry: ConnectionPoolEntry, _: PoolProxiedConnection) -> None:
    """
    See that a connection is alive, and leave nothing on it of who had it before.

    What an agent's SQL did to the session (``SET``, temporary tables, advisory locks, a token kept by
    ``set_config``) would meet the next task. The question that takes it back is also the one whether
    anybody answers. Behind a pooler the session is another one each time: PgBouncer's
    ``server_reset_query`` cleans it.

    Raises:
        DisconnectionError: nobody answers; SQLAlchemy makes a new connection.
    """
    if not entry.info.get(_IS_USED):
        entry.info[_IS_USED] = True
        return
    driver: Any = entry.driver_connection
    try:
        if not is_silent(driver.pgconn.socket):
            raise exc.InvalidatePoolError("the server has closed the connection")
        if not entry.info[_IS_POOLED] and _ask(link, clean_session().text):
            raise exc.DisconnectionError("statements that SQL has prepared could pass for the driver's")
    except psycopg.Error as error:
        raise exc.InvalidatePoolError(str(error)) from error


def _ask(link: Any, question: str | bytes) -> Any:
    """Return the first value of an answer; *link* is psycopg's connection, or SQLAlchemy's async adapter."""
    link.autocommit = True
    cursor = link.cursor()
    try:
        cursor.execute(question)
        return cursor.fetchone()[0]
    finally:
        cursor.close()
        if not link.closed:
            link.autocommit = False
