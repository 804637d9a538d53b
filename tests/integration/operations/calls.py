"""
Call operations as an agent would.

In: a connection, an operation, its arguments. Out: its result. I/O: PostgreSQL.
"""

from __future__ import annotations

from typing import Any, cast

from psycopg import sql

from tests.moat_fixtures import Connection, Moat

Result = dict[str, Any]


def call(connection: Connection, operation: str, key: str | None = None, **arguments: object) -> Result:
    """Return the result of an operation, called by name with bound arguments."""
    named: list[sql.Composable] = [sql.SQL("{} => %s").format(sql.Identifier(n)) for n in arguments]
    values = list(arguments.values())
    if key is not None:
        named.append(sql.SQL("idempotency_key => %s"))
        values.append(key)
    query = sql.SQL("SELECT {}({})").format(sql.Identifier(operation), sql.SQL(", ").join(named))
    row = connection.execute(query, values).fetchone()
    assert row is not None
    return cast("Result", row[0])


def call_once(
    shop: Moat,
    agent: str,
    operation: str,
    key: str | None = None,
    *,
    token: str | None = None,
    route: str = "direct",
    **arguments: object,
) -> Result:
    """Return the result of an operation, called in a connection and transaction of its own."""
    with shop.task(agent, token, route=route) as connection:
        return call(connection, operation, key, **arguments)


def without_flag(result: Result) -> Result:
    """Return a result without what tells a replay."""
    return {name: value for name, value in result.items() if name != "replayed"}


def count_effects(shop: Moat) -> tuple[int, int, int]:
    """Return how many orders are refunded, how many refunds there are, and how many calls are kept."""
    rows = shop.read(
        "SELECT (SELECT count(*) FROM public.orders WHERE stat_cd = 8),"
        " (SELECT count(*) FROM public.refunds), (SELECT count(*) FROM pgmoat.operation_call)"
    )
    refunded, refunds, calls = rows[0]
    return refunded, refunds, calls
