"""
The demo on a real server: all is held, and opening any one wall is noticed.

The demo's roles have fixed names, so it gets servers of its own.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import secrets
import shlex
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from psycopg import sql
from psycopg.conninfo import make_conninfo
from rich.console import Console

from pgmoat.catalog.read import read_catalog
from pgmoat.compiler.check import check_policy
from pgmoat.demo.render import render_report
from pgmoat.demo.report import DemoReport
from pgmoat.demo.run import run_demo
from pgmoat.demo.scenario import Scenario, play_scenario
from pgmoat.demo.script import SCENARIOS
from pgmoat.demo.shop import apply_example, load_example, load_shop
from pgmoat.demo.stage import Stage
from pgmoat.devpg.server import Server, start
from pgmoat.model.finding import Severity
from pgmoat.postgres.connect import Dsn, connect

Connection = psycopg.Connection[Any]
Sabotage = Callable[[Connection], None]


@dataclass(frozen=True, slots=True)
class Template:
    """A server with the shop, defended, as a database to copy."""

    server: Server
    logins: Mapping[str, Dsn]


@pytest.fixture(scope="module")
def template() -> Generator[Template]:
    with start(settings={"fsync": "off"}) as server:
        with connect(server.dsn) as connection:
            connection.execute("CREATE DATABASE template_shop")
        dsn = server.dsn_for(database="template_shop")
        with connect(dsn, pins_search_path=False) as connection:
            load_shop(connection)
            catalog = read_catalog(connection, load_example().policy)
        findings = check_policy(load_example().policy, catalog)
        # New columns are always said; there is nothing else to say.
        assert {finding.code for finding in findings} == {"delete-column-added"}
        assert {finding.severity for finding in findings} == {Severity.NOTE}
        yield Template(server, apply_example(dsn, load_example().policy))


@pytest.fixture
def stage(template: Template) -> Generator[Stage]:
    """A fresh copy of the defended shop."""
    name = f"shop_{secrets.token_hex(4)}"
    with connect(template.server.dsn) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template_shop STRATEGY file_copy").format(
                sql.Identifier(name)
            )
        )
    with connect(template.server.dsn_for(database=name), pins_search_path=False) as people:
        logins = {
            agent: Dsn(make_conninfo(dsn, dbname=name, connect_timeout=10))
            for agent, dsn in template.logins.items()
        }
        yield Stage(people=people, logins=logins, policy=load_example().policy)
    with connect(template.server.dsn) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def run(*statements: LiteralString) -> Sabotage:
    def sabotage(people: Connection) -> None:
        for statement in statements:
            people.execute(statement)

    return sabotage


def rewrite(old: str, new: str, *functions: str) -> Sabotage:
    """Return a sabotage that replaces text in the bodies of functions."""

    def sabotage(people: Connection) -> None:
        for function in functions:
            row = people.execute("SELECT pg_get_functiondef(%s::regprocedure)", (function,)).fetchone()
            assert row is not None
            assert old in row[0], function
            people.execute(row[0].replace(old, new).encode())

    return sabotage


def forget(condition: str) -> Sabotage:
    """Return a sabotage that takes a condition out of the view that finds the session's task."""

    def sabotage(people: Connection) -> None:
        row = people.execute("SELECT pg_get_viewdef('pgmoat.session_task'::regclass)").fetchone()
        assert row is not None
        assert condition in row[0]
        definition = row[0].replace(condition, "true").rstrip(";")
        people.execute(f"CREATE OR REPLACE VIEW pgmoat.session_task AS {definition}".encode())

    return sabotage


REFUSE_TRANSITION = "pgmoat.refuse_transition(log text, present text, wanted text, allowed text[])"
BEGIN_OPERATION = "pgmoat.begin_operation(text,text,boolean,bigint,jsonb,text[])"

# Every task reaches the rows of all customers.
widen_scopes = rewrite(
    "RETURN ARRAY[held #>> '{}'];",
    "RETURN (SELECT array_agg(n::text) FROM generate_series(1, 20000) AS n);",
    "pgmoat.scope(text)",
)

