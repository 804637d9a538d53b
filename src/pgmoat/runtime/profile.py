"""
What a policy says of one agent, as its clients need it.

In: Policy. Out: Profile. I/O: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pgmoat.errors import NotFoundError
from pgmoat.policy.access import Access, compile_access, compile_tables
from pgmoat.policy.bounds import GuardPolicy, PoolPolicy, Timeouts
from pgmoat.policy.messages import suggest
from pgmoat.policy.schema import OperationPolicy, Policy, ReplicaPolicy


@dataclass(frozen=True, slots=True)
class Profile:
    """One agent: its names, its bounds, what it may call."""

    agent: str
    version: str
    role: str
    schema: str  # of entities and operations
    operations: Mapping[str, OperationPolicy]
    guard: GuardPolicy
    pool: PoolPolicy
    timeouts: Timeouts
    tags: str
    is_claiming: bool
    replica: ReplicaPolicy | None  # None: reads go to the primary
    entities: Mapping[str, Access]  # and event logs
    tables: Mapping[str, Access]  # by schema.table, of operations too

    @property
    def agent_id(self) -> str:
        """Name and version, as tags show them."""
        return f"{self.agent}-{self.version}"

    @property
    def has_comment(self) -> bool:
        """Whether statements carry a comment."""
        return self.tags in {"both", "comment"}

    @property
    def has_name(self) -> bool:
        """Whether transactions set application_name."""
        return self.tags in {"both", "application_name"}


def resolve_profile(policy: Policy, agent: str) -> Profile:
    """
    Return what *policy* says of *agent*.

    Raises:
        NotFoundError: it has no such agent.
    """
    found = policy.agents.get(agent)
    if found is None:
        known = ", ".join(policy.agents) or "none"
        raise NotFoundError(
            f"the policy has no agent {agent!r}", hint=suggest(agent, policy.agents) or f"agents: {known}"
        )
    return Profile(
        agent=agent,
        version=found.version,
        role=policy.settings.agent_role(agent),
        schema=policy.settings.entity_schema,
        operations={name: policy.operations[name] for name in found.operations},
        guard=found.guard,
        pool=found.pool,
        timeouts=found.timeouts,
        tags=found.tags,
        is_claiming=found.tasks == "claimed",
        replica=policy.replica if found.reads == "replica" else None,
        entities={access.name: access for access in compile_access(policy, agent)},
        tables=compile_tables(policy, agent),
    )
