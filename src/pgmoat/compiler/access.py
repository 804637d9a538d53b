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

    holder: str  # as messages name it: the agent
    role: str
    allowed: EntityAccess
    path: PolicyPath  # where the policy says so

    @property
    def writes(self) -> bool:
        """Whether the entity may be written in any way."""
        return bool(self.allowed.insert or self.allowed.update or self.allowed.delete)


def list_accesses(policy: Policy, entity: str) -> Iterator[Access]:
    """Yield every access to *entity* that *policy* grants, in the order of the file."""
    for name, agent in policy.agents.items():
        if entity in agent.entities:
            yield Access(
                name,
                policy.settings.agent_role(name),
                agent.entities[entity],
                ("agents", name, "entities", entity),
            )
