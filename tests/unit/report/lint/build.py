"""Hand-made surveys: a column in a line, a table in a few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pgmoat.catalog.snapshot import Column, Table, UniqueIndex
from pgmoat.report.lint.check import LintReport, lint_subject
from pgmoat.report.lint.choose import find_rule
from pgmoat.report.lint.rules import RULES
from pgmoat.report.lint.subject import Subject
from pgmoat.report.survey.snapshot import (
    CheckConstraint,
    ColumnSample,
    ForeignKey,
    Lookup,
    Shape,
    Survey,
    SurveyedTable,
    ValueCount,
)

_CATEGORIES = {
    "int2": "N",
    "int4": "N",
    "int8": "N",
    "numeric": "N",
    "float4": "N",
    "float8": "N",
    "bool": "B",
    "timestamp": "D",
    "timestamptz": "D",
    "date": "D",
    "uuid": "U",
    "jsonb": "U",
}
_NAMES = {
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "float4": "real",
    "float8": "double precision",
    "bool": "boolean",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
}


def column(
    name: str,
    kind: str = "text",
    comment: str | None = None,
    *,
    null: bool = False,
    length: int | None = None,
    labels: tuple[str, ...] = (),
) -> Column:
    """A column, NOT NULL unless *null*."""
    return Column(
        name=name,
        type_name=_NAMES.get(kind, kind) + (f"({length})" if length else ""),
        type_category="E" if labels else _CATEGORIES.get(kind, "S"),
        base_type_name=kind,
        max_length=length,
        enum_labels=labels,
        not_null=not null,
        default=None,
        default_is_portable=False,
        identity="",
        generated=False,
        sequence=None,
        comment=comment,
    )


def sample(
    values: Mapping[str, int] | None = None,
    *,
    nulls: int = 0,
    rows: int | None = None,
    distinct: int | None = None,
    shapes: Mapping[str, float] | None = None,
    is_whole: bool = True,
) -> ColumnSample:
    """What was seen in a column: *values* with their rows, or *shapes* with their share."""
    counts = tuple(ValueCount(value, count) for value, count in (values or {}).items())
    seen = sum(count.rows for count in counts)
    return ColumnSample(
        rows=rows if rows is not None else seen + nulls,
        nulls=nulls,
        distinct=distinct if distinct is not None else len(counts),
        is_whole=is_whole,
        values=counts,
        shapes=tuple(Shape(pattern, share) for pattern, share in (shapes or {}).items()),
    )


def table(  # what a table may have, by keyword
    name: str,
    *columns: Column,
    comment: str | None = "One row per thing that is sold here.",
    key: Sequence[str] | None = None,
    samples: Mapping[str, ColumnSample] | None = None,
    references: Mapping[str, tuple[str, str]] | None = None,
    checks: Mapping[str, Sequence[str]] | None = None,
    lookup: Lookup | None = None,
    schema: str = "public",
    kind: str = "r",
    **more: Any,
) -> SurveyedTable:
    """A table with *key* as its primary key: the first column unless told otherwise, none for ()."""
    primary = (columns[0].name,) if key is None and columns else tuple(key or ())
    indexes = (UniqueIndex(f"{name}_pkey", primary, True, True, None),) if primary else ()
    return SurveyedTable(
        Table(
            schema=schema,
            name=name,
            kind=kind,
            owner="people",
            row_security=False,
            estimated_rows=100,
            columns=tuple(columns),
            unique_indexes=indexes,
            indexed_columns=(),
            children=(),
            triggers=(),
            comment=comment,
            has_inheritors=bool(more.pop("has_inheritors", False)),
        ),
        foreign_keys=tuple(
            ForeignKey(f"{name}_{source}_fkey", (source,), target, (target_column,), "a")
            for source, (target, target_column) in (references or {}).items()
        ),
        checks=tuple(
            CheckConstraint(f"{name}_{source}_check", (source,), "…", tuple(values))
            for source, values in (checks or {}).items()
        ),
        samples=dict(samples or {}),
        lookup=lookup,
        **more,
    )


def survey(*tables: SurveyedTable) -> Survey:
    """A database of *tables*."""
    return Survey("shop", 180000, {part.table.qualified_name: part for part in tables})


def lint(*tables: SurveyedTable, code: str = "", with_views: bool = False) -> LintReport:
    """What the rule *code* finds, or all rules."""
    rules = RULES if not code else (find_rule(code, "--rule"),)
    return lint_subject(Subject(survey(*tables), with_views=with_views), rules)


def objects(report: LintReport) -> list[str]:
    """The objects of the findings, without the schema public."""
    return [finding.object.removeprefix("public.") for finding in report.findings]
