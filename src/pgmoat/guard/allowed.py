"""
What an agent's statements may name: entities, functions, operations.

In: Policy. Out: Allowed. I/O: none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from pgmoat.guard.parse import Node
from pgmoat.policy.access import Access, compile_access
from pgmoat.policy.schema import AgentPolicy, EntityAccess, LogPolicy, Policy

_TASK_FUNCTIONS = ("pgmoat.my_changes", "pgmoat.my_task", "pgmoat.scope")
_PROJECTED = frozenset({"event_id", "new_status", "changed_by", "changed_at"})
"""What a log's projections show of an event: who may not read these gets no projection."""

_LISTED = 20


@dataclass(frozen=True, slots=True)
class Allowed:
    """The names that one agent's SQL may use."""

    schema: str
    relations: frozenset[str]  # in the entity schema: entities, event logs, their present state
    functions: frozenset[str]  # schema.name, besides the built-in ones that only compute
    operations: frozenset[str]  # called by name, never through SQL
    entities: frozenset[Access] = frozenset()  # what may be done with them, where that is known

    def find(self, relation: Node) -> Access | None:
        """Return the rights on a table of a statement; None where it is no entity, or they are not known."""
        if relation.text("catalogname") or relation.text("schemaname") not in {"", self.schema}:
            return None
        name = relation.text("relname")
        return next((entity for entity in self.entities if entity.name == name), None)


def compile_allowed(policy: Policy, agent: str) -> Allowed:
    """
    Return what the policy lets *agent* name.

    Raises:
        KeyError: the policy has no such agent.
    """
    access = policy.agents[agent]
    schema = policy.settings.entity_schema
    logs = tuple(_list_projected_logs(policy, access))
    return Allowed(
        schema=schema,
        relations=frozenset({*access.entities, *(f"{log}_current" for log in logs)}),
        functions=frozenset(
            {*access.guard.functions, *_TASK_FUNCTIONS, *(f"{schema}.{log}_at" for log in logs)}
        ),
        operations=frozenset(access.operations),
        entities=frozenset(compile_access(policy, agent)),
    )


def describe_relations(allowed: Allowed) -> str:
    """Return the entities as a hint lists them, at most 20."""
    names = sorted(allowed.relations)
    if not names:
        return (
            f"this agent has no entities, only operations: {', '.join(sorted(allowed.operations)[:_LISTED])}"
        )
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"entities: {', '.join(names[:_LISTED])}{more}"


def describe_call(operation: str) -> str:
    """Return how an operation is called that stands in SQL."""
    return f"call the operation {operation} itself, with its arguments: it is no part of SQL"


def describe_writing(allowed: Allowed) -> str:
    """Return what an agent does that wants to write in a query."""
    is_unknown = bool(allowed.relations) and not allowed.entities
    if is_unknown or any(entity.insert or entity.update or entity.delete for entity in allowed.entities):
        return "a query only reads: use write"
    if allowed.operations:
        return f"this agent writes by operations only: {', '.join(sorted(allowed.operations)[:_LISTED])}"
    return "this agent only reads"


def describe_columns(allowed: Allowed, words: Collection[str]) -> str:
    """Return the columns of the entity that is among *words*, to be read; else the entities."""
    for entity in sorted(allowed.entities, key=lambda entity: entity.name):
        if entity.name in words and isinstance(entity.select, tuple) and entity.select:
            return f"{entity.name} has the columns {', '.join(entity.select)}: SELECT those you need"
    return describe_relations(allowed)


def _list_projected_logs(policy: Policy, agent: AgentPolicy) -> Iterator[str]:
    for entity in policy.entities.values():
        log = entity.log
        if log is not None and log.name in agent.entities and _projects(log, agent.entities[log.name]):
            yield log.name


def _projects(log: LogPolicy, access: EntityAccess) -> bool:
    return access.select == "all" or {*_PROJECTED, *log.key} <= set(access.select)
