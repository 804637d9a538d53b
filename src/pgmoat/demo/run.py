"""
The demo from beginning to end: a server, the shop, the policy, the scenarios.

In: whether to keep the server, which PostgreSQL. Out: DemoReport. I/O: a server of its own, and where it is
kept a file of the agents' passwords in its data directory.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from shlex import quote
from typing import Any

import psycopg
from psycopg import sql

from pgmoat.demo.report import AgentLogin, DemoReport, Playground
from pgmoat.demo.scenario import ScenarioResult, play_scenario
from pgmoat.demo.script import SCENARIOS
from pgmoat.demo.shop import apply_example, find_policy_file, load_example, load_shop
from pgmoat.demo.stage import Stage
from pgmoat.devpg.directory import DataDirectory
from pgmoat.devpg.install import find_wheel_binaries
from pgmoat.devpg.server import Server, start
from pgmoat.errors import ServerError
from pgmoat.ledger.tasks import open_task
from pgmoat.model.names import name_variable
from pgmoat.plan.credentials import draft_credentials
from pgmoat.policy.schema import Policy
from pgmoat.postgres.connect import Dsn, connect

VERSION = 18
DATABASE = "shop"
_SETTINGS = {"fsync": "off", "log_min_messages": "fatal"}  # a demo's data may go with the machine
_PLAY_TASK, _PLAY_STEP = "playground", "playing"
_PLAY_SCOPE = {"customer_id": 6776}  # a customer with a handful of orders


class Stopwatch:
    """Seconds per phase, in order; says when one begins."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self._progress = progress
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def phase(self, name: str, announcement: str) -> Generator[None]:
        """Measure the block as phase *name*."""
        self._progress(announcement)
        start_s = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = time.monotonic() - start_s


def run_demo(
    *,
    keep: bool,
    binaries: Path | None,
    progress: Callable[[str], None],
    on_result: Callable[[ScenarioResult], None] | None = None,
) -> DemoReport:
    """
    Play all scenarios on a server of the demo's own, and return what came of them.

    *binaries* is the program directory of another PostgreSQL than the embedded one. *progress* is told each
    phase, *on_result* each result as it comes. With *keep* the server outlives this process.

    Raises:
        ServerError: no server.
        ApplyError: the policy could not be put into force.
    """
    watch = Stopwatch(progress)
    with watch.phase("start", "starting a PostgreSQL server of its own"):
        server = start(None, binaries=binaries, version=VERSION, settings=_SETTINGS, detached=keep)
    is_kept = False
    try:
        policy = load_example().policy
        logins = _prepare(server, policy, watch)
        with connect(server.dsn_for(database=DATABASE), pins_search_path=False) as people:
            stage = Stage(people=people, logins=logins, policy=policy)
            with watch.phase("scenarios", "letting the agents misbehave"):
                results = tuple(_play_all(stage, on_result))
            playground = _open_playground(server, stage, binaries) if keep else None
        is_kept = keep
    finally:
        if not is_kept:
            server.stop()
    return DemoReport(server.server_version, results, watch.seconds, find_policy_file(), playground)


def _prepare(server: Server, policy: Policy, watch: Stopwatch) -> Mapping[str, Dsn]:
    """Make the shop and defend it; return a DSN per agent."""
    dsn = server.dsn_for(database=DATABASE)
    with watch.phase("load", "loading a shop with 100,000 orders"):
        _create_shop(server, dsn)
    with watch.phase("apply", "putting moat.yaml into force"):
        return apply_example(dsn, policy)


def _create_shop(server: Server, dsn: str) -> None:
    with connect(server.dsn) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    with connect(dsn, pins_search_path=False) as connection:
        load_shop(connection)


def _play_all(stage: Stage, on_result: Callable[[ScenarioResult], None] | None) -> Generator[ScenarioResult]:
    for scenario in SCENARIOS:
        result = play_scenario(stage, scenario)
        if on_result is not None:
            on_result(result)
        yield result


def _open_playground(server: Server, stage: Stage, binaries: Path | None) -> Playground:
    psql, dsn = _find_psql(binaries), server.dsn_for(database=DATABASE)
    credentials = server.data_dir / "moat.credentials"
    draft_credentials(
        credentials, {name_variable(agent): login for agent, login in stage.logins.items()}
    ).publish()
    return Playground(
        dsn=dsn,
        psql=f"{quote(psql)} {quote(dsn)}",
        agents=tuple(_open_login(stage.people, agent, login, psql) for agent, login in stage.logins.items()),
        credentials=credentials,
        data_dir=server.data_dir,
        stop_command=_name_stop(server.data_dir),
    )


def _open_login(people: psycopg.Connection[Any], agent: str, dsn: Dsn, psql: str) -> AgentLogin:
    token = open_task(people, agent, _PLAY_TASK, scope=_PLAY_SCOPE)
    # Settings that come with the connection: the token then stands in no query that others could read.
    options = f"-c pgmoat.token={token} -c pgmoat.step={_PLAY_STEP} -c pgmoat.reason=playing"
    # The record knows a task by what its session claims, and never sees the token.
    claim = f"PGAPPNAME=pgmoat:{_PLAY_TASK}:{_PLAY_STEP}"
    return AgentLogin(agent, dsn, token, f"{claim} PGOPTIONS={quote(options)} {quote(psql)} {quote(dsn)}")


def _find_psql(binaries: Path | None) -> str:
    """Return the psql of the path, else the one that came with the server."""
    if shutil.which("psql") is not None:
        return "psql"
    return str((binaries or find_wheel_binaries(VERSION)) / "psql")


def _name_stop(data_dir: Path) -> str:
    """Return the command that ends the server and takes its directory away."""
    status = DataDirectory(data_dir).read_status()
    if status is None:
        raise ServerError("the server ended by itself", detail=DataDirectory(data_dir).read_log_tail())
    return f"kill {status.supervisor}"
