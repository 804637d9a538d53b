"""
What a person should know beside held writes before deciding.

In: a connection of an approver's or the monitor's, numbers. Out: Remarks. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from pgmoat.postgres.sqlfile import load_sql

_PACKAGE: LiteralString = "pgmoat.ledger"


@dataclass(frozen=True, slots=True)
class Remarks:
    """
    What is not in a held write itself.

    *rejected_…*: the last time that the same request of the same agent was rejected, under another number.
    """

    has_operation: bool  # False: it is not in the database any more, and approved it could not run
    rejected_number: int | None
    rejected_as: str | None  # the person
    rejected_by: str | None  # the login
    rejected_reason: str | None
    keys: Mapping[str, tuple[str, ...]]  # by entity, the columns that identify a row

    @property
    def rejection(self) -> str | None:
        """The earlier rejection in words."""
        if self.rejected_number is None:
            return None
        reason = f": {self.rejected_reason}" if self.rejected_reason else ""
        who = self.rejected_as or self.rejected_by
        return f"the same request was rejected as number {self.rejected_number} by {who}{reason}"


NOTHING = Remarks(True, None, None, None, None, {})
"""Where there is nothing to say."""


def read_remarks(connection: psycopg.Connection[Any], ids: Iterable[int]) -> dict[int, Remarks]:
    """Return what there is to say of held writes, by number; those that there are not are left out."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(load_sql(_PACKAGE, "read_remarks"), {"ids": list(ids)}).fetchall()
    return {row.pop("id"): _make_remarks(row) for row in found}


def _make_remarks(found: dict[str, Any]) -> Remarks:
    keys = {entity: tuple(columns) for entity, columns in found.pop("keys").items()}
    return Remarks(**found, keys=keys)
