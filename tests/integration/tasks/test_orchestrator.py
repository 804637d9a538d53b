"""
Who may open, close and freeze tasks, over real logins: orchestrators are no agents, agents no orchestrators.

I/O: PostgreSQL.
"""

from __future__ import annotations

import secrets
from collections.abc import Generator
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from pgmoat.ledger.tasks import close_task, open_task, read_tasks
from pgmoat.plan.make import plan_policy
from pgmoat.policy.schema import Acceptance
from tests.integration.tasks.steps import open_child, write
from tests.moat_fixtures import Connection, Moat, refused


@pytest.fixture
def orchestrator(desk: Moat) -> Generator[Connection]:
    """A login of its own that is a member of the orchestrator role, as a person would set it up."""
    login, password = f"{desk.system_role('orchestrator')}_login", secrets.token_hex(8)
    role = sql.Identifier(login)
    desk.run(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(password)))
    desk.run(sql.SQL("GRANT {} TO {}").format(sql.Identifier(desk.system_role("orchestrator")), role))
    try:
        with psycopg.connect(desk.database.dsn_for(login, password), autocommit=True) as connection:
            yield connection
    finally:
        desk.run(sql.SQL("DROP ROLE {}").format(role))


def test_an_orchestrator_opens_a_tree_and_stops_it(desk: Moat, orchestrator: Connection) -> None:
    root = open_task(orchestrator, "boss", "root", scope={"region": "eu"})
    child = open_task(orchestrator, "worker", "child", parent=("boss", "root"))
    open_child(desk, "boss", root, "own")
    with desk.task("worker", child) as connection:
        write(connection, 1)
    assert {task.name for task in read_tasks(orchestrator)} == {"boss/root", "worker/child", "boss/root/own"}
    orchestrator.execute("SELECT pgmoat.freeze_task('boss', 'root', 'stop')")
    assert {task.state for task in read_tasks(orchestrator)} == {"frozen"}
    with refused("PM004"), desk.task("worker", child):
        pass
    close_task(orchestrator, "boss", "root")
    with refused("42501"):
        orchestrator.execute("SELECT pgmoat.thaw_task('boss', 'root')")


_NOT_FOR_ORCHESTRATORS: tuple[LiteralString, ...] = (
    "SELECT * FROM agent.counters",
    "SELECT * FROM public.counters",
    "SELECT * FROM pgmoat.history",
    "SELECT * FROM pgmoat.change",
    "SELECT * FROM pgmoat.statement",
    "SELECT token_hash FROM pgmoat.task",
    "SELECT * FROM pgmoat.secret",
    "SELECT * FROM pgmoat.session_task",
    "SELECT * FROM pgmoat.named_task",
    "SELECT pgmoat.claim('x')",
    "SELECT pgmoat.open_child('x')",
    "SELECT pgmoat.make_task('claimed', 'namer', 'x', '{}', NULL, NULL, NULL)",
)


def test_an_orchestrator_reads_no_entity_no_history_no_token(desk: Moat, orchestrator: Connection) -> None:
    desk.open_task("boss", "root")
    for command in _NOT_FOR_ORCHESTRATORS:
        with refused("42501"):
            orchestrator.execute(command)


_NOT_FOR_AGENTS: tuple[LiteralString, ...] = (
    "SELECT pgmoat.open_task('boss', 'mine')",
    "SELECT pgmoat.open_task('boss', 'mine', parent_agent => 'boss', parent_task_id => 'root')",
    "SELECT pgmoat.close_task('boss', 'root')",
    "SELECT pgmoat.freeze_task('boss', 'root', 'x')",
    "SELECT pgmoat.freeze_agent('worker', 'x')",
    "SELECT pgmoat.thaw_task('boss', 'root')",
    "SELECT pgmoat.make_task('issued', 'boss', 'x', '{}', NULL, NULL, NULL)",
    "SELECT pgmoat.narrow_scope('{}', '{}', true)",
    "SELECT pgmoat.charge_ancestors('{}', pg_current_xact_id(), -10, -10, -10)",
    "SELECT pgmoat.claim_named()",
    "SELECT * FROM pgmoat.task",
    "SELECT scope FROM pgmoat.task",
    "SELECT * FROM pgmoat.opening",
    "SELECT * FROM pgmoat.session_task",
    "SELECT * FROM pgmoat.named_task",
    "UPDATE pgmoat.opening SET tasks = 0",
    "DELETE FROM pgmoat.ledger",
    "ALTER TABLE pgmoat.task DISABLE TRIGGER ALL",
)


@pytest.mark.parametrize("agent", ["boss", "namer"])
def test_an_agent_does_nothing_of_the_orchestrators(desk: Moat, agent: str) -> None:
    token = desk.open_task(agent, "root")
    with desk.task(agent, token) as connection:
        for command in _NOT_FOR_AGENTS:
            with refused("42501"), connection.transaction():
                connection.execute(command)


@pytest.mark.parametrize("suffix", ["owner", "views", "writer", "orchestrator", "monitor"])
@pytest.mark.parametrize("is_direct", [True, False])
def test_an_agent_in_one_of_pgmoats_roles_is_found(desk: Moat, suffix: str, is_direct: bool) -> None:
    """Directly it is drift, which apply takes back; accepted, or through another role, it is an error."""
    system_role, between = desk.system_role(suffix), desk.system_role("between")
    agent = sql.Identifier(desk.role("boss"))
    desk.run(sql.SQL("CREATE ROLE {}").format(sql.Identifier(between)))
    first = system_role if is_direct else between
    try:
        if not is_direct:
            desk.run(sql.SQL("GRANT {} TO {}").format(sql.Identifier(system_role), sql.Identifier(between)))
        desk.run(sql.SQL("GRANT {} TO {}").format(sql.Identifier(first), agent))
        accepting = desk.policy.model_copy(update={"accept": [Acceptance(object=first, why="trust")]})
        with desk.superuser() as person:
            plain, accepted = plan_policy(person, desk.policy), plan_policy(person, accepting)
        assert "reach-system-role" in {finding.code for finding in accepted.errors}
        if is_direct:
            assert any("no longer a member" in action.description for action in plain.plan.actions)
        else:
            assert "reach-system-role" in {finding.code for finding in plain.errors}
    finally:
        desk.run(sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(first), agent))
        desk.run(sql.SQL("DROP ROLE {}").format(sql.Identifier(between)))
