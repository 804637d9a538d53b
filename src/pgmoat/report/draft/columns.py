"""
The columns of an entity: names, docs, value maps, references, what is hidden.

In: a surveyed table and what is known of all. Out: DraftColumns. I/O: none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pgmoat.catalog.snapshot import Column
from pgmoat.report.draft.codes import CodeMap, decode_lookup, find_codes
from pgmoat.report.draft.deletes import list_managed
from pgmoat.report.draft.describe import describe_column
from pgmoat.report.draft.hide import find_sensitivity, is_hidden
from pgmoat.report.draft.model import DraftColumn, Kind, Remark
from pgmoat.report.draft.names import name_columns
from pgmoat.report.draft.references import Reference, Target, find_reference
from pgmoat.report.survey.snapshot import SurveyedTable

_BOOLEANS = frozenset({"bool", "boolean"})
_CLAIMS = frozenset({"is", "has", "can", "was", "should", "must", "requires", "needs", "allows", "may"})
_CODE_ENDINGS = frozenset({"id", "code", "key", "no", "number"})


@dataclass(frozen=True, slots=True)
class Place:
    """What stands around a table."""

    tables: Mapping[str, SurveyedTable]  # all of them
    entities: Mapping[str, str]  # chosen tables to their entities' names
    words: Mapping[str, Mapping[str, Sequence[str]]]  # of columns' names, by table
    targets: Sequence[Target]
    guesses: Mapping[tuple[str, str], str]  # what was guessed of a column's name, by table and column


def list_decoded(tables: Mapping[str, SurveyedTable]) -> dict[str, list[str]]:
    """Return the lookup tables, with the columns (schema.table.column) that can be decoded by each."""
    decoded: dict[str, list[str]] = {}
    for name, table in sorted(tables.items()):
        for column in table.columns:
            found = _decode(column, table, tables)
            if found is not None:
                decoded.setdefault(found[0], []).append(f"{name}.{column.name}")
    return decoded


def draft_columns(table: SurveyedTable, entity: str, place: Place) -> tuple[DraftColumn, ...]:
    """Return the columns of *table* in its order, hidden ones among them; without those that pgmoat made."""
    words = place.words[table.table.qualified_name]
    managed = list_managed(table)
    columns = [column for column in table.columns if column.name not in managed]
    maps = {column.name: _find_map(column, words[column.name], table, place.tables) for column in columns}
    names = name_columns(
        {column.name: _shorten(_claim(column, words[column.name]), maps[column.name]) for column in columns},
        entity,
    )
    return tuple(
        _draft_column(column, names[column.name], maps[column.name], table, place) for column in columns
    )


def _draft_column(
    column: Column, name: str, found: CodeMap | None, table: SurveyedTable, place: Place
) -> DraftColumn:
    words = place.words[table.table.qualified_name][column.name]
    reference = None if found else find_reference(table, column, words, place.entities, place.targets)
    key = table.table.primary_key == (column.name,)
    # A number that points to a row says nothing by itself.
    sensitive = (
        None if reference or (key and column.type_category == "N") else find_sensitivity(column, words, table)
    )
    if sensitive is not None and is_hidden(sensitive):
        why = f"looks like {sensitive.meaning}: {sensitive.reason}"
        return DraftColumn(column.name, name, references=None, hidden=why, hidden_for=sensitive.kind)
    guess = place.guesses.get((table.table.qualified_name, column.name), "") if name != column.name else ""
    remarks = [*([Remark(Kind.GUESS, guess)] if guess else []), *_list_remarks(found, reference)]
    if sensitive is not None:
        remarks.append(Remark(Kind.NOTE, "free text may hold personal data"))
    return DraftColumn(
        column.name,
        name,
        describe_column(
            column if found is None or found.doc is None else replace(column, comment=found.doc),
            words,
            table,
            is_mapped=found is not None,
            is_pointer=reference is not None,
        ),
        found.values if found else (),
        reference.entity if reference else None,
        remarks=tuple(remarks),
    )


def _list_remarks(found: CodeMap | None, reference: Reference | None) -> Sequence[Remark]:
    remarks = [found.remark] if found else []
    if reference and reference.is_guess:
        remarks.append(
            Remark(Kind.GUESS, f"points to {reference.entity}, by its name; no foreign key says so")
        )
    return remarks


def _find_map(
    column: Column, words: Sequence[str], table: SurveyedTable, tables: Mapping[str, SurveyedTable]
) -> CodeMap | None:
    decoded = _decode(column, table, tables)
    if decoded is not None:
        return decoded[1]
    people = table.table
    is_unique = any(index.columns == (column.name,) for index in people.unique_indexes)
    if (
        is_unique
        or column.name in people.primary_key
        or any(column.name in k.columns for k in table.foreign_keys)
    ):
        return None
    return find_codes(column, words, table)


def _decode(
    column: Column, table: SurveyedTable, tables: Mapping[str, SurveyedTable]
) -> tuple[str, CodeMap] | None:
    """Return the lookup table that *column* points to by a constraint, and its words."""
    key = table.foreign_key_of(column.name)
    if key is None or column.name in table.table.primary_key or key.references == table.table.qualified_name:
        return None
    target = tables.get(key.references)
    found = None if target is None else decode_lookup(column, key, target)
    return None if found is None else (key.references, found)


def _claim(column: Column, words: Sequence[str]) -> Sequence[str]:
    """``activebool`` becomes ``is_active``: a type is no part of a name, a claim is."""
    if column.base_type_name != "bool" or len(words) < 2 or words[-1] not in _BOOLEANS:
        return words
    return words[:-1] if words[0] in _CLAIMS else ("is", *words[:-1])


def _shorten(words: Sequence[str], found: CodeMap | None) -> Sequence[str]:
    """``status_id`` becomes ``status`` once it reads as a word."""
    is_decoded = found is not None and found.remark.kind is Kind.NOTE
    return words[:-1] if is_decoded and len(words) > 1 and words[-1] in _CODE_ENDINGS else words
