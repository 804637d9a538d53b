"""
Three agents as starting points: one that only reads, one that writes a few columns, one that moves work on.

In: drafted entities and their tables. Out: DraftAgents. I/O: none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pgmoat.catalog.snapshot import Column
from pgmoat.report.draft.model import DraftAccess, DraftAgent, DraftColumn, DraftEntity, Kind, Remark
from pgmoat.report.survey.snapshot import SurveyedTable

READER, SUPPORT, OPERATOR = "reader", "support", "operator"

_NOTES = frozenset(["note", "notes", "comment", "comments", "remark", "remarks", "memo", "instructions"])
_STATES = frozenset(["status", "state", "stage", "phase", "priority"])
_STEPS_TEXT = (
    "shipped ship returned return delivered closed resolved completed processed approved cancelled canceled"
    " fulfilled acknowledged answered"
)
_STEPS = frozenset(_STEPS_TEXT.split())
_NOT_WRITTEN_TEXT = (
    "employee employees staff user users account accounts role roles permission permissions setting settings"
    " configuration person people patient patients payment payments invoice invoices"
)
_NOT_WRITTEN = frozenset(_NOT_WRITTEN_TEXT.split())
_TEXTS = frozenset({"text", "varchar"})
_MOST_SUPPORTED = 4
_MOST_OPERATED = 6
_MOST_READ = 15
_TIMEOUTS = {"statement": "5s", "idle_in_transaction": "10s", "transaction": "30s", "lock": "2s"}
_READER_TIMEOUTS = {**_TIMEOUTS, "statement": "10s"}


@dataclass(frozen=True, slots=True)
class Writable:
    """What may be written of an entity without much risk."""

    entity: str
    notes: tuple[str, ...]  # entity names of columns
    states: tuple[str, ...]


def draft_agents(
    entities: Sequence[DraftEntity],
    tables: Mapping[str, SurveyedTable],
    words: Mapping[str, Mapping[str, Sequence[str]]],
    deletable: Collection[str],
) -> tuple[DraftAgent, ...]:
    """Return the three agents; *deletable* are entities whose rows can be marked as deleted."""
    ranked = rank_entities(entities, tables)
    writable = [find_writable(entity, tables[entity.table], words[entity.table]) for entity in ranked]
    noted = [found for found in writable if found.notes][:_MOST_SUPPORTED]
    operated = [found for found in writable if found.states or found.notes]
    return (
        _draft_reader(entities),
        _draft_support(ranked, noted),
        _draft_operator(ranked, operated[:_MOST_OPERATED], deletable),
    )


def rank_entities(entities: Sequence[DraftEntity], tables: Mapping[str, SurveyedTable]) -> list[DraftEntity]:
    """Return the entities that hold most of the business first: many point to them, many rows."""

    def weigh(entity: DraftEntity) -> tuple[int, int, str]:
        table = tables[entity.table]
        links = len({child.table for child in table.table.children}) + len(table.foreign_keys)
        return (-links, -table.table.estimated_rows, entity.name)

    return sorted(entities, key=weigh)


def find_writable(entity: DraftEntity, table: SurveyedTable, words: Mapping[str, Sequence[str]]) -> Writable:
    """Return the columns of *entity* that an agent may change without much risk."""
    people = table.table
    key = set(people.primary_key)
    listed = {column.base for column in entity.listed}
    touching = any(trigger.touches and not trigger.security_definer for trigger in people.triggers)
    is_odd = bool(people.rules) or people.has_inheritors or people.row_security or touching
    is_about_people = not _NOT_WRITTEN.isdisjoint(entity.name.split("_"))
    if not key or not key <= listed or is_odd or is_about_people:
        return Writable(entity.name, (), ())
    fixed = key | {name for index in people.unique_indexes for name in index.columns}
    fixed |= {
        name for foreign in table.foreign_keys for name in foreign.columns if not _is_decoded(entity, name)
    }
    notes: list[str] = []
    states: list[str] = []
    for column in people.columns:
        drafted = entity.column(column.name)
        if drafted is None or not drafted.is_listed or column.name in fixed or _is_computed(column):
            continue
        named = set(words[column.name][-1:])
        if named & _NOTES and column.base_type_name in _TEXTS and not drafted.values:
            notes.append(drafted.name)
        elif (named & _STATES and _has_words(column, drafted, table)) or _is_stamp(
            column, words[column.name]
        ):
            states.append(drafted.name)
    return Writable(entity.name, tuple(notes), tuple(states))


def _is_stamp(column: Column, words: Sequence[str]) -> bool:
    """Whether it says when a step was taken: shipped_date, NULL before."""
    return column.type_category == "D" and not column.not_null and bool(_STEPS & set(words[:1]))


def _is_decoded(entity: DraftEntity, base: str) -> bool:
    column = entity.column(base)
    return column is not None and bool(column.values)


def _is_computed(column: Column) -> bool:
    return column.generated or bool(column.identity)


def _has_words(column: Column, drafted: DraftColumn, table: SurveyedTable) -> bool:
    """Whether an agent knows what it may write: the words are a type's, a CHECK's or a lookup table's."""
    if drafted.values:
        return not drafted.has_unknown_codes
    return bool(column.enum_labels) or any(c.values and c.columns == (column.name,) for c in table.checks)


