"""
Surveys made by hand.

In: names of tables and columns. Out: SurveyedTable, Survey. I/O: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pgmoat.catalog.snapshot import Column, ForeignKeyChild, Table, UniqueIndex
from pgmoat.report.survey.snapshot import (
    CheckConstraint,
    ColumnSample,
    ForeignKey,
    Survey,
    SurveyedTable,
    ValueCount,
)

_TYPES = {
    "int4": ("integer", "N"),
    "int2": ("smallint", "N"),
    "int8": ("bigint", "N"),
    "text": ("text", "S"),
    "bpchar": ("character(1)", "S"),
    "bool": ("boolean", "B"),
    "timestamptz": ("timestamp with time zone", "D"),
    "date": ("date", "D"),
}


def column(name: str, base: str = "int4", **more: object) -> Column:
    """Return a column of one of the usual types."""
    type_name, category = _TYPES[base]
    plain = Column(
        name=name,
        type_name=type_name,
        type_category=category,
        base_type_name=base,
        max_length=1 if base == "bpchar" else None,
        enum_labels=(),
        not_null=False,
        default=None,
        default_is_portable=True,
        identity="",
        generated=False,
        sequence=None,
        comment=None,
    )
    return replace(plain, **more)  # pyright: ignore[reportArgumentType]  any field


def table(
    name: str,
    *columns: Column | str,
    key: Sequence[str] = ("id",),
    points: dict[str, str] | None = None,
    checks: dict[str, Sequence[str]] | None = None,
    samples: dict[str, ColumnSample] | None = None,
    schema: str = "public",
    **more: object,
) -> SurveyedTable:
    """Return a table; *points* are columns with the table that they point to, *checks* with their values."""
    own = tuple(part if isinstance(part, Column) else column(part) for part in columns)
    people = Table(
        schema=schema,
        name=name,
        kind="r",
        owner="app",
        row_security=False,
        estimated_rows=0,
        columns=own,
        unique_indexes=(
            UniqueIndex(f"{name}_pkey", tuple(key), is_primary=True, is_constraint=True, predicate=None),
        )
        if key
        else (),
        indexed_columns=tuple(key[:1]),
        children=(),
        triggers=(),
        comment=None,
    )
    keys = tuple(
        ForeignKey(f"{name}_{base}_fkey", (base,), f"public.{target}", ("id",), "a")
        for base, target in (points or {}).items()
    )
    listed = tuple(
        CheckConstraint(f"{name}_{base}_check", (base,), "", tuple(values))
        for base, values in (checks or {}).items()
    )
    return SurveyedTable(
        replace(people, **more),  # pyright: ignore[reportArgumentType]  any field
        keys,
        listed,
        samples or {},
    )


def survey(*tables: SurveyedTable) -> Survey:
    """Return a survey of *tables*; what points to a table is known there too."""
    children: dict[str, list[ForeignKeyChild]] = {}
    for part in tables:
        for key in part.foreign_keys:
            child = ForeignKeyChild(part.table.qualified_name, key.name, key.on_delete)
            children.setdefault(key.references, []).append(child)
    named = {
        part.table.qualified_name: replace(
            part,
            table=replace(part.table, children=tuple(children.get(part.table.qualified_name, ()))),
        )
        for part in tables
    }
    return Survey("shop", 180000, named)


def sample(
    values: dict[str, int] | None = None, *, rows: int = 100, nulls: int = 0, whole: bool = True
) -> ColumnSample:
    """Return what a sample of *rows* holds."""
    counts = tuple(ValueCount(value, number) for value, number in (values or {}).items())
    return ColumnSample(
        rows=rows, nulls=nulls, distinct=len(counts) or rows - nulls, is_whole=whole, values=counts
    )
