"""
Count all rows of each code, where a sample saw only some.

In: a connection, sampled tables. Out: samples whose values are those of the whole table. I/O: reads people's
tables, or the planner's statistics of large ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from psycopg import Connection, errors

from pgmoat.catalog.codes import LARGE_TABLE_ROWS, read_codes, read_statistics
from pgmoat.catalog.snapshot import CodeCounts, Table
from pgmoat.model.installer import Installer
from pgmoat.report.survey.request import request_codes
from pgmoat.report.survey.sample import Deadline
from pgmoat.report.survey.snapshot import ColumnSample, SurveyedTable, ValueCount
from pgmoat.report.survey.summary import LONGEST_VALUE, MOST_VALUES, are_codes, with_values

_TIMEOUT_MS = 500
_AT_A_TIME = 25  # tables


def count_codes(
    connection: Connection[Any],
    tables: Mapping[str, SurveyedTable],
    installer: Installer,
    entity_schema: str,
    deadline: Deadline,
) -> dict[str, dict[str, ColumnSample]]:
    """
    Return, by table and column, samples with all codes and the rows that have each.

    Counted are tables of fewer than ``LARGE_TABLE_ROWS`` rows. Of larger ones an index on the column is
    walked; without one the planner's statistics speak, and the sample's own values stay where there are none.
    """
    wanted = {name: columns for name, table in tables.items() if (columns := _list_sampled_codes(table))}
    changed: dict[str, dict[str, ColumnSample]] = {}
    names = list(wanted)
    for start in range(0, len(names), _AT_A_TIME):
        if deadline.is_past:
            break
        step = {name: wanted[name] for name in names[start : start + _AT_A_TIME]}
        for (name, column), counts in _count(
            connection, tables, step, installer, entity_schema, deadline
        ).items():
            sample = _take(tables[name].samples[column], counts)
            if sample is not None:
                changed.setdefault(name, {})[column] = sample
    return changed


def _list_sampled_codes(table: SurveyedTable) -> list[str]:
    """Return the columns of *table* whose codes are known from a part of its rows."""
    return [name for name, sample in table.samples.items() if sample.values and not sample.is_whole]


def _count(  # noqa: PLR0913, PLR0917 - a step of count_codes
    connection: Connection[Any],
    surveyed: Mapping[str, SurveyedTable],
    step: Mapping[str, list[str]],
    installer: Installer,
    entity_schema: str,
    deadline: Deadline,
) -> dict[tuple[str, str], CodeCounts]:
    estimated: dict[tuple[str, str], CodeCounts] = {}
    counted: dict[str, list[str]] = {}
    tables = {name: surveyed[name].table for name in step}
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL transaction_read_only = on")
        connection.execute("SET LOCAL lock_timeout = '300ms'")
        connection.execute("SET LOCAL row_security = off")
        # What else stands on it may have an operator that fits better than PostgreSQL's own.
        connection.execute("SET LOCAL search_path = pg_catalog")
        for name, columns in step.items():
            for column in columns:
                if _is_countable(tables[name], column):
                    counted.setdefault(name, []).append(column)
                    continue
                rows = read_statistics(connection, tables[name], column)
                estimated[name, column] = CodeCounts(rows, sampled=True, estimated=True)
        request = request_codes(counted, entity_schema)
        timeout = min(_TIMEOUT_MS, deadline.left_ms)
        try:
            with connection.transaction():
                return estimated | read_codes(connection, request, tables, installer, timeout_ms=timeout)
        except errors.LockNotAvailable:
            return estimated


def _is_countable(table: Table, column: str) -> bool:
    return table.estimated_rows < LARGE_TABLE_ROWS or column in table.indexed_columns


def _take(sample: ColumnSample, counts: CodeCounts) -> ColumnSample | None:
    """Return *sample* with *counts*; without values where all rows show that they are no codes after all."""
    found = {code: rows for code, rows in counts.counts.items() if len(code) <= LONGEST_VALUE}
    if counts.sampled:
        seen = {value.value for value in sample.values}
        if not seen <= found.keys():
            return None
    if len(found) > MOST_VALUES or len(found) < len(counts.counts) or not are_codes(found):
        return with_values(sample, (), "table")
    values = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    counted = "statistics" if counts.estimated else "table"
    return with_values(sample, tuple(ValueCount(code, rows) for code, rows in values), counted)
