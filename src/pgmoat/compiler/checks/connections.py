"""
Check that the agents' connections leave enough for people.

In: Policy, Catalog. Out: Findings. I/O: none.
"""

from __future__ import annotations

from pgmoat.catalog.snapshot import Catalog
from pgmoat.model.finding import Finding, Severity
from pgmoat.policy.schema import Policy

CONNECTIONS_FOR_PEOPLE = 20


def check_connections(policy: Policy, catalog: Catalog) -> list[Finding]:
    """Return a warning if all agents at their limits would use up the slots of people."""
    wanted = sum(agent.connections for agent in policy.agents.values())
    free = catalog.max_connections - catalog.reserved_connections - CONNECTIONS_FOR_PEOPLE
    if wanted <= free:
        return []
    return [
        Finding(
            Severity.WARNING,
            "too-many-connections",
            ("agents",),
            f"the agents may hold {wanted} connections, but the server has {max(free, 0)} for them:"
            f" max_connections {catalog.max_connections} less {catalog.reserved_connections} reserved,"
            f" less {CONNECTIONS_FOR_PEOPLE} for people",
            "lower `connections:`, or raise max_connections",
        )
    ]
