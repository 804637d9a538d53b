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
from pgmoat.report.draft.state import FileState
from pgmoat.report.survey.snapshot import SurveyedTable

NEW = "# new since the last init"
UNSURE = "# new, or taken out before: init does not remember"


@dataclass(frozen=True, slots=True)
class News:
    """What a second run would add, and what is gone."""

    insertions: tuple[Insertion, ...] = ()
    vanished: tuple[str, ...] = ()  # entities and columns whose table or column is gone

    def without(self, dropped: Iterable[Insertion]) -> News:
        """Return the news without some insertions."""
        gone = list(dropped)
        return replace(self, insertions=tuple(part for part in self.insertions if part not in gone))


def find_news(state: FileState, memory: Memory | None, draft: Draft) -> News:
    """
    Return what *draft* proposes that neither the file nor the memory of earlier runs has.

    Without a memory nobody knows what a person took out: everything is then added as a comment.
    """
    is_unsure = memory is None and not state.is_blank
    known = memory or Memory()
    added: list[Insertion] = []
    fresh: list[DraftEntity] = []
    for entity in draft.entities:
        if entity.table in state.tables:
            added += _add_columns(entity, state, known, is_unsure=is_unsure)
        elif entity.table not in known.tables and not (is_unsure and entity.table in state.mentioned):
            fresh.append(entity)
    tables = {name: table for table, name in state.tables.items()}
    added += (_add_entity(entity, tables, is_unsure=is_unsure) for entity in fresh)
    if not is_unsure:
        added += _add_agents(state, known, draft, fresh)
    added += _add_accept(state, known, draft, is_unsure=is_unsure)
    return News(tuple(added))


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


def _add_columns(
    entity: DraftEntity, state: FileState, known: Memory, *, is_unsure: bool
) -> Iterator[Insertion]:
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
        yield _write_column(name, drafted, after, is_unsure=is_unsure)


def _write_column(entity: str, column: DraftColumn, after: str | None, *, is_unsure: bool) -> Insertion:
    is_comment = is_unsure or not column.is_listed
    lines = render_column(column)
    if is_unsure and column.is_listed:
        lines = [f"# {line}" for line in lines]
    return Insertion(
        ("entities", entity, "columns"),
        column.base,
        column_data(column),
        (UNSURE if is_unsure else NEW, *lines),
        after,
        is_comment,
    )


def _add_entity(entity: DraftEntity, tables: Mapping[str, str], *, is_unsure: bool) -> Insertion:
    """Return a new entity, behind the last one of its schema whose table comes before."""
    before = sorted(
        (table, name)
        for name, table in tables.items()
        if table.partition(".")[0] == entity.schema and table < entity.table
    )
    same = [name for name, table in tables.items() if table.partition(".")[0] == entity.schema]
    after = before[-1][1] if before else same[-1] if same else None
    lines = render_entity(entity)
    if is_unsure:
        lines = [f"# {line}".rstrip() for line in lines]
    is_first = not tables
    return Insertion(
        ("entities",),
        entity.name,
        entity_data(entity),
        tuple(lines) if is_first else (UNSURE if is_unsure else NEW, *lines),
        after,
        is_unsure,
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