SABOTAGES: dict[str, Sabotage] = {
    "honest work": run("DROP TRIGGER write_update ON agent.orders"),
    "filter on a decoded column": run("DROP INDEX orders_stat_cd_idx"),
    "hard delete": run("GRANT SELECT, DELETE ON orders TO agent_customer_support"),
    "truncate": run("GRANT TRUNCATE ON orders, order_items, order_notes, payments TO agent_customer_support"),
    "drop": run("ALTER VIEW agent.orders OWNER TO agent_customer_support"),
    "update of all rows": run(
        # So many rows are left as can be written before the statement times out.
        "SET session_replication_role = replica",
        "DELETE FROM orders WHERE id > 2000",
        "DROP TRIGGER record ON agent.orders",
        "CREATE OR REPLACE FUNCTION pgmoat_write.orders_update() RETURNS trigger LANGUAGE plpgsql"
        " SECURITY DEFINER AS 'BEGIN UPDATE public.orders SET trk_no = NEW.tracking_number"
        " WHERE id = OLD.id; RETURN NEW; END'",
    ),
    "loop past the budget": run("UPDATE pgmoat.agent SET writes_per_task = 100000"),
    "budget dodged by set_config": run("DROP TRIGGER record ON agent.orders"),
    "two entities in one CTE": run("UPDATE pgmoat.agent SET rows_per_statement = 1000"),
    "read of payments": run("GRANT SELECT ON payments TO agent_analytics"),
    "read of a hidden column": run("GRANT SELECT (eml) ON customers TO agent_analytics"),
    "write to a hidden column": run("GRANT SELECT (id), UPDATE (eml) ON customers TO agent_customer_support"),
    "unknown word": run(
        f"CREATE OR REPLACE FUNCTION {REFUSE_TRANSITION} RETURNS void LANGUAGE sql AS ''",
        "CREATE OR REPLACE FUNCTION pgmoat.refuse_value("
        "entity text, column_name text, word text, allowed text[]) RETURNS text"
        " LANGUAGE sql AS $$SELECT '9'$$",
    ),
    "soft delete": run(
        "DELETE FROM payments WHERE ord_id = 30001",
        "DELETE FROM order_notes WHERE ord_id = 30001",
        "DELETE FROM order_items WHERE ord_id = 30001",
        "CREATE OR REPLACE FUNCTION pgmoat_write.orders_delete() RETURNS trigger LANGUAGE plpgsql"
        " SECURITY DEFINER AS 'BEGIN DELETE FROM public.orders WHERE id = OLD.id; RETURN OLD; END'",
        "ALTER FUNCTION pgmoat_write.orders_delete() OWNER TO CURRENT_USER",
    ),
    "un-delete": run("GRANT SELECT (id), UPDATE (deleted_at) ON orders TO agent_customer_support"),
    "forged deleted_by": rewrite(
        "(SELECT a.identity FROM pgmoat.agent AS a WHERE a.role = session_user)",
        "current_setting('application_name')",
        "pgmoat_write.orders_delete()",
    ),
    "delete without a reason": run(
        "CREATE OR REPLACE FUNCTION pgmoat.refuse_delete(entity text) RETURNS void LANGUAGE sql AS ''"
    ),
    "forged task token": forget(
        "(k.token_hash = sha256(convert_to(current_setting('pgmoat.token'::text, true), 'UTF8'::name)))"
    ),
    "another agent's token": forget("(a.role = SESSION_USER)"),
    "INSERT without a task": run(
        "DROP TRIGGER gate ON agent.order_notes", "DROP TRIGGER record ON agent.order_notes"
    ),
    "COPY without a task": run(
        "DROP TRIGGER gate ON agent.order_notes", "DROP TRIGGER record ON agent.order_notes"
    ),
    "lifted statement_timeout": rewrite(
        "IF current_setting('statement_timeout')",
        "IF false AND current_setting('statement_timeout')",
        "pgmoat.gate(text)",
    ),
    "expired task": rewrite(
        "t.deadline <= clock_timestamp()", "false", "pgmoat.gate(text)", "pgmoat.charge()"
    ),
    "frozen in mid-session": rewrite(
        "t.agent_frozen_at IS NOT NULL", "false", "pgmoat.gate(text)", "pgmoat.charge()"
    ),
    "LOCK TABLE": run("GRANT ALL ON orders, pgmoat_map.orders__fulfillment_status TO pgmoat_views"),
    "SELECT FOR UPDATE": run("GRANT UPDATE ON products TO pgmoat_views"),
    "two agents, one row": rewrite(
        '"b"."stk_qty" IS NOT DISTINCT FROM OLD."units_in_stock"', "true", "pgmoat_write.products_update()"
    ),
    "budget dodged by a new task": run("UPDATE pgmoat.agent SET writes_per_hour = 100000"),
    "child task beyond its parent": rewrite(
        "RETURN parent || child;", "RETURN child;", "pgmoat.narrow_scope(jsonb,jsonb,boolean)"
    ),
    "read of another customer's order": widen_scopes,
    "write of another customer's order": widen_scopes,
    "illegal step": run(f"CREATE OR REPLACE FUNCTION {REFUSE_TRANSITION} RETURNS void LANGUAGE sql AS ''"),
    "stale step": rewrite(
        "NEW.previous_status IS DISTINCT FROM present", "false", "pgmoat_write.order_state_log_insert()"
    ),
    "edit of the event log": run("DROP TRIGGER keep ON pgmoat.log_order_state_log"),
    "undo": rewrite("step.event_id)", "NULL)", "agent.order_state_log_undo(bigint,text,text)"),
    # The key is looked up and stored as none: every call is a first one.
    "retry storm": rewrite("begin_operation.key", "NULL::text", BEGIN_OPERATION),
    "same key, other payload": rewrite("earlier.request_hash <> this_hash", "false", BEGIN_OPERATION),
}


