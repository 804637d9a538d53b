"""
What is new in a database since a policy was drafted, and where in the file it goes.

In: FileState, Memory, Draft. Out: News. I/O: none.

A person's file is theirs: nothing in it is changed or taken away. What was proposed once and is not there
now, a person has taken out, so it stays out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pgmoat.report.draft.data import access_data, agent_data, column_data, entity_data
from pgmoat.report.draft.insert import Insertion
from pgmoat.report.draft.memory import Memory
from pgmoat.report.draft.model import Draft, DraftAccess, DraftAgent, DraftColumn, DraftEntity
from pgmoat.report.draft.render import render_accept, render_agent, render_column, render_entity
from pgmoat.report.draft.scalars import clean
from pgmoat.report.draft.state import FileState
from pgmoat.report.survey.snapshot import SurveyedTable

NEW = "# new since the last init"
UNSURE = "# new, or taken out before: init does not remember"
_RENAMED_COLUMN = "# DECIDE: new since the last init, or {} under another name, which agents did not see"
_RENAMED_TABLE = "# DECIDE: new since the last init, or {} under another name: then change its table:"
_MOST = 0.8  # of a table's columns: it has been renamed, and perhaps changed


@dataclass(frozen=True, slots=True)
class News:
    """What a second run would add, and what is gone."""

    insertions: tuple[Insertion, ...] = ()
    vanished: tuple[str, ...] = ()  # entities and columns whose table or column is gone

    def without(self, dropped: Iterable[Insertion]) -> News:
        """Return the news without some insertions."""
        gone = list(dropped)
        return replace(self, insertions=tuple(part for part in self.insertions if part not in gone))


def find_news(
    state: FileState, memory: Memory | None, draft: Draft, actual: Mapping[str, frozenset[str]] | None = None
) -> News:
    """
    Return what *draft* proposes that neither the file nor the memory of earlier runs has.

    Without a memory nobody knows what a person took out: everything is then added as a comment. So is what
    may be something under another name that a person kept from agents: *actual* has the columns that each
    table has now.
    """
    is_unsure = memory is None and not state.is_blank
    known = memory or Memory()
    added: list[Insertion] = []
    fresh: list[DraftEntity] = []
    lost = {} if actual is None else _find_lost(state, known, actual)
    for entity in draft.entities:
        if entity.table in state.tables:
            note = UNSURE if is_unsure else NEW
            gone = ", ".join(map(clean, sorted(lost.get(entity.table, ()))))
            note = _RENAMED_COLUMN.format(gone) if gone and not is_unsure else note
            added += _add_columns(entity, state, known, note)
        elif entity.table not in known.tables and not (is_unsure and entity.table in state.mentioned):
            fresh.append(entity)
    tables = {name: table for table, name in state.tables.items()}
    before = {entity.table: _find_former(entity, known, lost) for entity in fresh}
    for entity in fresh:
        note = UNSURE if is_unsure else NEW
        former = clean(before[entity.table])
        note = _RENAMED_TABLE.format(former) if former and not is_unsure else note
        added.append(_add_entity(entity, tables, note))
    if not is_unsure:
        added += _add_agents(state, known, draft, [part for part in fresh if not before[part.table]])
    added += _add_accept(state, known, draft, is_unsure=is_unsure)
    return News(tuple(added))


def _find_lost(
    state: FileState, known: Memory, actual: Mapping[str, frozenset[str]]
) -> dict[str, frozenset[str]]:
    """Return, by table, columns that agents did not see and that went since the last run; of a table all."""
    lost: dict[str, frozenset[str]] = {}
    for table, remembered in known.tables.items():
        name = state.tables.get(table)
        shown = frozenset[str]()
        if name is not None and table in actual:
            shown = frozenset(state.columns[name])
        present = actual.get(table, frozenset[str]())
        lost[table] = remembered - shown - present - known.gone.get(table, frozenset[str]())
    return {table: columns for table, columns in lost.items() if columns}


def _find_former(entity: DraftEntity, known: Memory, lost: Mapping[str, frozenset[str]]) -> str:
    """Return the table that went and whose columns, or nearly all, *entity* has; empty if there is none."""
    own = frozenset(column.base for column in entity.columns)
    return next(
        (
            table
            for table, columns in sorted(lost.items())
            if columns == known.tables[table] and len(columns & own) >= _MOST * len(columns)
        ),
        "",
    )


def find_vanished(state: FileState, tables: Mapping[str, SurveyedTable]) -> tuple[str, ...]:
    """Return what the file names and the database has no more."""
    return tuple(_find_vanished(state, tables))


def _find_vanished(state: FileState, tables: Mapping[str, SurveyedTable]) -> Iterator[str]:
    for table, name in state.tables.items():
        found = tables.get(table)
        if found is None:
            yield f"entities.{name}: there is no table {table} any more"
            continue
        actual = {column.name for column in found.columns}
        for base in state.columns[name]:
            if base not in actual:
                yield f"entities.{name}.columns.{base}: {table} has no such column any more"


def _add_columns(entity: DraftEntity, state: FileState, known: Memory, note: str) -> Iterator[Insertion]:
    """Yield the new columns of an entity of the file, each behind the one that precedes it in the table."""
    name = state.tables[entity.table]
    present, commented = state.columns[name], state.commented.get(name, frozenset())
    remembered = known.tables.get(entity.table, frozenset())
    used = set(present.values())
    after: str | None = None
    for column in entity.columns:
        if column.base in present:
            after = column.base
            continue
        if column.base in remembered or column.base in commented:
            continue
        drafted = replace(column, name=_choose_free(column.name, used))
        used.add(drafted.name)
        yield _write_column(name, drafted, after, note)


def _write_column(entity: str, column: DraftColumn, after: str | None, note: str) -> Insertion:
    is_comment = note != NEW or not column.is_listed
    lines = render_column(column)
    if note != NEW and column.is_listed:
        lines = [f"# {line}" for line in lines]
    return Insertion(
        ("entities", entity, "columns"),
        column.base,
        column_data(column),
        (note, *lines),
        after,
        is_comment,
    )


def _add_entity(entity: DraftEntity, tables: Mapping[str, str], note: str) -> Insertion:
    """Return a new entity, behind the last one of its schema whose table comes before."""
    before = sorted(
        (table, name)
        for name, table in tables.items()
        if table.partition(".")[0] == entity.schema and table < entity.table
    )
    same = [name for name, table in tables.items() if table.partition(".")[0] == entity.schema]
    after = before[-1][1] if before else same[-1] if same else None
    lines = render_entity(entity)
    if note != NEW:
        lines = [f"# {line}".rstrip() for line in lines]
    is_first = not tables
    return Insertion(
        ("entities",),
        entity.name,
        entity_data(entity),
        tuple(lines) if is_first and note == NEW else (note, *lines),
        after,
        note != NEW,
        is_spaced=True,
    )


def _add_agents(
    state: FileState, known: Memory, draft: Draft, fresh: Sequence[DraftEntity]
) -> Iterator[Insertion]:
    """Yield new entities for the agent that reads everything, and agents for a file that never had any."""
    if not state.agents and not known.agents:
        for agent in draft.agents:
            drafted = agent if not state.entities else _read_only(agent, state, fresh)
            yield Insertion(
                ("agents",), agent.name, agent_data(drafted), tuple(render_agent(drafted)), is_spaced=True
            )
            if state.entities:
                return
        return
    for agent in draft.agents:
        if agent.reads_all and state.reader_entities is not None and agent.name in known.agents:
            for entity in fresh:
                access = DraftAccess(entity.name)
                yield Insertion(
                    ("agents", agent.name, "entities"),
                    entity.name,
                    access_data(access),
                    (f"{entity.name}: {{}}",),
                )


def _read_only(agent: DraftAgent, state: FileState, fresh: Sequence[DraftEntity]) -> DraftAgent:
    """Return the reader for the entities that the file has: nobody knows what others may write there."""
    names = (*state.entities, *(entity.name for entity in fresh))
    return replace(agent, accesses=tuple(map(DraftAccess, names)))


def _add_accept(state: FileState, known: Memory, draft: Draft, *, is_unsure: bool) -> Iterator[Insertion]:
    for entry in draft.accept:
        if entry.object in state.accept or entry.object in known.accept:
            continue
        if is_unsure and entry.object in state.mentioned:
            continue
        lines = render_accept(entry.object, entry.why)
        if is_unsure:
            lines = [f"# {line}" for line in lines]
        value = {"object": entry.object, "why": entry.why}
        yield Insertion(("accept",), None, value, tuple(lines), is_comment=is_unsure)


def _choose_free(name: str, used: set[str]) -> str:
    return next(
        candidate
        for number in range(1, len(used) + 3)
        if (candidate := name if number == 1 else f"{name[:60]}_{number}") not in used
    )
