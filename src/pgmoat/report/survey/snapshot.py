"""
What a survey of people's tables holds: structure, constraints, and what samples of the data look like.

In: rows (from :mod:`pgmoat.report.survey.read`). Out: frozen data. I/O: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pgmoat.catalog.snapshot import Column, Reach, Table


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key constraint of a table; both lists of columns have one order."""

    name: str
    columns: tuple[str, ...]
    references: str  # schema.table
    references_columns: tuple[str, ...]
    on_delete: str  # a no action, r restrict, c cascade, n set null, d set default


@dataclass(frozen=True, slots=True)
class CheckConstraint:
    """A CHECK of a table, or of the domain of one of its columns."""

    name: str
    columns: tuple[str, ...]
    expression: str  # pg_get_expr()
    values: tuple[str, ...] = ()  # as text, when it lists the values that its one column may have


@dataclass(frozen=True, slots=True)
class ValueCount:
    """A value, as text, and the number of sampled rows that have it."""

    value: str
    rows: int


@dataclass(frozen=True, slots=True)
class Shape:
    """A pattern of values (``aaa9@aaa.aa``: letters a and A, digits 9), and its share of them, 0 to 1."""

    pattern: str
    share: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """How many of the sampled values have the form of a kind of sensitive data."""

    kind: str  # as in pgmoat.report.survey.kinds
    share: float  # 0 to 1, of the *values* that were looked at
    values: int
    test: str  # what they do, after "n % of m sampled values": "pass the Luhn check"
    is_within: bool = False  # it stands inside longer values


@dataclass(frozen=True, slots=True)
class ColumnSample:
    """What sampled rows hold in one column."""

    rows: int  # that were sampled, NULLs among them
    nulls: int
    distinct: int  # different values in the sample
    is_whole: bool  # the sample is the whole table
    values: tuple[ValueCount, ...] = ()  # all of them, most frequent first, when they are few and short
    shapes: tuple[Shape, ...] = ()  # the most frequent ones, of text
    longest: int = 0  # characters of the longest value as text
    looks_like: tuple[str, ...] = ()  # kinds of sensitive data that the values look like: email, card…
    evidence: tuple[Evidence, ...] = ()  # what speaks for each of them, and for those that may be in a text
    counted: str = "sample"  # rows of *values*: of the sample, of the table, or of the statistics' estimate


@dataclass(frozen=True, slots=True)
class Lookup:
    """A small table that says in words what a code means."""

    key: str  # its column that others reference
    label: str  # its column with the word
    words: tuple[tuple[str, str], ...]  # code as text, word


@dataclass(frozen=True, slots=True)
class SurveyedTable:
    """A people's relation with what hangs on it and what its data looks like."""

    table: Table
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[CheckConstraint, ...] = ()
    samples: Mapping[str, ColumnSample] = field(default_factory=dict[str, ColumnSample])  # by column
    lookup: Lookup | None = None
    is_partition: bool = False  # rows of it are reached through its parent
    extension: str | None = None  # that made it
    is_row_secured: bool = False  # row security hides rows from whoever looks
    unread: str = ""  # why its rows were not sampled; empty when they were

    @property
    def columns(self) -> tuple[Column, ...]:
        """The table's columns, in order."""
        return self.table.columns

    def foreign_key_of(self, column: str) -> ForeignKey | None:
        """Return the foreign key on this one column, or None."""
        return next((key for key in self.foreign_keys if key.columns == (column,)), None)


@dataclass(frozen=True, slots=True)
class Survey:
    """A database as lint and init look at it."""

    database: str
    server_version: int  # server_version_num
    tables: Mapping[str, SurveyedTable]  # by schema.table; tables, partitioned ones, views, foreign tables
    reach: tuple[Reach, ...] = ()  # what PUBLIC reaches
    notes: tuple[str, ...] = ()  # what could not be read, and why
