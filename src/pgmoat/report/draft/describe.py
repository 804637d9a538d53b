"""
Docstrings: what comments say, and what the data shows of nobody in particular.

In: surveyed tables and columns. Out: text. I/O: none.
"""

from __future__ import annotations

from collections.abc import Sequence

from pgmoat.catalog.snapshot import Column
from pgmoat.model.names import ADDED_COLUMN_COMMENT
from pgmoat.report.draft.codes import list_seen_words, list_words
from pgmoat.report.draft.scalars import clean
from pgmoat.report.survey.snapshot import ColumnSample, SurveyedTable

_LONGEST = 600
_TELLING_ROWS = 20
_MAX_WORDS = 25


def describe_table(table: SurveyedTable, linked: Sequence[str]) -> str:
    """Return what a row of the table is; empty when nothing says so. *linked* are entities its key joins."""
    comment = _as_sentence(table.table.comment or "")
    if comment:
        return comment
    if len(linked) > 1:
        return f"Links {_join(linked)}{', one row per pair' if len(linked) == 2 else ''}."
    return ""


def describe_column(
    column: Column, words: Sequence[str], table: SurveyedTable, *, is_mapped: bool, is_pointer: bool
) -> str:
    """Return what the column holds; empty when nothing says so."""
    sample = table.samples.get(column.name)
    parts = [_as_sentence(column.comment or "")]
    if not is_mapped:
        parts.append(_describe_words(column, words, table))
    if not is_pointer or sample is None or sample.nulls < sample.rows:
        parts.append(_describe_nulls(column, sample))
    return " ".join(part for part in parts if part)


def _describe_words(column: Column, words: Sequence[str], table: SurveyedTable) -> str:
    listed = list_words(column, table)
    if listed:
        more = f" and {len(listed) - _MAX_WORDS} more" if len(listed) > _MAX_WORDS else ""
        return f"One of {', '.join(map(clean, listed[:_MAX_WORDS]))}{more}."
    seen = list_seen_words(column, words, table.samples.get(column.name))
    return f"So far one of {', '.join(map(clean, seen))}." if seen else ""


def _describe_nulls(column: Column, sample: ColumnSample | None) -> str:
    if sample is None or column.not_null or sample.rows < _TELLING_ROWS or not sample.nulls:
        return ""
    if sample.nulls == sample.rows:
        return "NULL in every row so far."
    share = round(100 * sample.nulls / sample.rows)
    return (
        f"NULL in {share} % of rows." if 0 < share < 100 else "Rarely NULL." if share == 0 else "Mostly NULL."
    )


def _as_sentence(text: str) -> str:
    """Return a comment on one line, as a sentence; what pgmoat wrote itself is none."""
    line = clean(text).strip()
    if not line or line == ADDED_COLUMN_COMMENT:
        return ""
    if len(line) > _LONGEST:
        line = line[:_LONGEST].rsplit(" ", 1)[0] + " …"
    return line if line.endswith((".", "!", "?", "…", ":", ")")) else line + "."


def _join(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"
