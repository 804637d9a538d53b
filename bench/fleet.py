"""
Hundreds and thousands of agents that mostly think, over few connections and over many.

In: Scratch. Out: Report. I/O: PostgreSQL, PgBouncer, processes of agents.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.agents import HOLDING, RUNTIME, SHORT, Order
from bench.measure import Scale
from bench.pooler import DISCARD_ALL, find_pgbouncer, run_pooler
from bench.processes import find_family, find_postmaster, read_cpu_seconds, read_memory_mb
from bench.report import Cell, Report, Table
from bench.scratch import PEOPLE, Database, Scratch, agent_role
from pgmoat.pooler.settings import RESET_QUERY
from pgmoat.postgres.connect import connect

_SERVER_CONNECTIONS = 20
_SPARE = 60  # connections that are not the agents'


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to let agents work."""

    name: str
    kind: str
    agents: int
    think_s: tuple[float, float]
    clients: int  # processes
    is_pooled: bool = True
    reset: str = DISCARD_ALL


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was found: of the agents, of the machine, of the server."""

    waits_ms: list[float]
    unanswered_ms: list[float]
    errors: Counter[str]
    seconds: float
    cores: tuple[float, float, float]  # of agents, PgBouncer, PostgreSQL
    client_connections: int
    backends: int
    memory_mb: tuple[float | None, float | None]  # without agents, with them


def measure_fleet(scratch: Scratch, scale: Scale) -> Report:
    """Let agents think and call in several settings, one after the other."""
    rows, seconds = scale.pick(100_000, 2_000), scale.pick(12_000, 500) / 1000
    settings = _list_settings(scale)
    many = settings[0].agents
    database = scratch.create("fleet")
    database.run_file("create_orders", rows=rows, people=PEOPLE)
    database.install("fleet")
    database.vacuum()
    has_pooler = find_pgbouncer() is not None
    outcomes = [
        (setting, observe(database, setting, rows, seconds, scale.pick(3_000, 300) / 1000))
        for setting in settings
        if (has_pooler if setting.is_pooled else _has_room(database, setting.agents))
    ]
    left_out = (
        "" if len(outcomes) == len(settings) else " Left out: what there is no PgBouncer or no room for."
    )
    return Report(
        f"{many} agents over {_SERVER_CONNECTIONS} server connections against {many} direct ones",
        (
            "An agent thinks for 0.5 to 2 s, then reads an order by its key or, every other time, adds 1 to "
            "one under an idempotency key, and so on. *Raw*: psycopg, with the same statements in as many "
            "round trips, and no guard; pgmoat's runtime also has PostgreSQL explain each statement first. "
            "*Thinking in the transaction*: an agent reads, thinks, writes, commits, and begins again. A "
            "call's time is from asking to the answer, waiting included; for what was not answered at the "
            f"end, the time so far. {settings[0].clients} client processes; PgBouncer in transaction mode, "
            "with DISCARD ALL behind each transaction; *plans kept*: all that it does but DISCARD PLANS. "
            f"{seconds:g} s each.{left_out}",
        ),
        (_tabulate_calls(outcomes), _tabulate_means(outcomes)),
    )


def _list_settings(scale: Scale) -> list[Setting]:
    many, most, clients = scale.pick(500, 10), scale.pick(5_000, 40), scale.pick(2, 1)
    think_s = (0.05, 0.2) if scale.is_quick else (0.5, 2.0)
    long_s = (think_s[0] * 10, think_s[1] * 10)
    return [
        Setting(f"{many}, raw, a direct connection each", SHORT, many, think_s, clients, is_pooled=False),
        Setting(f"{many}, raw, PgBouncer", SHORT, many, think_s, clients),
        Setting(f"{many}, runtime, PgBouncer", RUNTIME, many, think_s, clients),
        Setting(
            f"{many}, runtime, PgBouncer, plans kept", RUNTIME, many, think_s, clients, reset=RESET_QUERY
        ),
        Setting(f"{many}, raw, PgBouncer, thinking in the transaction", HOLDING, many, think_s, clients),
        Setting(f"{most}, runtime, PgBouncer, thinking 5 to 20 s", RUNTIME, most, long_s, clients),
        Setting(f"{most}, runtime, PgBouncer", RUNTIME, most, think_s, clients),
    ]


def _has_room(database: Database, agents: int) -> bool:
    with connect(database.dsn) as connection:
        row = connection.execute("SHOW max_connections").fetchone()
    return row is not None and int(row[0]) >= agents + _SPARE


def observe(database: Database, setting: Setting, rows: int, seconds: float, warm_up_s: float) -> Outcome:
    """Let agents work in one setting, after a while in which nothing counts."""
    tokens = _open_tasks(database, setting)
    dsn = database.dsn_for(agent_role("fleet"))
    postmaster = find_postmaster(database.dsn)
    before_mb = read_memory_mb(find_family(postmaster))
    with contextlib.ExitStack() as stack:
        pooler = None
        if setting.is_pooled:
            pooler = stack.enter_context(run_pooler([dsn], _SERVER_CONNECTIONS, reset=setting.reset))
        clients = [
            stack.enter_context(
                _start_client(
                    Order(
                        dsn=pooler.reroute(dsn) if pooler else dsn,
                        kind=setting.kind,
                        tokens=tokens[number :: setting.clients],
                        rows=rows,
                        think_s=setting.think_s,
                        warm_up_s=warm_up_s,
                        seconds=seconds,
                        is_prepared=pooler is None,
                        seed=number,
                    )
                )
            )
            for number in range(setting.clients)
        ]
        _expect(clients, "ready")
        for client in clients:
            _tell(client)
        _expect(clients, "measuring")
        watched = _Watched(postmaster, pooler.pid if pooler else None)
        found = [_read(client) for client in clients]
        errors: Counter[str] = Counter()
        for one in found:
            errors.update(one["errors"])
        server_s, pooler_s = watched.read_seconds()
        return Outcome(
            waits_ms=[wait for one in found for wait in one["waits_ms"]],
            unanswered_ms=[wait for one in found for wait in one["unanswered_ms"]],
            errors=errors,
            seconds=seconds,
            cores=(sum(one["cpu_s"] for one in found) / seconds, pooler_s / seconds, server_s / seconds),
            client_connections=sum(one["connections"] for one in found),
            backends=_count_backends(database),
            memory_mb=(before_mb, read_memory_mb(find_family(postmaster))),
        )


class _Watched:
    """The CPU time of server and pooler from now on."""

    def __init__(self, postmaster: int, pooler: int | None) -> None:
        self._postmaster = postmaster
        self._pooler = [pooler] if pooler is not None else []
        self._server_began = {pid: read_cpu_seconds([pid]) for pid in find_family(postmaster)}
        self._pooler_began = read_cpu_seconds(self._pooler)

    def read_seconds(self) -> tuple[float, float]:
        """Return the server's and the pooler's."""
        server = sum(
            read_cpu_seconds([pid]) - self._server_began.get(pid, 0.0)
            for pid in find_family(self._postmaster)
        )
        return server, read_cpu_seconds(self._pooler) - self._pooler_began


def _open_tasks(database: Database, setting: Setting) -> list[str]:
    """Return the token of a task for each agent."""
    with connect(database.dsn) as connection:
        rows = connection.execute(
            "SELECT pgmoat.open_task('fleet', %s || i) FROM pg_catalog.generate_series(1, %s) AS i",
            [f"{setting.name}: ", setting.agents],
        ).fetchall()
    return [str(token) for (token,) in rows]


def _count_backends(database: Database) -> int:
    with connect(database.dsn) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE usename = %s", [agent_role("fleet")]
        ).fetchone()
    assert row is not None
    return int(row[0])


@contextlib.contextmanager
def _start_client(order: Order) -> Generator[subprocess.Popen[str]]:
    """Yield a process of agents that has its order."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.agents"],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        _tell(process, json.dumps(asdict(order)))
        yield process
    finally:
        process.kill()
        process.communicate()


