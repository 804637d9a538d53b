"""
What one agent has, as its tools show it.

In: Policy. Out: AgentView. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from pgmoat.guard.allowed import compile_allowed
from pgmoat.policy.access import Access
from pgmoat.policy.rows import TaskRule
from pgmoat.policy.schema import AgentPolicy, EntityAccess, EntityPolicy, OperationPolicy, Policy
from pgmoat.runtime.profile import Profile, resolve_profile


@dataclass(frozen=True)
class AgentView:
    """One agent: what the policy says of it and of what it may name."""

    policy: Policy
    profile: Profile

    @property
    def agent(self) -> str:
        """Its name."""
        return self.profile.agent

    @property
    def own(self) -> AgentPolicy:
        """Its part of the policy."""
        return self.policy.agents[self.agent]

    @property
    def entities(self) -> Mapping[str, Access]:
        """Entities and event logs, with its rights."""
        return self.profile.entities

    @property
    def operations(self) -> Mapping[str, OperationPolicy]:
        """Operations that it may call."""
        return self.profile.operations

    @cached_property
    def writes_sql(self) -> bool:
        """Whether it may write by SQL of its own."""
        return any(access.insert or access.update or access.delete for access in self.entities.values())

    @property
    def writes(self) -> bool:
        """Whether it may write at all."""
        return self.writes_sql or bool(self.operations)

    @cached_property
    def asks_for_approval(self) -> bool:
        """Whether something that it does may wait for a person's word."""
        bounds = self.own.approval
        own = self.writes_sql and (bounds.rows_per_statement is not None or bounds.rows_per_task is not None)
        return own or any(operation.approval is not None for operation in self.operations.values())

    def changes_rows(self, granted: Mapping[str, Access | EntityAccess]) -> bool:
        """Whether rights do more than add rows; an event in a log moves the state of its entity."""
        for name, access in granted.items():
            logged = self.find_logged(name)
            follows = logged is not None and logged.log is not None and logged.log.follow
            if access.update or access.delete or (access.insert and follows):
                return True
        return False

    @cached_property
    def scope_keys(self) -> tuple[str, ...]:
        """The keys of a task's scope that its entities and operations ask for."""
        names = [*self.own.entities, *(name for found in self.operations.values() for name in found.entities)]
        return tuple(dict.fromkeys(key for name in names for key in self._list_keys(name)))

    @cached_property
    def projections(self) -> Mapping[str, str]:
        """Event logs whose state it may read, to the view of the present state."""
        allowed = compile_allowed(self.policy, self.agent)
        pairs = ((name, f"{name}_current") for name in self.entities)
        return {name: view for name, view in pairs if view in allowed.relations}

    def find_entity(self, name: str) -> EntityPolicy | None:
        """Return the policy of an entity; None for an event log."""
        return self.policy.entities.get(name)

    def find_logged(self, log: str) -> EntityPolicy | None:
        """Return the entity of which *log* is the event log."""
        found = self.policy.logs.get(log)
        return self.policy.entities[found] if found is not None else None

    def find_doc(self, name: str) -> str:
        """Return what the policy says of an entity or event log."""
        entity = self.find_entity(name)
        if entity is not None:
            return entity.doc
        logged = self.find_logged(name)
        return logged.log.doc if logged is not None and logged.log is not None else ""

    def _list_keys(self, name: str) -> Iterator[str]:
        entity = self.find_entity(name) or self.find_logged(name)
        rules = entity.row_rules if entity is not None else None
        for rule in rules.rules if rules is not None else ():
            if isinstance(rule, TaskRule):
                yield rule.key
            else:
                yield from self._list_keys(rule.entity)


def make_view(policy: Policy, agent: str) -> AgentView:
    """
    Return what *agent* has.

    Raises:
        NotFoundError: the policy has no such agent.
    """
    return AgentView(policy, resolve_profile(policy, agent))
