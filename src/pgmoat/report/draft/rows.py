"""
Scopes of entities: suggested where tables say plainly to whom rows belong, set where row security asks.

In: entities and their tables. Out: entities with scopes. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pgmoat.compiler.scope import can_point_to
from pgmoat.report.draft.model import DraftEntity, Kind, LeftOut, Remark, Suggestion
from pgmoat.report.draft.scope import TenantKey, find_forged, find_own_scope, find_tenant_key
from pgmoat.report.survey.snapshot import SurveyedTable

_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def apply_scopes(
    entities: Sequence[DraftEntity],
    tables: Mapping[str, SurveyedTable],
    words: Mapping[str, Mapping[str, Sequence[str]]],
) -> tuple[list[DraftEntity], list[LeftOut]]:
    """Return the entities with scopes and suggestions, and the tables that agents cannot be let near."""
    kept: list[DraftEntity] = []
    rejected: list[LeftOut] = []
    for entity in entities:
        table = tables[entity.table]
        forged = find_forged(table)
        scope = find_own_scope(table, words[entity.table]) if forged else None
        if not forged:
            kept.append(entity)
        elif scope is None or _is_decoded(entity, scope[0]):
            why = f"{forged}, and no column says plainly to whom a row belongs"
            rejected.append(LeftOut(entity.table, f"{why}: give it rows: by hand", is_rejected=True))
        else:
            column, key = scope
            remark = Remark(Kind.DECIDE, f"{forged}; with this a task has to say whose rows it may see")
            rows = f"{name_in_rows(entity, column)} = task.{key}"
            kept.append(replace(entity, rows=rows, rows_remarks=(remark,)))
    tenant = find_tenant_key({entity.table: tables[entity.table] for entity in kept}, words)
    if tenant is None:
        return kept, rejected
    return suggest_scopes(kept, tables, tenant), rejected


def suggest_scopes(
    entities: Sequence[DraftEntity], tables: Mapping[str, SurveyedTable], tenant: TenantKey
) -> list[DraftEntity]:
    """Return the entities with ``rows:`` commented out: by the key itself, or by what they point to."""
    by_table = {entity.table: entity for entity in entities}
    lines: dict[str, str] = {
        entity.table: f"{name_in_rows(entity, tenant.columns[entity.table])} = task.{tenant.key}"
        for entity in entities
        if entity.table in tenant.columns and not _is_decoded(entity, tenant.columns[entity.table])
    }
    todo = sorted(lines)
    while todo:
        parents = set(todo)
        todo.clear()
        for entity in entities:
            if entity.table not in lines and (line := _point(entity, tables, parents, by_table)):
                lines[entity.table] = line
                todo.append(entity.table)
    why = f"only rows of the task's {tenant.noun}"
    return [
        replace(entity, suggestions=(*entity.suggestions, Suggestion(f"rows: {lines[entity.table]}", why)))
        if entity.table in lines and entity.rows is None
        else entity
        for entity in entities
    ]


def _point(
    entity: DraftEntity,
    tables: Mapping[str, SurveyedTable],
    parents: set[str],
    by_table: Mapping[str, DraftEntity],
) -> str:
    """Return the rule that leads to one of *parents*; empty without a plain way."""
    table = tables[entity.table]
    for key in table.foreign_keys:
        parent = tables.get(key.references)
        if key.references not in parents or parent is None or len(key.columns) != 1:
            continue
        column = table.table.column(key.columns[0])
        target = parent.table.column(key.references_columns[0])
        is_key = parent.table.primary_key == key.references_columns
        if column is None or target is None or not is_key or not column.not_null:
            continue
        if can_point_to(column, target) and not _is_decoded(entity, column.name):
            return f"{name_in_rows(entity, column.name)} in {by_table[key.references].name}"
    return ""


def name_in_rows(entity: DraftEntity, base: str) -> str:
    """Return how ``rows:`` names a base column: as agents see it, or in quotes where they do not."""
    column = entity.column(base)
    name = column.name if column is not None and column.is_listed else base
    return name if _PLAIN_NAME.fullmatch(name) else '"' + name.replace('"', '""') + '"'


def _is_decoded(entity: DraftEntity, base: str) -> bool:
    column = entity.column(base)
    return column is not None and bool(column.values)
