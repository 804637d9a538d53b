"""
A draft as plain data, in the shape of the policy file.

In: Draft. Out: mappings and lists, or a Policy. I/O: none.
"""

from __future__ import annotations

from pgmoat.policy.schema import Policy
from pgmoat.report.draft.model import Draft, DraftAccess, DraftAgent, DraftColumn, DraftEntity
from pgmoat.report.draft.scalars import Value


def as_policy(draft: Draft) -> Policy:
    """Return the policy that the draft's text would load as."""
    return Policy.model_validate(as_data(draft))


def as_data(draft: Draft) -> dict[str, Value]:
    """Return the whole draft, comments left out."""
    data: dict[str, Value] = {"version": 1}
    if draft.settings:
        data["settings"] = dict(draft.settings)
    data["entities"] = {entity.name: entity_data(entity) for entity in draft.entities}
    if draft.agents:
        data["agents"] = {agent.name: agent_data(agent) for agent in draft.agents}
    if draft.accept:
        data["accept"] = [{"object": entry.object, "why": entry.why} for entry in draft.accept]
    return data


def entity_data(entity: DraftEntity) -> dict[str, Value]:
    """Return an entity with its listed columns."""
    data: dict[str, Value] = {"table": entity.table}
    if entity.doc:
        data["doc"] = entity.doc
    data["columns"] = {column.base: column_data(column) for column in entity.listed}
    if entity.rows is not None:
        data["rows"] = entity.rows
    if entity.delete == "soft":
        data["delete"] = {"mode": "soft", **entity.delete_columns}
    return data


def column_data(column: DraftColumn) -> dict[str, Value]:
    """Return what is said of a column; nothing where it is as it is."""
    data: dict[str, Value] = {}
    if column.name != column.base:
        data["name"] = column.name
    if column.doc:
        data["doc"] = column.doc
    if column.values:
        data["values"] = dict(column.values)
    if column.references:
        data["references"] = column.references
    return data


def agent_data(agent: DraftAgent) -> dict[str, Value]:
    """Return an agent."""
    data: dict[str, Value] = {
        "doc": agent.doc,
        "entities": {access.entity: access_data(access) for access in agent.accesses},
        "connections": agent.connections,
        "timeouts": dict(agent.timeouts),
        "limits": dict(agent.limits),
    }
    if agent.approval:
        data["approval"] = dict(agent.approval)
    return data


def access_data(access: DraftAccess) -> dict[str, Value]:
    """Return what an agent may do with an entity; nothing but reading where there is nothing."""
    data: dict[str, Value] = {}
    if access.update:
        data["update"] = list(access.update)
    if access.delete:
        data["delete"] = True
    return data
