"""
From a connection and a name to the blast radius.

In: a connection, an agent's or a role's name. Out: Blast. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from psycopg import Connection

from pgmoat.compiler.checks.wording import suggest_name
from pgmoat.errors import NotFoundError, NotInstalledError
from pgmoat.harden.read import Request, read_closures
from pgmoat.report.blast.collect import Judge
from pgmoat.report.blast.compute import compute_blast
from pgmoat.report.blast.model import Blast
from pgmoat.report.blast.read import read_snapshot
from pgmoat.report.blast.snapshot import Snapshot
from pgmoat.report.survey.sensitive import Sureness, judge_name


def measure_blast(connection: Connection[Any], name: str, *, any_role: bool = False) -> Blast:
    """
    Return the blast radius of an agent, or with *any_role* of a role, in the connection's database.

    Raises:
        NotInstalledError: an agent is asked for where pgmoat is not.
        NotFoundError: there is no such agent or role.
    """
    snapshot = read_snapshot(connection)
    role = _find_role(snapshot, name) if any_role else _find_agent(snapshot, name)
    closures = read_closures(connection, make_request(snapshot, role))
    return compute_blast(snapshot, role, public_closures=closures, judge=_make_judge())


def make_request(snapshot: Snapshot, role: str) -> Request:
    """Return for whom what PUBLIC holds is to be closed: the role in question and all agents."""
    agents = frozenset({role, *(agent.role for agent in snapshot.agents or ())})
    own = snapshot.manifest.roles if snapshot.manifest is not None else frozenset[str]()
    return Request(agents=agents, own=own - agents)


def _make_judge() -> Judge:
    """Return whether a column looks sensitive by its name; a name is looked at once, whatever its table."""

    @cache
    def judge_alone(column: str) -> bool:
        found = judge_name(column)
        return found is not None and found.sureness is not Sureness.POSSIBLE

    return lambda _table, column: judge_alone(column)


def _find_role(snapshot: Snapshot, name: str) -> str:
    names = {role.name for role in snapshot.roles.values()}
    if name not in names:
        raise NotFoundError(f"there is no role {name}", hint=suggest_name(name, names))
    return name


def _find_agent(snapshot: Snapshot, name: str) -> str:
    if not snapshot.server.is_installed:
        raise NotInstalledError(
            f"pgmoat is not installed in {snapshot.server.database}, so there is no agent {name}",
            hint="--any-role takes the name of a role, whoever made it",
        )
    if snapshot.agents is None:
        raise NotFoundError(
            f"{snapshot.server.reader} may not read which agents there are",
            hint="connect as a member of pgmoat's monitor or owner role, or name the role with --any-role",
        )
    agents = {agent.name: agent.role for agent in snapshot.agents}
    if name not in agents:
        hint = suggest_name(name, agents)
        if name in {role.name for role in snapshot.roles.values()}:
            hint = f"{name} is a role: --any-role takes it"
        raise NotFoundError(f"there is no agent {name}", hint=hint)
    return agents[name]