def _tell(client: subprocess.Popen[str], line: str = "") -> None:
    assert client.stdin is not None
    client.stdin.write(line + "\n")
    client.stdin.flush()


def _read(client: subprocess.Popen[str]) -> Any:
    assert client.stdout is not None
    line = client.stdout.readline()
    if not line:
        raise AssertionError("a process of agents has ended")
    return json.loads(line)


def _expect(clients: Sequence[subprocess.Popen[str]], word: str) -> None:
    for client in clients:
        found = _read(client)
        assert found == word, found


def _tabulate_calls(outcomes: Sequence[tuple[Setting, Outcome]]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for setting, found in outcomes:
        waits = sorted([*found.waits_ms, *found.unanswered_ms]) or [0.0]
        rows.append(
            (
                setting.name,
                len(found.waits_ms) / found.seconds,
                statistics.median(waits),
                waits[int(len(waits) * 0.99)],
                waits[-1],
                len(found.unanswered_ms),
                sum(found.errors.values()),
            )
        )
    columns = (
        "agents",
        "calls a second",
        "p50 ms",
        "p99 ms",
        "longest ms",
        "unanswered at the end",
        "errors",
    )
    return Table("Calls", columns, tuple(rows))


def _tabulate_means(outcomes: Sequence[tuple[Setting, Outcome]]) -> Table:
    """Return what it took: connections, memory, processors."""
    return Table(
        "What it took; memory of PostgreSQL in MB (PSS of all its processes), processors in use of "
        f"{os.cpu_count()}",
        (
            "agents",
            "client connections",
            "backends",
            "memory before",
            "memory during",
            "agents' processors",
            "PgBouncer's",
            "PostgreSQL's",
        ),
        tuple(
            (setting.name, found.client_connections, found.backends, *found.memory_mb, *found.cores)
            for setting, found in outcomes
        ),
    )