def test_every_scenario_is_sabotaged() -> None:
    assert set(SABOTAGES) == {scenario.name for scenario in SCENARIOS}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_an_open_wall_is_noticed(stage: Stage, scenario: Scenario) -> None:
    SABOTAGES[scenario.name](stage.people)
    result = play_scenario(stage, scenario)
    assert not result.held
    assert "could not be judged" not in result.answer


def test_a_wall_opened_only_at_commit_is_noticed_too(stage: Stage) -> None:
    """The freeze holds at COMMIT by itself: with the gate in place, but without the charge."""
    rewrite("t.agent_frozen_at IS NOT NULL", "false", "pgmoat.charge()")(stage.people)
    freeze = next(scenario for scenario in SCENARIOS if scenario.name == "frozen in mid-session")
    assert not play_scenario(stage, freeze).held


def test_a_name_written_past_the_entity_is_noticed(stage: Stage) -> None:
    stage.people.execute("GRANT SELECT (id), UPDATE (deleted_by) ON orders TO agent_customer_support")
    forged = next(scenario for scenario in SCENARIOS if scenario.name == "forged deleted_by")
    assert not play_scenario(stage, forged).held


def test_rows_of_children_that_the_parent_does_not_pay_for_are_noticed(stage: Stage) -> None:
    """The second half of the scenario, with scopes in order."""
    rewrite("t.parent IS NOT NULL", "false", "pgmoat.charge()")(stage.people)
    child = next(scenario for scenario in SCENARIOS if scenario.name == "child task beyond its parent")
    assert not play_scenario(stage, child).held


def test_a_direct_update_past_the_log_is_noticed(stage: Stage) -> None:
    stage.people.execute("GRANT UPDATE (fulfillment_status) ON agent.orders TO agent_fulfillment")
    illegal = next(scenario for scenario in SCENARIOS if scenario.name == "illegal step")
    assert not play_scenario(stage, illegal).held


def test_what_cannot_be_judged_is_not_held(stage: Stage) -> None:
    closed = Stage(
        people=stage.people,
        logins={agent: Dsn(make_conninfo(dsn, password="wrong")) for agent, dsn in stage.logins.items()},  # noqa: S106 - meant to be refused
        policy=stage.policy,
    )
    for scenario in SCENARIOS:
        result = play_scenario(closed, scenario)
        assert not result.held, scenario.name
        assert result.answer.startswith("could not be judged"), scenario.name


def test_an_agent_that_cannot_work_at_all_proves_nothing(stage: Stage) -> None:
    """Refusing everything is no defence: a token that enter() refuses leaves the scenario unjudged."""
    stage.people.execute(
        "CREATE OR REPLACE FUNCTION pgmoat.enter("
        "token text, step text DEFAULT NULL, reason text DEFAULT NULL)"
        " RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''closed today''; END'"
    )
    without_task = {"INSERT without a task", "COPY without a task"}
    held = {scenario.name for scenario in SCENARIOS if play_scenario(stage, scenario).held}
    assert held <= without_task | {"forged task token", "another agent's token"}


