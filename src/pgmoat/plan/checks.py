"""
Have PostgreSQL look at what was compiled from people's SQL, before anything is committed.

In: Checks, the connection of the main transaction. Out: nothing, or an error that shows the place. I/O:
PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import Connection

from pgmoat.errors import ApplyError
from pgmoat.model.objects import Check
from pgmoat.plan import quote
from pgmoat.postgres.sqltext import Printed, compose


def run_checks(connection: Connection[Any], checks: Sequence[Check]) -> None:
    """
    Run *checks* in the open transaction; role and search_path are afterwards as apply needs them.

    Raises:
        ApplyError: one failed, and so did the transaction.
    """
    for check in checks:
        try:
            for statement in list_check_sql(check):
                connection.execute(statement.encode())
        except psycopg.Error as error:
            diag = error.diag
            parts = [
                diag.message_primary or str(error),
                point_at(diag.internal_query or "", int(diag.internal_position or 0)),
                diag.message_detail,
                diag.message_hint,
            ]
            raise ApplyError(
                f"{check.what}: PostgreSQL refuses its SQL, nothing was kept",
                detail="\n".join(part for part in parts if part),
                hint="correct it in the policy; it may use what the operation lists under `entities:`",
            ) from error


def list_check_sql(check: Check) -> tuple[str, ...]:
    """Return the statements of one check."""
    return (
        compose("SET LOCAL search_path = {}", Printed(check.search_path)),
        "SET LOCAL plan_cache_mode = force_generic_plan",
        "SET LOCAL check_function_bodies = on",
        compose("SET LOCAL ROLE {}", quote.name(check.role)),
        check.sql,
        "RESET ROLE",
        "SET LOCAL search_path = pg_catalog",
        "SET LOCAL check_function_bodies = off",
    )


def point_at(query: str, position: int) -> str:
    """Return the line of *query* that holds character *position* (from 1), with a mark below it."""
    if not 0 < position <= len(query) + 1:
        return ""
    start = query.rfind("\n", 0, position - 1) + 1
    line = query[start:].split("\n", 1)[0]
    return f"{line}\n{' ' * (position - 1 - start)}^"
