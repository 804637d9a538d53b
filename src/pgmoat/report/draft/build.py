"""
From a survey to a first policy.

In: Survey. Out: Draft. I/O: none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pgmoat.report.draft.accept import draft_accept
from pgmoat.report.draft.agents import draft_agents
from pgmoat.report.draft.choose import choose_tables
from pgmoat.report.draft.columns import Place, draft_columns, list_decoded
from pgmoat.report.draft.deletes import MANAGED, SoftDelete, judge_soft_delete
from pgmoat.report.draft.describe import describe_table
from pgmoat.report.draft.model import Draft, DraftEntity, Kind, LeftOut, Remark, Suggestion
from pgmoat.report.draft.names import name_entities
from pgmoat.report.draft.references import list_targets
from pgmoat.report.draft.rows import apply_scopes
from pgmoat.report.draft.scalars import flow
from pgmoat.report.draft.spell import spell_tables
from pgmoat.report.survey.snapshot import Survey, SurveyedTable

_MOST_LOOKUP_COLUMNS = 5
_NOTHING = "no table was found that agents could need: is it the right database?"


@dataclass(frozen=True, slots=True)
class DraftOptions:
    """What to draft of a database."""

    takes: Callable[[str], bool] = lambda _: True  # whether a table (schema.table) is asked for
    with_agents: bool = True
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    named: Mapping[str, str] = field(default_factory=dict[str, str])  # tables to names that entities have
    taken: frozenset[str] = frozenset()  # other names that are in use


def build_draft(survey: Survey, options: DraftOptions | None = None) -> Draft:
    """Return what init proposes for a database, before plan has looked at it."""
    asked = options or DraftOptions()
    tables, left_out = choose_tables(survey, asked.takes)
    decoded = list_decoded(tables)
    for name in find_pure_lookups(tables, decoded, asked.named):
        left_out[name] = f"a lookup table: its words stand in the value maps of {_list_some(decoded[name])}"
        del tables[name]
    words = spell_tables(tables)
    kept = {name: entity for name, entity in asked.named.items() if name in tables}
    fresh = {name: words.tables[name] for name in tables if name not in kept}
    names = {**name_entities(fresh, asked.taken | frozenset(asked.named.values())), **kept}
    place = Place(
        survey.tables, names, words.columns, tuple(list_targets(tables, words.tables)), words.guesses
    )
    entities = [_draft_entity(table, place) for table in tables.values()]
    empty = [entity for entity in entities if not entity.listed]
    left_out |= {entity.table: "every column of it looks sensitive" for entity in empty}
    entities = [entity for entity in entities if entity.listed]
    entities, rejected = apply_scopes(entities, tables, words.columns)
    judged = {entity.name: judge_soft_delete(tables[entity.table], tables) for entity in entities}
    deletable = {name for name, soft in judged.items() if _is_deletable(soft)} - _list_links(entities, tables)
    with_agents = asked.with_agents and bool(entities)
    agents = draft_agents(entities, tables, words.columns, deletable) if with_agents else ()
    # Beside agents of a person's own nothing is known of what they may delete.
    accesses = () if asked.named else tuple(access for agent in agents for access in agent.accesses)
    deleted = {access.entity for access in accesses if access.delete}
    return Draft(
        database=survey.database,
        entities=tuple(_settle_delete(entity, judged[entity.name], deleted) for entity in entities),
        agents=agents,
        accept=draft_accept(survey.reach),
        left_out=(*(LeftOut(name, why) for name, why in sorted(left_out.items())), *rejected),
        settings=dict(asked.settings),
        notes=survey.notes if entities or asked.named else (*survey.notes, _NOTHING),
    )


def find_pure_lookups(
    tables: Mapping[str, SurveyedTable],
    decoded: Mapping[str, Sequence[str]],
    kept: Collection[str] = (),
) -> list[str]:
    """Return the lookup tables that say nothing more than the value maps that are made of them."""
    found: list[str] = []
    for name, columns in decoded.items():
        table = tables.get(name)
        if name in kept or table is None or len(table.columns) > _MOST_LOOKUP_COLUMNS or table.foreign_keys:
            continue
        pointing = [
            f"{other}.{key.columns[0]}"
            for other, child in tables.items()
            for key in child.foreign_keys
            if key.references == name and key.columns
        ]
        if set(pointing) <= set(columns):
            found.append(name)
    return sorted(found)


def _draft_entity(table: SurveyedTable, place: Place) -> DraftEntity:
    name = place.entities[table.table.qualified_name]
    columns = draft_columns(table, name, place)
    key = table.table.primary_key
    linked = [
        column.references
        for column in columns
        if column.base in key and column.references and column.is_listed
    ]
    remarks: list[Remark] = []
    if not key:
        remarks.append(Remark(Kind.NOTE, "no primary key: agents can read it, but not change a row"))
    if table.unread:
        remarks.append(Remark(Kind.NOTE, f"its rows were not looked at: {table.unread}"))
    links = linked if len(key) > 1 and len(linked) == len(key) else []
    return DraftEntity(
        name, table.table.qualified_name, columns, describe_table(table, links), remarks=tuple(remarks)
    )


def _is_deletable(soft: SoftDelete) -> bool:
    return not soft.why_not and not soft.obstacle and not soft.left_behind


def _list_links(entities: Sequence[DraftEntity], tables: Mapping[str, SurveyedTable]) -> set[str]:
    """Return entities whose rows are links or words rather than things: no agent should delete them."""
    return {
        entity.name
        for entity in entities
        if len(tables[entity.table].table.primary_key) > 1
        or tables[entity.table].lookup is not None
        or not set(tables[entity.table].table.primary_key) <= {column.base for column in entity.listed}
    }


def _settle_delete(entity: DraftEntity, soft: SoftDelete, deleted: set[str]) -> DraftEntity:
    """Return the entity with what DELETE does; where that is nothing, with why."""
    if soft.why_not:
        return replace(entity, delete_remarks=(Remark(Kind.NOTE, f"no deletes: {soft.why_not}"),))
    if not soft.is_own and entity.name not in deleted:
        line = f"delete: {flow({'mode': 'soft', **soft.columns})}" if soft.columns else "delete: soft"
        why = soft.left_behind or "DELETE would mark rows, in three columns that are added"
        return replace(entity, suggestions=(*entity.suggestions, Suggestion(line, why)))
    managed = {soft.columns.get(key, key) for key in MANAGED}
    columns = tuple(column for column in entity.columns if column.base not in managed)
    if not any(column.is_listed for column in columns):
        return replace(entity, delete_remarks=(Remark(Kind.NOTE, "no deletes: nothing else would be left"),))
    marker = soft.columns.get("deleted_at", "deleted_at")
    remark = (
        Remark(Kind.NOTE, f"the table marks deleted rows in {marker}: agents do not see them")
        if soft.is_own
        else Remark(
            Kind.DECIDE,
            "DELETE marks rows in three columns that are added; people's own queries still see such rows"
            " unless people_view: names a view for them",
        )
    )
    obstacle = (Remark(Kind.NOTE, f"mind: {soft.obstacle}"),) if soft.obstacle else ()
    return replace(
        entity,
        columns=columns,
        delete="soft",
        delete_columns={"reason": "required", **soft.columns},
        delete_remarks=(remark, *obstacle),
    )


def _list_some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