@pytest.fixture(scope="module")
def kept() -> Generator[DemoReport]:
    """The report of a whole demo, whose server is left running."""
    lines: list[str] = []
    report = run_demo(
        keep=True, binaries=None, progress=lines.append, on_result=lambda r: lines.append(r.answer)
    )
    assert len(lines) == len(report.seconds) + len(SCENARIOS)
    playground = report.playground
    assert playground is not None
    yield report
    subprocess.run(shlex.split(playground.stop_command), check=True)
    deadline = time.monotonic() + 20
    while playground.data_dir.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not playground.data_dir.exists()


def _run_psql(command: str, query: str) -> str:
    """Return what the printed command says to *query*; env sets what stands before the program."""
    arguments = ["env", *shlex.split(command), "-XAt", "-c", query]
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.strip()


def test_all_is_held(kept: DemoReport) -> None:
    assert [result.to_json() for result in kept.not_held] == []
    assert kept.all_held
    assert len(kept.results) == len(SCENARIOS)


def test_kept_agents_enter_their_task_by_pgoptions(kept: DemoReport) -> None:
    assert kept.playground is not None
    assert [login.agent for login in kept.playground.agents] == list(load_example().policy.agents)
    for login in kept.playground.agents:
        assert login.token in login.psql.split(" postgresql://", 1)[0]
        answer = _run_psql(login.psql, "SELECT task_id, rows_left FROM pgmoat.my_task()")
        limit = load_example().policy.agents[login.agent].limits.writes_per_task
        assert answer == f"playground|{limit}"
        assert _run_psql(login.psql, "SHOW application_name") == "pgmoat:playground:playing"  # for the record


def test_the_kept_concierge_has_a_customer(kept: DemoReport) -> None:
    assert kept.playground is not None
    concierge = next(login for login in kept.playground.agents if login.agent == "concierge")
    query = "SELECT count(DISTINCT customer_id), count(*) > 1 FROM my_orders"
    assert _run_psql(concierge.psql, query) == "1|t"


def test_kept_superuser_sees_what_agents_cannot(kept: DemoReport) -> None:
    assert kept.playground is not None
    assert int(_run_psql(kept.playground.psql, "SELECT count(*) FROM payments")) > 90_000


def test_the_kept_courier_is_served_over_mcp_by_what_is_printed(kept: DemoReport) -> None:
    assert kept.playground is not None
    assert stat.S_IMODE(kept.playground.credentials.stat().st_mode) == 0o600
    console = Console(file=io.StringIO(), color_system=None)
    console.print(render_report(kept, f"{sys.executable} -m pgmoat"), soft_wrap=True)
    assert isinstance(console.file, io.StringIO)
    line = next(line for line in console.file.getvalue().splitlines() if "--print-config" in line)
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PGMOAT_")}
    printed = subprocess.run(["sh", "-c", line], check=True, capture_output=True, text=True, env=bare)
    server = json.loads(printed.stdout)["mcpServers"]["pgmoat-courier"]

    async def ask() -> None:
        wanted = StdioServerParameters(command=server["command"], args=server["args"], env={})
        async with Client(stdio_client(wanted)) as client:
            found = await client.call_tool("query", {"sql": "SELECT count(*) FROM order_notes"})
            assert not found.is_error, found
            assert (found.structured_content or {})["rows"][0][0] > 0

    asyncio.run(ask())


def test_nothing_is_left_without_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    """A demo that fails half way ends its server too."""
    started: list[Server] = []

    def start_and_note(*arguments: Any, **options: Any) -> Server:
        started.append(start(*arguments, **options))
        return started[-1]

    def fail(_connection: Connection) -> None:
        raise RuntimeError("the shop burnt down")

    monkeypatch.setattr("pgmoat.demo.run.start", start_and_note)
    monkeypatch.setattr("pgmoat.demo.run.load_shop", fail)
    with pytest.raises(RuntimeError, match="burnt"):
        run_demo(keep=True, binaries=None, progress=lambda _: None)
    assert not started[0].is_running
    assert not started[0].data_dir.exists()
