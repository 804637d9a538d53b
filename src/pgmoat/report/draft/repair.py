"""
Make a draft pass plan: for each error the smallest change, always the same one.

In: Draft, Findings, the codes that plan counted. Out: Draft. I/O: none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pgmoat.catalog.snapshot import CodeCounts, Table
from pgmoat.model.finding import Finding, PolicyPath, Severity
from pgmoat.report.draft.codes import CodeMap, add_codes
from pgmoat.report.draft.model import (
    Draft,
    DraftAccess,
    DraftAgent,
    DraftColumn,
    DraftEntity,
    Kind,
    LeftOut,
    Remark,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What plan read: people's tables, and the codes of columns with value maps."""

    tables: Mapping[str, Table]
    codes: Mapping[tuple[str, str], CodeCounts]


# An error that no change of the draft takes away: who runs plan lacks rights, or the server is set so.
GLOBAL_CODES = frozenset(
    {
        "cannot-create-roles",
        "cannot-create-schemas",
        "not-inheriting",
        "cannot-read-pgmoat",
        "reach-system-role",
    }
)


def repair(draft: Draft, findings: Sequence[Finding], facts: Facts) -> Draft:
    """Return *draft* with a change for each error that it can take away; as it is when it can for none."""
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    for finding in errors:
        if finding.code in GLOBAL_CODES:
            continue
        match finding.path:
            case ("entities", str(name), *rest):
                draft = _repair_entity(draft, name, tuple(rest), finding, facts)
            case ("agents", str(name), "entities", str(entity), *rest):
                draft = _repair_access(draft, name, entity, str(rest[0]) if rest else "", finding)
            case _:
                pass
    return draft


def leave_out(draft: Draft, name: str, why: str) -> Draft:
    """Return *draft* without an entity, nor what names it."""
    entity = draft.entity(name)
    if entity is None:
        return draft
    kept = tuple(_forget(other, name) for other in draft.entities if other is not entity)
    agents = tuple(
        replace(agent, accesses=tuple(access for access in agent.accesses if access.entity != name))
        for agent in draft.agents
    )
    left_out = (*draft.left_out, LeftOut(entity.table, why, is_rejected=True))
    return replace(draft, entities=kept, agents=agents, left_out=left_out)


def _forget(entity: DraftEntity, name: str) -> DraftEntity:
    """Return *entity* without references to another one."""
    columns = tuple(
        replace(column, references=None) if column.references == name else column for column in entity.columns
    )
    ending = f" in {name}"
    rows = None if entity.rows is not None and entity.rows.endswith(ending) else entity.rows
    suggestions = tuple(part for part in entity.suggestions if not part.line.endswith(ending))
    return replace(entity, columns=columns, rows=rows, suggestions=suggestions)


def _repair_entity(draft: Draft, name: str, rest: PolicyPath, finding: Finding, facts: Facts) -> Draft:
    entity = draft.entity(name)
    if entity is None:
        return draft
    changed: DraftEntity | None = None
    match rest:
        case ("columns", str(base), "values", *_):
            changed = _mend_values(entity, base, finding, facts)
        case ("columns", str(base), "references"):
            changed = _change_column(entity, base, lambda column: replace(column, references=None))
        case ("columns", str(base), *_):
            changed = _drop_column(entity, base, finding)
        case ("delete", *_):
            why = (_note(f"no deletes: {finding.message}"),)
            changed = replace(entity, delete="forbid", delete_columns={}, delete_remarks=why)
            draft = _forbid_deletes(draft, name)
        case ("rows",) if not entity.rows_remarks:
            changed = replace(entity, rows=None)
        case _:
            pass
    if changed is None or not changed.listed:
        return leave_out(draft, name, finding.message)
    return replace(draft, entities=tuple(changed if other is entity else other for other in draft.entities))


def _mend_values(entity: DraftEntity, base: str, finding: Finding, facts: Facts) -> DraftEntity:
    """Return the entity with a map of every code that the data has; without a map when that cannot be."""
    is_lacking = finding.code == "codes-not-mapped"
    column = entity.column(base)
    found = _add_codes(entity, column, facts) if is_lacking and column is not None else None
    # The finding names values of the data, which may be anything.
    why = "the data holds values that are no codes" if is_lacking else finding.message

    def change(column: DraftColumn) -> DraftColumn:
        kept = _without_decide(column)
        if found is not None and found.values != column.values:
            return replace(column, values=found.values, remarks=(*kept, found.remark))
        return replace(column, values=(), remarks=(*kept, _note(f"no value map: {why}")))

    return _change_column(entity, base, change)


def _add_codes(entity: DraftEntity, column: DraftColumn, facts: Facts) -> CodeMap | None:
    table = facts.tables.get(entity.table)
    people = table.column(column.base) if table is not None else None
    counted = facts.codes.get((entity.table, column.base))
    if people is None or counted is None:
        return None
    return add_codes(people, column.values, counted.counts)


def _without_decide(column: DraftColumn) -> tuple[Remark, ...]:
    return tuple(remark for remark in column.remarks if remark.kind is Kind.NOTE)


def _drop_column(entity: DraftEntity, base: str, finding: Finding) -> DraftEntity:
    column = entity.column(base)
    if column is None or not column.is_listed:
        return replace(entity, columns=())
    return _change_column(
        entity,
        base,
        lambda column: DraftColumn(
            column.base, column.name, hidden=f"plan refuses it: {finding.message}", hidden_for="refused"
        ),
    )


def _change_column(
    entity: DraftEntity, base: str, change: Callable[[DraftColumn], DraftColumn]
) -> DraftEntity:
    columns = tuple(change(column) if column.base == base else column for column in entity.columns)
    return replace(entity, columns=columns)


def _repair_access(draft: Draft, agent_name: str, entity: str, verb: str, finding: Finding) -> Draft:
    def mend(access: DraftAccess) -> DraftAccess:
        return replace(access, update=access.update if verb == "delete" else (), delete=False)

    agents = tuple(
        replace(
            _change_access(agent, entity, mend),
            remarks=(*agent.remarks, _note(f"{entity}: {finding.message}")),
        )
        if agent.name == agent_name
        else agent
        for agent in draft.agents
    )
    return replace(draft, agents=agents)


def _forbid_deletes(draft: Draft, entity: str) -> Draft:
    agents = tuple(
        _change_access(agent, entity, lambda access: replace(access, delete=False)) for agent in draft.agents
    )
    return replace(draft, agents=agents)


def _change_access(
    agent: DraftAgent, entity: str, change: Callable[[DraftAccess], DraftAccess]
) -> DraftAgent:
    accesses = tuple(change(access) if access.entity == entity else access for access in agent.accesses)
    return replace(agent, accesses=accesses)


def _note(text: str) -> Remark:
    return Remark(Kind.NOTE, text)
