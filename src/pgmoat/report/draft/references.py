"""
Where columns point to: by constraint, or by name and type.

In: chosen tables, their entities' names. Out: the entity of each column. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pgmoat.catalog.snapshot import Column
from pgmoat.report.naming.inflection import singular
from pgmoat.report.survey.snapshot import SurveyedTable

_ENDINGS = frozenset({"id", "key", "ref", "uuid", "guid", "fk"})
_INTEGERS = frozenset({"int2", "int4", "int8"})
_MATCHED_TYPES = frozenset({*_INTEGERS, "uuid", "text", "varchar", "bpchar"})


@dataclass(frozen=True, slots=True)
class Reference:
    """An entity that a column points to."""

    entity: str
    table: str
    is_guess: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """A table that a guess may lead to: the words of its name in the singular, and its one key column."""

    table: str
    words: tuple[str, ...]
    key: Column


def find_reference(
    table: SurveyedTable,
    column: Column,
    words: Sequence[str],
    names: Mapping[str, str],
    targets: Sequence[Target],
) -> Reference | None:
    """Return the entity that *column* points to, None without one. *names* are entities by table."""
    for key in table.foreign_keys:
        if column.name not in key.columns:
            continue
        is_single = len(key.columns) == 1
        if is_single and key.references in names:
            return Reference(names[key.references], key.references)
        if is_single:
            return None  # to what is no entity
    return _guess(table, column, words, names, targets)


def list_targets(tables: Mapping[str, SurveyedTable], words: Mapping[str, Sequence[str]]) -> list[Target]:
    """Return the tables that have a key of one column, with the *words* of their names."""
    return list(_list_targets(tables, words))


def _list_targets(
    tables: Mapping[str, SurveyedTable], words: Mapping[str, Sequence[str]]
) -> Iterator[Target]:
    for name, table in tables.items():
        key = table.table.primary_key
        column = table.table.column(key[0]) if len(key) == 1 else None
        if column is not None and column.base_type_name in _MATCHED_TYPES:
            yield Target(name, singular_words(words[name]), column)


def singular_words(words: Sequence[str]) -> tuple[str, ...]:
    """Return *words* with the last one in the singular."""
    return (*words[:-1], singular(words[-1])) if words else ()


def _guess(
    table: SurveyedTable,
    column: Column,
    words: Sequence[str],
    names: Mapping[str, str],
    targets: Sequence[Target],
) -> Reference | None:
    """``customer_id`` points to the table customers, if there is one alone and its key has the same type."""
    if len(words) < 2 or words[-1] not in _ENDINGS or column.generated:
        return None
    stem = singular_words(words[:-1])
    here = table.table.qualified_name
    is_own_key = table.table.primary_key == (column.name,)
    fitting = [
        target
        for target in targets
        if target.table != here and target.words == stem and _is_same_type(column, target.key)
    ]
    near = [target for target in fitting if target.table.partition(".")[0] == table.table.schema] or fitting
    if is_own_key or len(near) != 1 or near[0].table not in names:
        return None
    return Reference(names[near[0].table], near[0].table, is_guess=True)


def _is_same_type(column: Column, key: Column) -> bool:
    mine, other = column.base_type_name, key.base_type_name
    return mine == other or {mine, other} <= _INTEGERS or {mine, other} <= {"text", "varchar", "bpchar"}
