"""
What the rules look at: a survey, and which of its tables are judged.

In: Survey. Out: Subject. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pgmoat.catalog.snapshot import Column
from pgmoat.report.survey.snapshot import CheckConstraint, ColumnSample, Survey, SurveyedTable

TABLE_KINDS = frozenset({"r", "p", "f"})
VIEW_KINDS = frozenset({"v", "m"})
TOOL_TABLES = frozenset(
    {
        "alembic_version",
        "ar_internal_metadata",
        "databasechangelog",
        "databasechangeloglock",
        "django_migrations",
        "flyway_schema_history",
        "goose_db_version",
        "knex_migrations",
        "knex_migrations_lock",
        "_prisma_migrations",
        "schema_migrations",
        "sequelizemeta",
        "typeorm_metadata",
    }
)
"""Tables in which tools for migrations keep their books: nobody asks them anything."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an entity of a policy comes from."""

    table: str  # schema.table
    columns: Mapping[str, str]  # name in the entity to the base column
    comment: str = ""  # of the table: agents do not see it


@dataclass(frozen=True, slots=True)
class Place:
    """A column, its table, and what is known of it."""

    table: SurveyedTable
    column: Column

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name

    @property
    def table_name(self) -> str:
        """``schema.table``."""
        return self.table.table.qualified_name

    @property
    def sample(self) -> ColumnSample | None:
        """What its sampled rows hold; None when there are none."""
        found = self.table.samples.get(self.column.name)
        return found if found is not None and found.rows > 0 else None

    @property
    def comment(self) -> str:
        """Its comment, empty without one."""
        return (self.column.comment or "").strip()

    @property
    def is_key(self) -> bool:
        """Whether it is the primary key, or a part of it."""
        return self.column.name in self.table.table.primary_key

    @property
    def is_unique(self) -> bool:
        """Whether it alone identifies a row."""
        return any(index.columns == (self.column.name,) for index in self.table.table.unique_indexes)

    @property
    def is_reference(self) -> bool:
        """Whether a foreign key holds it."""
        return any(self.column.name in key.columns for key in self.table.foreign_keys)

    @property
    def checks(self) -> tuple[CheckConstraint, ...]:
        """The CHECKs that are about it alone."""
        return tuple(check for check in self.table.checks if check.columns == (self.column.name,))

    @property
    def allowed_values(self) -> tuple[str, ...]:
        """The values that its type or a CHECK lists."""
        if self.column.enum_labels:
            return self.column.enum_labels
        return next((check.values for check in self.checks if check.values), ())

    @property
    def values(self) -> tuple[str, ...]:
        """The values that were seen, most frequent first; empty when they are many, long or not sampled."""
        return tuple(seen.value for seen in self.sample.values) if self.sample is not None else ()

    @property
    def null_share(self) -> float:
        """The share of sampled rows that are NULL, 0 to 1."""
        return self.sample.nulls / self.sample.rows if self.sample is not None else 0.0


@dataclass(frozen=True, slots=True)
class Subject:
    """A survey as the rules look at it."""

    survey: Survey
    origins: Mapping[str, Origin] = field(default_factory=dict[str, Origin])  # by entity; of a policy's view
    with_views: bool = False

    @property
    def tables(self) -> tuple[SurveyedTable, ...]:
        """The tables that are judged, in order of their names."""
        kinds = TABLE_KINDS | VIEW_KINDS if self.with_views else TABLE_KINDS
        return tuple(
            table
            for _, table in sorted(self.survey.tables.items())
            if table.table.kind in kinds
            and not table.is_partition
            and table.extension is None
            and table.table.name.lower() not in TOOL_TABLES
            and not self._is_child(table)
        )

    def _is_child(self, table: SurveyedTable) -> bool:
        """Whether it is a partition by inheritance: named after its parent, with all of its columns."""
        parts = table.table.name.split("_")
        for length in range(1, len(parts)):
            parent = self.survey.tables.get(f"{table.table.schema}.{'_'.join(parts[:length])}")
            if parent is not None and parent.table.has_inheritors and _columns(parent) <= _columns(table):
                return True
        return False

    @property
    def places(self) -> Iterator[Place]:
        """Every column of every judged table, in order."""
        return (Place(table, column) for table in self.tables for column in table.columns)

    @property
    def is_policy(self) -> bool:
        """Whether it is what agents see through a policy."""
        return bool(self.origins)

    def names_of(self, table: SurveyedTable) -> tuple[str, ...]:
        """Return the names that people may call a table by: its own, and that of an entity's table."""
        name = table.table.qualified_name
        return (name, self.origins[name].table) if name in self.origins else (name,)

    def base_column(self, table: str, column: str) -> str:
        """Return the name that a policy lists the column under."""
        origin = self.origins.get(table)
        return origin.columns.get(column, column) if origin is not None else column


def _columns(table: SurveyedTable) -> set[tuple[str, str]]:
    return {(column.name, column.type_name) for column in table.columns}


def is_view(table: SurveyedTable) -> bool:
    """Whether its columns come from a query: keys and types are those of the tables below."""
    return table.table.kind in VIEW_KINDS
