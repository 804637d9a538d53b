"""
Read what hangs on people's tables besides what a plan needs: foreign keys, CHECKs, who may read them.

In: a connection. Out: relations, foreign keys, CHECKs. I/O: reads system catalogs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from pgmoat.catalog.arrays import freeze_array
from pgmoat.postgres.sqlfile import load_sql
from pgmoat.report.survey.listed import list_values
from pgmoat.report.survey.snapshot import CheckConstraint, ForeignKey

_PACKAGE = "pgmoat.report.survey"


@dataclass(frozen=True, slots=True)
class Relation:
    """One row of ``read_relations.sql``: what decides whether and how its rows are sampled."""

    relation: int
    schema: str
    name: str
    kind: str
    is_partition: bool
    extension: str | None
    is_schema_usable: bool
    is_readable: bool
    readable_columns: tuple[str, ...]  # where the table as a whole may not be read
    is_row_secured: bool
    live_rows: int

    @property
    def qualified_name(self) -> str:
        """``schema.table``."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class Constraints:
    """Foreign keys and CHECKs by the table's oid."""

    foreign_keys: dict[int, list[ForeignKey]]
    checks: dict[int, list[CheckConstraint]]


def read_relations(
    connection: Connection[Any],
    entity_schema: str,
    schemas: Sequence[str] | None,
    tables: Sequence[str] | None,
) -> list[Relation]:
    """Return people's relations of *schemas* and *tables*, by name; all without them."""
    parameters = {
        "entity_schema": entity_schema,
        "schemas": None if schemas is None else list(schemas),
        "tables": None if tables is None else list(tables),
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute(load_sql(_PACKAGE, "read_relations"), parameters)
        return [Relation(**{name: freeze_array(value) for name, value in row.items()}) for row in cursor]


def read_constraints(connection: Connection[Any], relations: Sequence[int]) -> Constraints:
    """Return the constraints of *relations*, with names outside pg_catalog qualified."""
    foreign_keys: dict[int, list[ForeignKey]] = defaultdict(list)
    checks: dict[int, list[CheckConstraint]] = defaultdict(list)
    parameters = {"relations": list(relations)}
    with (
        connection.transaction(force_rollback=True),
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        cursor.execute("SET LOCAL search_path = pg_catalog")
        for row in cursor.execute(load_sql(_PACKAGE, "read_foreign_keys"), parameters):
            fields = {name: freeze_array(value) for name, value in row.items()}
            foreign_keys[fields.pop("relation")].append(ForeignKey(**fields))
        for row in cursor.execute(load_sql(_PACKAGE, "read_checks"), parameters):
            fields = {name: freeze_array(value) for name, value in row.items()}
            values = list_values(fields["expression"], fields["columns"])
            checks[fields.pop("relation")].append(CheckConstraint(**fields, values=values))
    return Constraints(foreign_keys, checks)
