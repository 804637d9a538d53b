"""
Survey a database: its tables, what hangs on them, and what their data looks like.

In: a connection. Out: Survey. I/O: reads system catalogs, and a few rows of people's tables; changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from psycopg import Connection

from pgmoat.catalog.read import read_catalog
from pgmoat.catalog.snapshot import Catalog, Table
from pgmoat.model.count import describe_count
from pgmoat.report.survey.codes import count_codes
from pgmoat.report.survey.lookup import find_lookup
from pgmoat.report.survey.request import request_tables
from pgmoat.report.survey.sample import (
    Candidate,
    Deadline,
    Sampled,
    choose_sample,
    read_samples,
    refuse_sample,
)
from pgmoat.report.survey.snapshot import ColumnSample, ForeignKey, Lookup, Survey, SurveyedTable
from pgmoat.report.survey.structure import Constraints, Relation, read_constraints, read_relations
from pgmoat.report.survey.summary import summarize_column

BUDGET_S = 6.0
"""Time for reading samples, all tables together; what is left out then says so."""

Progress = Callable[[int, int], None]
"""Called with the number of tables whose rows have been looked at, and of those that will be."""


def read_survey(  # noqa: PLR0913 - what to look at, by keyword
    connection: Connection[Any],
    *,
    schemas: Sequence[str] | None = None,
    tables: Sequence[str] | None = None,
    samples: bool = True,
    entity_schema: str = "agent",
    progress: Progress | None = None,
    budget_s: float = BUDGET_S,
) -> Survey:
    """
    Return what there is in *schemas* and *tables* (schema.table); everything of people's without them.

    Rows are sampled in READ ONLY transactions under timeouts, at most a thousand of a table, every value cut;
    without *samples* none is read. *connection* is best idle: inside an open transaction everything is read,
    and every lock held, in that one.
    """
    relations = read_relations(connection, entity_schema, schemas, tables)
    catalog = read_catalog(
        connection, request_tables([part.qualified_name for part in relations], entity_schema)
    )
    constraints = read_constraints(connection, [part.relation for part in relations])
    surveyed = {
        part.qualified_name: _assemble(part, catalog.tables[part.qualified_name], constraints)
        for part in relations
        if part.qualified_name in catalog.tables  # dropped since
    }
    notes: list[str] = []
    if samples:
        surveyed = _sample(connection, relations, surveyed, catalog, entity_schema, progress, budget_s)
        notes = _note_unread(surveyed)
    else:
        surveyed = {
            name: replace(table, unread="samples were not asked for") for name, table in surveyed.items()
        }
    return Survey(catalog.database, catalog.server_version, surveyed, catalog.reach, tuple(notes))


def _assemble(relation: Relation, table: Table, constraints: Constraints) -> SurveyedTable:
    return SurveyedTable(
        table,
        foreign_keys=tuple(constraints.foreign_keys.get(relation.relation, ())),
        checks=tuple(constraints.checks.get(relation.relation, ())),
        is_partition=relation.is_partition,
        extension=relation.extension,
        is_row_secured=relation.is_row_secured,
    )


def _sample(  # noqa: PLR0913, PLR0917 - a step of read_survey
    connection: Connection[Any],
    relations: Sequence[Relation],
    surveyed: Mapping[str, SurveyedTable],
    catalog: Catalog,
    entity_schema: str,
    progress: Progress | None,
    budget_s: float,
) -> dict[str, SurveyedTable]:
    deadline = Deadline.after(budget_s)
    done: dict[str, SurveyedTable] = {}
    candidates: list[Candidate] = []
    readable: list[Relation] = []
    for relation in relations:
        name = relation.qualified_name
        if name not in surveyed:
            continue
        done[name] = surveyed[name]
        why = refuse_sample(relation, surveyed[name].table, catalog.installer)
        if why:
            done[name] = replace(surveyed[name], unread=why)
        else:
            readable.append(relation)
    for relation in readable:
        table = surveyed[relation.qualified_name].table
        candidates.append(choose_sample(relation, table, len(readable), catalog.installer))
    referenced = _list_referenced(surveyed)
    count = 0

    def on_table(candidate: Candidate, sampled: Sampled | str) -> None:
        nonlocal count
        done[candidate.name] = _describe(
            done[candidate.name], sampled, referenced.get(candidate.name, frozenset())
        )
        count += 1
        if progress is not None:
            progress(count, len(candidates))

    read_samples(connection, candidates, catalog.installer, deadline, on_table)
    for name, changed in count_codes(connection, done, catalog.installer, entity_schema, deadline).items():
        done[name] = replace(done[name], samples={**done[name].samples, **changed})
    return done


def _describe(table: SurveyedTable, sampled: Sampled | str, referenced: frozenset[str]) -> SurveyedTable:
    """Return *table* with what its rows tell; the rows themselves are not kept."""
    if isinstance(sampled, str):
        return replace(table, unread=sampled)
    columns = list(zip(*sampled.rows, strict=True)) or [() for _ in sampled.columns]
    samples: dict[str, ColumnSample] = {}
    for name, values in zip(sampled.columns, columns, strict=True):
        column = table.table.column(name)
        if column is not None:
            is_key = name in _list_keys(table)
            samples[name] = summarize_column(
                column, values, is_whole=sampled.is_whole, is_key=is_key, table=table.table.name
            )
    return replace(table, samples=samples, lookup=_find_words(table.table, sampled, referenced))


def _find_words(table: Table, sampled: Sampled, referenced: frozenset[str]) -> Lookup | None:
    if not sampled.is_whole:
        return None
    return find_lookup(table, sampled.columns, sampled.rows, referenced)


def _list_keys(table: SurveyedTable) -> frozenset[str]:
    """Return columns whose values name rows: of this table, or by a foreign key of another."""
    unique = (
        index.columns[0]
        for index in table.table.unique_indexes
        if len(index.columns) == 1 and index.predicate is None
    )
    return frozenset({*unique, *(key.columns[0] for key in table.foreign_keys if len(key.columns) == 1)})


def _list_referenced(surveyed: Mapping[str, SurveyedTable]) -> dict[str, frozenset[str]]:
    """Return, by table, the columns that foreign keys of one column point to."""
    keys: list[ForeignKey] = [key for table in surveyed.values() for key in table.foreign_keys]
    names = {key.references for key in keys}
    return {
        name: frozenset(
            key.references_columns[0]
            for key in keys
            if key.references == name and len(key.references_columns) == 1
        )
        for name in names
    }


def _note_unread(surveyed: Mapping[str, SurveyedTable]) -> list[str]:
    """Return a note for each reason for which tables were left out, partitions and views aside."""
    by_reason: dict[str, list[str]] = {}
    for name, table in surveyed.items():
        if table.unread and not table.is_partition and table.table.kind != "v":
            by_reason.setdefault(table.unread, []).append(name)
    return [
        f"the rows of {describe_count(len(names), 'table')} were not read ({_list_some(names)}): {reason}"
        for reason, names in by_reason.items()
    ]


def _list_some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} and {len(names) - 5} more"
