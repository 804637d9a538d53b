"""
Find one concept that a database calls by several names: created_at, create_date, crt_ts.

Precise rather than complete: names that one table uses side by side are taken for different things.

In: columns. Out: groups of names. I/O: the shipped dictionaries, read at the first use.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pgmoat.report.naming.expansion import expand, snake_case
from pgmoat.report.naming.hints import Hints, read_hints
from pgmoat.report.naming.inflection import singular
from pgmoat.report.naming.meanings import Sureness
from pgmoat.report.naming.words import split_words

_MADE = "created", "create", "creation", "inserted", "insert"
_CHANGED = "updated", "update", "modified", "modify", "changed", "change", "modification"
_REMOVED = "deleted", "delete", "deletion", "removed"
_MOMENTS = frozenset({"at", "on", "date", "time", "datetime", "timestamp", "ts", "date_time"})
_VERBS = {
    **dict.fromkeys(_MADE, "created"),
    **dict.fromkeys(_CHANGED, "updated"),
    **dict.fromkeys(_REMOVED, "deleted"),
}
_SYNONYMS = {
    "telephone": "phone",
    "phone_number": "phone",
    "telephone_number": "phone",
    "email_address": "email",
    "mail_address": "email",
    "e_mail": "email",
    "zip": "postal_code",
    "zip_code": "postal_code",
    "zipcode": "postal_code",
    "postcode": "postal_code",
    "post_code": "postal_code",
    "surname": "last_name",
    "family_name": "last_name",
    "given_name": "first_name",
    "forename": "first_name",
    "birth_date": "date_of_birth",
    "birthdate": "date_of_birth",
    "birthday": "date_of_birth",
    "sex": "gender",
}
_SAME_PERSON = frozenset({"customer", "client", "user"})  # only where both names reference the same table
_SYNONYM = "different words for the same"
_SAME_MOMENT = "the same moment in a row's life"
_SAME_WORDS = "the same words, written in different ways"
_REASONS = (_SYNONYM, _SAME_MOMENT, _SAME_WORDS)  # the most telling first; a reference tells more
_FAMILIES = (
    ("number", ("smallint", "integer", "bigint", "numeric", "real", "double", "money", "oid")),
    ("text", ("character", "text", "citext", "varchar", '"char"', "name")),
    ("moment", ("timestamp", "date")),
    ("time", ("time", "interval")),
)


@dataclass(frozen=True, slots=True)
class NamedColumn:
    """A column as far as its name is judged."""

    table: str  # schema.table
    column: str
    data_type: str = ""  # as format_type() has it; empty: fits any
    references: str = ""  # the table that it references, as schema.table


@dataclass(frozen=True, slots=True)
class SameConcept:
    """One concept under several names."""

    concept: str  # the name that says it best, in snake case
    columns: tuple[NamedColumn, ...]  # at least two, with at least two names
    reason: str  # why they are taken for the same, in a few words

    @property
    def names(self) -> tuple[str, ...]:
        """The different names, the most frequent first."""
        counts: dict[str, int] = {}
        for column in self.columns:
            counts[column.column] = counts.get(column.column, 0) + 1
        return tuple(sorted(counts, key=lambda name: (-counts[name], name)))


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a column is taken for, and why."""

    concept: str
    reason: str


def group_same_concepts(columns: Sequence[NamedColumn]) -> tuple[SameConcept, ...]:
    """Return the concepts of a database that have several names, by concept."""
    hints = _read_hints(columns)
    groups: dict[tuple[str, str], list[tuple[NamedColumn, str]]] = {}
    for column in columns:
        reading = _read(column, hints[column.table])
        if reading is not None:
            key = (reading.concept, _family(column.data_type))
            groups.setdefault(key, []).append((column, reading.reason))
    found = (_judge(concept, members) for (concept, _), members in groups.items())
    return tuple(sorted((group for group in found if group), key=lambda group: group.concept))


def _read_hints(columns: Sequence[NamedColumn]) -> dict[str, Hints]:
    """Return what stands around the columns of each table."""
    near: dict[str, list[str]] = {}
    for column in columns:
        near.setdefault(column.table, [column.table.rpartition(".")[2]]).append(column.column)
    return {table: read_hints(texts, (text[0] for text in near.values())) for table, texts in near.items()}


def _read(column: NamedColumn, hints: Hints) -> _Reading | None:
    """Return what *column* is taken for; None where its name is not sure."""
    expansion = expand(column.column, hints, column.data_type)
    if expansion.sureness is not Sureness.CERTAIN:
        return None
    words = split_words(expansion.identifier)
    moment = _read_moment(words)
    if moment is not None:
        return _Reading(moment, _SAME_MOMENT)
    identifier = "_".join(words)
    if column.references and len(words) == 2 and words[0] in _SAME_PERSON and words[1] == "id":
        table = singular(snake_case(column.references.rpartition(".")[2]))
        if identifier != f"{table}_id":
            return _Reading(f"{table}_id", f"both reference {column.references}")
    if identifier in _SYNONYMS:
        return _Reading(_SYNONYMS[identifier], _SYNONYM)
    return _Reading(identifier, _SAME_WORDS)


def _read_moment(words: Sequence[str]) -> str | None:
    """Return created_at and its like for any way to say it."""
    kept = [word for word in words if word not in ("last", "row", "record")]
    if len(kept) == 1 and kept[0] in _VERBS and "last" in words:
        return f"{_VERBS[kept[0]]}_at"
    if len(kept) != 2:
        return None
    for verb, moment in (kept, kept[::-1]):
        if verb in _VERBS and moment in _MOMENTS:
            return f"{_VERBS[verb]}_at"
    return None


def _family(data_type: str) -> str:
    for family, beginnings in _FAMILIES:
        if data_type.startswith(beginnings):
            return family
    return data_type


def _judge(concept: str, members: Sequence[tuple[NamedColumn, str]]) -> SameConcept | None:
    """Return the group, without tables that use several of its names; None when one name is left."""
    crowded = set(_list_crowded(column for column, _ in members))
    kept = [(column, reason) for column, reason in members if column.table not in crowded]
    if len({column.column for column, _ in kept}) < 2:
        return None
    reasons = [reason for _, reason in kept]
    told = [reason for reason in reasons if reason not in _REASONS]
    reason = told[0] if told else min(reasons, key=_REASONS.index)
    return SameConcept(concept, tuple(column for column, _ in kept), reason)


def _list_crowded(columns: Iterable[NamedColumn]) -> Iterator[str]:
    """Yield tables that have two columns of the same concept: they mean different things by them."""
    seen: set[str] = set()
    for column in columns:
        if column.table in seen:
            yield column.table
        seen.add(column.table)
