"""
Whether the names of what pgmoat makes are free.

In: Policy. Out: findings. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.model.finding import Finding
from pgmoat.policy.reserved import SYSTEM_SCHEMAS
from pgmoat.policy.rules.entities import error
from pgmoat.policy.schema import Policy


def check_settings(policy: Policy) -> Iterator[Finding]:
    """Yield the names that PostgreSQL refuses or that two things would share."""
    settings = policy.settings
    schema = settings.entity_schema
    if schema in SYSTEM_SCHEMAS or schema.startswith("pg_"):
        yield error("entity-schema", ("settings", "entity_schema"), f"the schema `{schema}` is taken")
    if schema == "public":
        message = "agents need a schema of their own: in `public` stands what PUBLIC may reach"
        yield error("entity-schema", ("settings", "entity_schema"), message)
    prefixes = {
        "agent_role_prefix": settings.agent_role_prefix,
        "system_role_prefix": settings.system_role_prefix,
    }
    for key, prefix in prefixes.items():
        if prefix.startswith("pg_"):
            message = "PostgreSQL keeps role names that begin with pg_ for itself"
            yield error("role-prefix", ("settings", key), message)
    for agent in policy.agents:
        role = settings.agent_role(agent)
        if role in settings.system_roles:
            yield error(
                "role-name",
                ("agents", agent),
                f"its role would be `{role}`, which is one of pgmoat's own",
                "rename the agent, or change settings.agent_role_prefix",
                also=("settings", "agent_role_prefix"),
            )
