"""
What people do about held writes, and what agents do to have one held.

In: a shop, a number. Out: what is stored. I/O: PostgreSQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, LiteralString

from psycopg import sql
from psycopg.types.json import Jsonb

from tests.moat_fixtures import Connection, Moat

MANY: LiteralString = "UPDATE counters SET v = v + 1 WHERE id <= 30"
"""More rows than one statement may write without a person's word."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What the database gives an agent to carry: the call, what it would write, the signature."""

    call: int
    preview: str
    signature: str


def decide(shop: Moat, number: int, is_approved: bool | None = True, reason: str | None = None) -> None:
    """Say yes or no, as somebody with the approver's role who was shown what is stored now."""
    with shop.superuser() as connection:
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(shop.system_role("approver"))))
        connection.execute(
            "SELECT pgmoat.decide(p.id, p.fingerprint, %s, 'ann', %s)"
            "  FROM pgmoat.approvals AS p WHERE p.id = %s",
            [is_approved, reason, number],
        )


def begin(connection: Connection, key: str, request: object = None) -> tuple[int | None, Any]:
    """Return the call, or the earlier result."""
    row = connection.execute(
        "SELECT call, result FROM pgmoat.begin_write(%s, %s)", (key, Jsonb(request or {"many": 1}))
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def sign(connection: Connection, key: str, statement: LiteralString, request: object = None) -> Signed:
    """Run a statement under a key, have it looked at and take it back."""
    call, result = begin(connection, key, request)
    assert result is None
    assert call is not None
    connection.execute("SAVEPOINT held")
    connection.execute(statement)
    row = connection.execute("SELECT * FROM pgmoat.sign_preview(%s)", [call]).fetchone()
    assert row is not None
    connection.execute("ROLLBACK TO held")
    return Signed(call, *row)


def hold(connection: Connection, signed: Signed) -> dict[str, Any]:
    """Have it wait for a person's word; what the agent is told."""
    row = connection.execute(
        "SELECT pgmoat.hold_write(%s, %s, %s)", [signed.call, signed.preview, signed.signature]
    ).fetchone()
    assert row is not None
    return row[0]["approval"]


def hold_once(
    shop: Moat,
    agent: str,
    key: str,
    statement: LiteralString = MANY,
    *,
    token: str | None = None,
    route: str = "direct",
    request: object = None,
) -> int:
    """Have a write held in a connection and transaction of its own; its number."""
    with shop.task(agent, token, route=route) as connection:
        return int(hold(connection, sign(connection, key, statement, request))["id"])


def run_once(
    shop: Moat,
    agent: str,
    key: str,
    statement: LiteralString = MANY,
    *,
    token: str | None = None,
    route: str = "direct",
    request: object = None,
) -> dict[str, Any]:
    """Write under a key in a connection and transaction of its own; the result."""
    with shop.task(agent, token, route=route) as connection:
        call, result = begin(connection, key, request)
        if result is not None:
            return result
        connection.execute(statement)
        row = connection.execute("SELECT pgmoat.finish_write(%s)", [call]).fetchone()
        assert row is not None
        return row[0]


def read_state(shop: Moat, number: int) -> tuple[str, int]:
    """Return state and revision of what is held."""
    ((state, revision),) = shop.read("SELECT state, revision FROM pgmoat.approvals WHERE id = %s", number)
    return state, revision


def count_written(shop: Moat) -> int:
    """Return what all counters come to."""
    return shop.value("SELECT sum(v)::bigint FROM public.counters")
