"""
Names that SQL and Python share.

I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields

SYSTEM_SCHEMA = "pgmoat"
"""Tables and functions of pgmoat itself; owned by the owner role."""

WRITE_SCHEMA = "pgmoat_write"
"""Row trigger functions of the entities; owned by the writer role, whose rights they run with."""

MAP_SCHEMA = "pgmoat_map"
"""Value maps, a table per decoded column; owned by the owner role."""

LOG_TABLE_PREFIX = "log_"
"""What the tables of event logs in the system schema are called: pgmoat.log_<name>."""

OWN_SCHEMAS = (SYSTEM_SCHEMA, WRITE_SCHEMA, MAP_SCHEMA)
"""Schemas in which everything is pgmoat's; the policy's entity schema is the fourth."""


@dataclass(frozen=True, slots=True)
class SystemRoles:
    """The names of pgmoat's own NOLOGIN roles."""

    owner: str  # owns schema pgmoat: tasks, budgets, history, the gate
    views: str  # owns the entity views; SELECT on listed base columns, nothing else
    writer: str  # owns the row trigger functions; SELECT, INSERT, UPDATE on listed base columns, never DELETE
    orchestrator: str  # may open, close and freeze tasks
    monitor: str  # may read tasks and history, and freeze
    approver: str  # may read what is held, and say yes or no

    @classmethod
    def with_prefix(cls, prefix: str) -> SystemRoles:
        """Return the six names under *prefix* (``pgmoat_`` by default in the policy)."""
        return cls(*(prefix + field.name for field in fields(cls)))

    def __iter__(self) -> Iterator[str]:
        """Yield the six names, the owner first."""
        return (getattr(self, field.name) for field in fields(self))


ADDED_COLUMN_COMMENT = "Added by pgmoat for soft deletes."
"""Comment of every column that apply adds to a people's table: so destroy knows it without a manifest."""

ROW_POLICY = "pgmoat"
"""Name of the policy on a people's table under row security that lets pgmoat's roles in."""

ROW_POLICY_COMMENT = "Made by pgmoat: the entities' views and triggers decide which rows agents reach."
"""Comment of that policy: so apply and destroy know it from one of people's."""


def name_variable(agent: str) -> str:
    """Return the variable that holds an agent's DSN: ``PGMOAT_DSN_FULFILLMENT``."""
    return "PGMOAT_DSN_" + re.sub(r"\W", "_", agent, flags=re.ASCII).upper()
