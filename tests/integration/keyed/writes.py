"""
Write under a key as an agent would.

In: a connection, a key, a request. Out: the call, the result. I/O: PostgreSQL.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from psycopg.types.json import Jsonb

from tests.moat_fixtures import Connection, Moat

Result = dict[str, Any]


def begin(
    connection: Connection, key: str | None, request: object = None, token: str | None = None
) -> tuple[int | None, Result | None]:
    """Return the call, or the result of the earlier one."""
    row = connection.execute(
        "SELECT call, result FROM pgmoat.begin_write(%s, %s, %s)", (key, Jsonb(request or {}), token)
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def begin_new(connection: Connection, key: str, request: object = None, token: str | None = None) -> int:
    """Return the call of a write that is not a repetition."""
    call, result = begin(connection, key, request, token)
    assert result is None
    assert call is not None
    return call


def bump(connection: Connection, counter: int = 1) -> object:
    """Add one to a counter; the rows that the statement returns."""
    row = connection.execute(
        "WITH w AS (UPDATE counters SET v = v + 1 WHERE id = %s RETURNING id, v)"
        " SELECT COALESCE(jsonb_agg(w), '[]') FROM w",
        [counter],
    ).fetchone()
    assert row is not None
    return row[0]


def finish(connection: Connection, call: int | None, rows: object = None) -> Result:
    """Return the result that is stored."""
    row = connection.execute(
        "SELECT pgmoat.finish_write(%s, %s)", (call, None if rows is None else Jsonb(rows))
    ).fetchone()
    assert row is not None
    return row[0]


def write(connection: Connection, key: str, counter: int = 1, token: str | None = None) -> Result:
    """Add one to a counter under a key, in the connection's transaction, as a client would."""
    call, result = begin(connection, key, {"bump": counter}, token)
    if result is not None:
        return result
    return finish(connection, call, bump(connection, counter))


def write_once(
    shop: Moat, agent: str, key: str, counter: int = 1, *, token: str | None = None, route: str = "direct"
) -> Result:
    """Add one to a counter under a key, in a connection and transaction of its own."""
    with shop.connect(agent, route=route) as connection, connection.transaction():
        return write(connection, key, counter, token or shop.open_task(agent))


def count_effects(shop: Moat) -> tuple[int, int, int]:
    """Return the sum of all counters, how many changes there are, and how many calls are kept."""
    ((total, changes, calls),) = shop.read(
        "SELECT (SELECT sum(v)::bigint FROM public.counters), (SELECT count(*) FROM pgmoat.change),"
        " (SELECT count(*) FROM pgmoat.operation_call)"
    )
    return total, changes, calls


def poll(claim: Callable[[], bool]) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + 20
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_for_lock(shop: Moat) -> None:
    """Wait until somebody waits for another's transaction."""
    poll(
        lambda: (
            shop.value("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'") > 0
        )
    )
