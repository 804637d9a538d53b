"""
A survey as agents see it through a policy: entities for tables, their names, docs and words.

In: Survey, Policy. Out: Survey, and where each entity comes from. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pgmoat.catalog.snapshot import Column, Table, UniqueIndex
from pgmoat.policy.schema import ColumnPolicy, EntityPolicy, Policy
from pgmoat.report.lint.subject import Origin
from pgmoat.report.survey.snapshot import (
    CheckConstraint,
    ColumnSample,
    ForeignKey,
    Survey,
    SurveyedTable,
    ValueCount,
)


@dataclass(frozen=True, slots=True)
class PolicyView:
    """What agents see, and what of the policy could not be looked at."""

    survey: Survey
    origins: Mapping[str, Origin]  # by schema.entity
    missing: tuple[str, ...]  # entities whose table is not in the survey

    @property
    def base_tables(self) -> frozenset[str]:
        """The tables that its entities show."""
        return frozenset(origin.table for origin in self.origins.values())


def view_through(survey: Survey, policy: Policy) -> PolicyView:
    """
    Return what agents see of *survey* through *policy*.

    Columns that are not listed are left out; a value map makes a text of its words; references are those of
    the policy, since a view has no foreign keys.
    """
    schema = policy.settings.entity_schema
    tables: dict[str, SurveyedTable] = {}
    origins: dict[str, Origin] = {}
    missing: list[str] = []
    for name, entity in policy.entities.items():
        base = survey.tables.get(entity.table)
        if base is None:
            missing.append(name)
            continue
        shown = _show_entity(base, schema, name, entity, policy)
        tables[shown.table.qualified_name] = shown
        columns = {entity.entity_name(column): column for column in entity.columns}
        origins[shown.table.qualified_name] = Origin(
            entity.table, columns, (base.table.comment or "").strip()
        )
    return PolicyView(replace(survey, tables=tables), origins, tuple(missing))


def _show_entity(
    base: SurveyedTable, schema: str, name: str, entity: EntityPolicy, policy: Policy
) -> SurveyedTable:
    columns = list(_list_columns(base, entity))
    table = replace(
        base.table,
        schema=schema,
        name=name,
        kind="r",  # agents take it for one: its names, key and docs count in full
        columns=tuple(_show_column(column, entity) for column in columns),
        unique_indexes=tuple(_show_keys(base.table, entity)),
        indexed_columns=(),
        children=(),
        triggers=(),
        rules=(),
        row_policies=(),
        has_inheritors=False,
        comment=entity.doc or None,
    )
    return SurveyedTable(
        table,
        foreign_keys=tuple(_show_references(columns, entity, policy)),
        checks=tuple(_show_checks(base, entity)),
        samples={
            entity.entity_name(column.name): _show_sample(
                base.samples[column.name], entity.column(column.name)
            )
            for column in columns
            if column.name in base.samples
        },
        unread=base.unread,
    )


def _list_columns(base: SurveyedTable, entity: EntityPolicy) -> Iterator[Column]:
    """Yield the base columns that the entity lists, in the policy's order."""
    for name in entity.columns:
        column = base.table.column(name)
        if column is not None:
            yield column


def _show_column(column: Column, entity: EntityPolicy) -> Column:
    wanted = entity.column(column.name)
    # As the view's COMMENT has it: the policy's doc, else people's comment.
    shown = replace(column, name=entity.entity_name(column.name), comment=wanted.doc or column.comment)
    if not wanted.values:
        return shown
    return replace(
        shown,
        type_name="text",
        type_category="S",
        base_type_name="text",
        max_length=None,
        enum_labels=tuple(wanted.values.values()),
    )


def _show_keys(table: Table, entity: EntityPolicy) -> Iterator[UniqueIndex]:
    """Yield the entity's key, and what else is unique among its columns."""
    names = entity.entity_columns
    key = tuple(entity.key) or table.primary_key
    if key and all(column in names for column in key):
        yield UniqueIndex("key", tuple(names[column] for column in key), True, True, None)
    for index in table.unique_indexes:
        if index.columns and all(column in names for column in index.columns) and index.columns != key:
            yield replace(index, columns=tuple(names[column] for column in index.columns), is_primary=False)


def _show_references(columns: list[Column], entity: EntityPolicy, policy: Policy) -> Iterator[ForeignKey]:
    for column in columns:
        wanted = entity.column(column.name)
        target = policy.entities.get(wanted.references) if wanted.references is not None else None
        if wanted.references is not None:
            key = target.entity_name(target.key[0]) if target is not None and target.key else "id"
            table = f"{policy.settings.entity_schema}.{wanted.references}"
            yield ForeignKey(wanted.references, (entity.entity_name(column.name),), table, (key,), "a")


def _show_checks(base: SurveyedTable, entity: EntityPolicy) -> Iterator[CheckConstraint]:
    """Yield the CHECKs that are all about listed columns; a value map takes the place of its column's."""
    names = entity.entity_columns
    for check in base.checks:
        is_mapped = any(column in names and entity.column(column).values for column in check.columns)
        if check.columns and not is_mapped and all(column in names for column in check.columns):
            yield replace(check, columns=tuple(names[column] for column in check.columns))


def _show_sample(sample: ColumnSample, wanted: ColumnPolicy) -> ColumnSample:
    """Return *sample* with words for codes; a code without a word reads as NULL."""
    if not wanted.values:
        return sample
    words = tuple(
        ValueCount(wanted.values[seen.value.strip()], seen.rows)
        for seen in sample.values
        if seen.value.strip() in wanted.values
    )
    longest = max((len(word.value) for word in words), default=0)
    return replace(sample, values=words, shapes=(), longest=longest, looks_like=())