def _draft_reader(entities: Sequence[DraftEntity]) -> DraftAgent:
    return DraftAgent(
        READER,
        "Answers questions. Reads everything that is listed above, writes nothing.",
        tuple(DraftAccess(entity.name) for entity in entities),
        connections=10,
        timeouts=_READER_TIMEOUTS,
        limits={"task_duration": "15m"},
        reads_all=True,
    )


def _draft_support(ranked: Sequence[DraftEntity], noted: Sequence[Writable]) -> DraftAgent:
    updates = {found.entity: found.notes for found in noted}
    read = _list_near(ranked, [found.entity for found in noted])
    remark = Remark(
        Kind.DECIDE,
        "which columns it may change; these are notes, which hurt nobody"
        if updates
        else "which columns it may change; none looked harmless: name: {update: [column]}",
    )
    return DraftAgent(
        SUPPORT,
        "Looks things up for customers and leaves notes." if updates else "Looks things up for customers.",
        tuple(DraftAccess(name, updates.get(name, ())) for name in read),
        connections=5,
        timeouts=_TIMEOUTS,
        limits={
            "rows_per_statement": 5,
            "writes_per_task": 50,
            "writes_per_hour": 500,
            "task_duration": "15m",
        },
        remarks=(remark,),
    )


def _draft_operator(
    ranked: Sequence[DraftEntity], operated: Sequence[Writable], deletable: Collection[str]
) -> DraftAgent:
    accesses = {
        found.entity: DraftAccess(
            found.entity, (*found.states, *found.notes), delete=found.entity in deletable
        )
        for found in operated
    }
    read = _list_near(ranked, list(accesses))
    what = "which steps it may take"
    remark = Remark(
        Kind.DECIDE,
        f"{what}; more than a few rows wait for a person (approval)"
        if accesses
        else f"{what}; no column with known states was found: name: {{update: [column]}}, or an operation",
    )
    return DraftAgent(
        OPERATOR,
        "Moves work on by setting states, one record at a time.",
        tuple(accesses.get(name, DraftAccess(name)) for name in read),
        connections=5,
        timeouts=_TIMEOUTS,
        limits={
            "rows_per_statement": 20,
            "writes_per_task": 100,
            "writes_per_hour": 1000,
            "task_duration": "30m",
        },
        approval={"rows_per_statement": 5, "rows_per_task": 50} if accesses else {},
        remarks=(remark,),
    )


def _list_near(ranked: Sequence[DraftEntity], centre: Sequence[str]) -> list[str]:
    """Return the entities of *centre* and their neighbours, in the order of *ranked*'s names."""
    by_name = {entity.name: entity for entity in ranked}
    middle = list(centre) or [entity.name for entity in ranked[:3]]
    chosen = dict.fromkeys(middle)
    for name in middle:
        for column in by_name[name].listed:
            if column.references in by_name and len(chosen) < _MOST_READ:
                chosen[column.references] = None
    for entity in ranked:
        points = {column.references for column in entity.listed}
        if points & set(middle) and len(chosen) < _MOST_READ:
            chosen[entity.name] = None
    return sorted(chosen)
