"""
Settings that a database or all roles have, and those that an agent's role has in one database.

In: a connection. Out: OverrideFacts, remarks about them. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from pgmoat.compiler.checks.wording import quote_name
from pgmoat.doctor.check import Area, Check, Remark, Status
from pgmoat.doctor.target import PACKAGE, Target
from pgmoat.postgres.foreign import decode
from pgmoat.postgres.sqlfile import load_sql

_HARMFUL = {
    "default_transaction_isolation": "the gate refuses other levels than READ COMMITTED (PM006)",
    "default_transaction_read_only": "agents that write are refused, unless they ask for READ WRITE",
    "local_preload_libraries": "agents' sessions load this code",
    "role": "agents' sessions begin as another role",
    "row_security": "row policies turn into errors",
    "session_preload_libraries": "agents' sessions load this code",
    "session_replication_role": "triggers do not fire",
}
_OWN_PREFIX = "pgmoat."


@dataclass(frozen=True, slots=True)
class Override:
    """One row of ``read_overrides.sql``."""

    role: str
    database: str
    setting: str  # name=value

    @property
    def name(self) -> str:
        """The setting's name."""
        return self.setting.partition("=")[0]

    @property
    def reset_sql(self) -> str:
        """What takes it away."""
        target = f"ROLE {quote_name(self.role)}" if self.role else "ROLE ALL"
        place = f" IN DATABASE {quote_name(self.database)}" if self.database else ""
        if not self.role and self.database:
            target, place = f"DATABASE {quote_name(self.database)}", ""
        name = ".".join(quote_name(part) for part in self.name.split("."))
        return f"ALTER {target}{place} RESET {name};"


@dataclass(frozen=True, slots=True)
class OverrideFacts:
    """All settings that roles or databases have and that agents' sessions get."""

    overrides: Sequence[Override]


def read_overrides(connection: Connection[Any], target: Target) -> OverrideFacts:
    """Return the settings that agents' sessions get besides those of their roles."""
    rows = connection.execute(load_sql(PACKAGE, "read_overrides"), {"agent_roles": list(target.agent_roles)})
    return OverrideFacts([Override(role, database, decode(setting)) for role, database, setting in rows])


def _judge_roles(facts: OverrideFacts) -> Iterator[Remark]:
    for override in facts.overrides:
        if override.role:
            yield Remark(
                Status.WARNING,
                f"agent's role {override.role} has {_show(override)} in database {override.database} only:"
                " that comes before what the policy sets",
                override.reset_sql,
            )


def _judge_everybody(facts: OverrideFacts) -> Iterator[Remark]:
    for override in facts.overrides:
        if override.role:
            continue
        place = f"database {override.database}" if override.database else "all roles"
        is_own = override.name.startswith(_OWN_PREFIX)
        why = "a session shows a task that it did not enter" if is_own else _HARMFUL.get(override.name)
        if why:
            message = f"{place} {'has' if override.database else 'have'} {_show(override)}: {why}"
            yield Remark(Status.WARNING, message, override.reset_sql)


def _show(override: Override) -> str:
    # A token must not be shown.
    return f"{override.name} = …" if override.name.startswith(_OWN_PREFIX) else override.setting


CHECKS: tuple[Check[OverrideFacts], ...] = (
    Check(
        Area.SETTINGS,
        "doctor-role-overrides",
        "no agent's role has other settings in this database",
        _judge_roles,
    ),
    Check(
        Area.SETTINGS,
        "doctor-database-overrides",
        "no setting of the database or of all roles hurts agents",
        _judge_everybody,
    ),
)
