"""
The agents' roles: what they are besides what the policy grants.

In: a connection. Out: AgentFacts, remarks about them. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from pgmoat.compiler.checks.wording import join_words, quote_name
from pgmoat.doctor.check import Area, Check, Remark, Status
from pgmoat.doctor.target import PACKAGE, Target
from pgmoat.postgres.sqlfile import load_sql


@dataclass(frozen=True, slots=True)
class AgentRole:
    """One row of ``read_agents.sql``."""

    name: str
    connection_limit: int  # -1: none
    powers: Sequence[str]
    member_of: Sequence[str]
    owned: Sequence[str]


@dataclass(frozen=True, slots=True)
class AgentFacts:
    """The agents' roles that exist."""

    roles: Sequence[AgentRole]
    target: Target


def read_agents(connection: Connection[Any], target: Target) -> AgentFacts:
    """Return the agents' roles as they are."""
    with connection.cursor(row_factory=class_row(AgentRole)) as cursor:
        cursor.execute(load_sql(PACKAGE, "read_agents"), {"agent_roles": list(target.agent_roles)})
        return AgentFacts(cursor.fetchall(), target)


def _judge_known(facts: AgentFacts) -> Iterator[Remark]:
    if facts.roles:
        return
    if facts.target.is_installed and not facts.target.is_readable and not facts.target.agent_roles:
        yield Remark(
            Status.UNKNOWN,
            f"{facts.target.user} may not read which agents there are, and no policy was given",
            "pgmoat doctor -f moat.yaml, or GRANT pgmoat_monitor to this role",
        )
    else:
        yield Remark(Status.NOTE, "no role of an agent exists on this server", "pgmoat apply")


def _judge_powers(facts: AgentFacts) -> Iterator[Remark]:
    for role in facts.roles:
        if role.powers:
            listed = " ".join(f"NO{power}" for power in role.powers)
            yield Remark(
                Status.ERROR,
                f"agent's role {role.name} is {join_words(role.powers)}: no wall holds it",
                f"ALTER ROLE {quote_name(role.name)} {listed};",
            )


def _judge_memberships(facts: AgentFacts) -> Iterator[Remark]:
    for role in facts.roles:
        for group in role.member_of:
            if group in facts.target.accepted:
                continue
            yield Remark(
                Status.ERROR,
                f"agent's role {role.name} is a member of {group}, and may do all that {group} may",
                f"REVOKE {quote_name(group)} FROM {quote_name(role.name)}; -- or pgmoat apply, which does it",
            )


def _judge_owned(facts: AgentFacts) -> Iterator[Remark]:
    for role in facts.roles:
        if role.owned:
            yield Remark(
                Status.WARNING,
                f"agent's role {role.name} owns {join_words(role.owned)}: an owner may do anything with it",
                f"REASSIGN OWNED BY {quote_name(role.name)} TO CURRENT_USER; -- then look at who"
                " is granted what",
            )


CHECKS: tuple[Check[AgentFacts], ...] = (
    Check(Area.PRIVILEGES, "doctor-agents-known", "the agents' roles exist", _judge_known),
    Check(Area.PRIVILEGES, "doctor-agent-powers", "no agent's role has powers of its own", _judge_powers),
    Check(
        Area.PRIVILEGES,
        "doctor-agent-memberships",
        "no agent's role is a member of another",
        _judge_memberships,
    ),
    Check(Area.PRIVILEGES, "doctor-agent-owns", "no agent's role owns anything", _judge_owned),
)
