"""
Who may do what with an entity, wherever the policy says so.

In: Policy. Out: Access. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pgmoat.model.finding import PolicyPath
from pgmoat.policy.schema import EntityAccess, Policy


@dataclass(frozen=True, slots=True)
class Access:
    """What one role may do with one entity."""

    holder: str  # as messages name it: the agent, "operation refund_order"
    role: str
    allowed: EntityAccess
    path: PolicyPath  # where the policy says so
    sees_all: bool  # whether everybody who gets its errors reads every column anyway

    @property
    def writes(self) -> bool:
        """Whether the entity may be written in any way."""
        return bool(self.allowed.insert or self.allowed.update or self.allowed.delete)


def list_accesses(policy: Policy, entity: str) -> Iterator[Access]:
    """Yield every access to *entity* that *policy* grants: the agents', then the operations'."""
    for name, agent in policy.agents.items():
        if entity in agent.entities:
            allowed = agent.entities[entity]
            yield Access(
                name,
                policy.settings.agent_role(name),
                allowed,
                ("agents", name, "entities", entity),
                allowed.select == "all",
            )
    for name, operation in policy.operations.items():
        if entity in operation.entities:
            yield Access(
                f"operation {name}",
                policy.settings.operation_role(name),
                operation.entities[entity],
                ("operations", name, "entities", entity),
                _callers_read_all(policy, name, entity),
            )
    log = policy.entities[entity].log
    if log is not None:
        # The log reads the state through the entity, and lets it follow there: past no gate, no scope.
        yield Access(
            f"log {log.name}",
            policy.settings.system_roles.writer,
            EntityAccess(select="all", update=[log.state] if log.follow else [], delete=False),
            ("entities", entity, "log"),
            sees_all=_log_writers_read_all(policy, log.name, entity),
        )


def _callers_read_all(policy: Policy, operation: str, entity: str) -> bool:
    """Whether every agent that may call *operation* may itself read all of *entity*."""
    return all(
        entity in agent.entities and agent.entities[entity].select == "all"
        for agent in policy.agents.values()
        if operation in agent.operations
    )


def _log_writers_read_all(policy: Policy, log: str, entity: str) -> bool:
    """Whether every agent that may write events may itself read all of *entity*."""
    return all(
        entity in agent.entities and agent.entities[entity].select == "all"
        for agent in policy.agents.values()
        if log in agent.entities or any(log in policy.operations[name].entities for name in agent.operations)
    )
