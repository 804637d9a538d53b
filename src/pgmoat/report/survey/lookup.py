"""
Small tables that say in words what a code means.

In: a table, its sampled rows. Out: Lookup. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from pgmoat.catalog.snapshot import Column, Table
from pgmoat.report.survey.sensitive import Sureness, judge_column
from pgmoat.report.survey.snapshot import Lookup

MOST_WORDS = 60
_LONGEST_LABEL = 60
_MOST_OTHERS = 4  # columns besides key and label, those that say when a row was made not counted
_LABEL_TYPES = frozenset({"text", "varchar", "bpchar", "citext", "name"})
_LABEL_NAME = re.compile(
    r"(?:^|_)(?:name|label|title|description|descr?|text|value|word|meaning)$|name$|desc$", re.IGNORECASE
)
_BEST_NAME = re.compile(r"name$|label$", re.IGNORECASE)


def find_lookup(
    table: Table, columns: Sequence[str], rows: Sequence[Sequence[str | None]], referenced: Collection[str]
) -> Lookup | None:
    """
    Return the words of a lookup table, None where *table* is none.

    *rows* are all its rows, *columns* theirs, *referenced* its columns that foreign keys point to. Its key is
    one column; its label a text that is short, never missing and never twice; and it holds little else.
    """
    key = _find_key(table, referenced)
    if key is None or key not in columns or not 0 < len(rows) <= MOST_WORDS:
        return None
    others = [
        column
        for column in table.columns
        if column.name != key and column.base_type_name not in {"date", "timestamp", "timestamptz"}
    ]
    if len(others) > _MOST_OTHERS + 1 or any(_tells_of_people(column, table) for column in others):
        return None
    for label in sorted(others, key=lambda column: _rank(column, key)):
        if label.base_type_name in _LABEL_TYPES and label.name in columns:
            words = _read_words(columns.index(key), columns.index(label.name), rows)
            if words is not None and (_LABEL_NAME.search(label.name) or len(others) == 1):
                return Lookup(key, label.name, words)
    return None


def _find_key(table: Table, referenced: Collection[str]) -> str | None:
    if len(table.primary_key) == 1:
        return table.primary_key[0]
    unique = (
        index.columns[0] for index in table.unique_indexes if len(index.columns) == 1 and not index.predicate
    )
    return next((column for column in unique if column in referenced), None)


def _tells_of_people(column: Column, table: Table) -> bool:
    found = judge_column(column, table=table.name)
    return found is not None and found.kind != "free-text" and found.sureness is not Sureness.POSSIBLE


def _rank(column: Column, key: str) -> tuple[bool, bool, str]:
    return not _BEST_NAME.search(column.name), not _LABEL_NAME.search(column.name), column.name


def _read_words(
    key: int, label: int, rows: Sequence[Sequence[str | None]]
) -> tuple[tuple[str, str], ...] | None:
    words: list[tuple[str, str]] = []
    for row in rows:
        code, word = row[key], row[label]
        if code is None or word is None or not 0 < len(word.strip()) <= _LONGEST_LABEL:
            return None
        words.append((code, word.strip()))
    if len({word for _, word in words}) < len(words):
        return None
    return tuple(sorted(words, key=lambda pair: (len(pair[0]), pair[0])))
