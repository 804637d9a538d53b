"""
The one place that opens a connection.

In: a DSN. Out: a psycopg connection. I/O: PostgreSQL.
"""

from __future__ import annotations

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from pgmoat.errors import ConnectionFailedError
from pgmoat.postgres.dsn import MASK, Dsn, list_secrets, normalize_dsn, redact, resolve_dsn

__all__ = ["Dsn", "connect", "redact", "resolve_dsn"]

CONNECT_TIMEOUT_S = 10
_PIN = "SET search_path = pg_catalog, pg_temp"


def connect(
    dsn: str, *, application_name: str = "pgmoat", autocommit: bool = True, pins_search_path: bool = True
) -> psycopg.Connection[TupleRow]:
    """
    Return an open connection that speaks UTF-8 and finds PostgreSQL's own functions and operators only.

    Whoever owns the database may give it a search_path in which an operator of theirs stands before
    pg_catalog's, and so run code with the rights of whoever reads. Without *pins_search_path* the session has
    that path: for people's own SQL, and for a pooler's console, which knows no SET. Behind a pooler it has it
    too: what is set there stays on the server's session, for the next client.

    Raises:
        ConnectionFailedError: no connection. Neither it nor what is chained to it holds the password:
            it is raised outside the except block, so that psycopg's error, and the frames that hold the
            DSN, do not become its ``__context__``.
    """
    dsn = normalize_dsn(dsn)
    try:
        connection = psycopg.connect(
            make_conninfo(dsn, **_defaults(dsn)),
            autocommit=True,
            application_name=application_name,
            client_encoding="UTF8",
        )
        if pins_search_path and _is_direct(connection):
            connection.execute(_PIN)
        connection.autocommit = autocommit
        return connection  # noqa: TRY300 - what fails above is one failure: no connection as it must be
    except psycopg.Error as error:
        answer = str(error)
    raise ConnectionFailedError(
        f"cannot connect to {redact(dsn)}",
        detail=_without_secrets(answer, dsn),
        hint="check host, port, database, user and password of --dsn, PGMOAT_DSN or DATABASE_URL",
    )


def _is_direct(connection: psycopg.Connection[TupleRow]) -> bool:
    """Return whether no pooler stands between: it names a process of its own as the session's."""
    row = connection.execute("SELECT pg_catalog.pg_backend_pid()").fetchone()
    return row is not None and row[0] == connection.info.backend_pid


def _defaults(dsn: str) -> dict[str, int]:
    """Return what *dsn* leaves open: libpq would wait for minutes for a host that does not answer."""
    return {} if "connect_timeout" in conninfo_to_dict(dsn) else {"connect_timeout": CONNECT_TIMEOUT_S}


def _without_secrets(text: str, dsn: str) -> str:
    """Return libpq's *text* without a password; libpq repeats none, but a proxy's answer might."""
    for secret in list_secrets(dsn):
        text = text.replace(secret, MASK)
    return text.replace("\t", "  ")
