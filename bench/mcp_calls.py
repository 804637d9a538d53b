"""
Calls of tools over MCP, by pgmoat's server and by those that people use today.

In: Scratch, a folder of rivals. Out: Report. I/O: PostgreSQL, starts the servers.

All are asked for the same SQL over one table, by a client of ours that speaks to each in the same way. The
rivals read the table as a role that may; pgmoat's agent reads an entity of it, in a task, through the gate.
"""

from __future__ import annotations

import contextlib
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path

from bench.mcp_client import Answer, Client
from bench.mcp_rivals import RIVALS, Launch
from bench.measure import Scale, Spread
from bench.processes import find_family, read_cpu_seconds
from bench.report import Cell, Report, Table
from bench.scratch import PEOPLE, Database, Scratch, agent_role
from pgmoat.errors import Error

_AT_ONCE = 8
_POINT_READ = "SELECT id, usr_id, stat_cd, amt, upd_ts, note FROM orders WHERE id = {}"
_PARAMETER_READ = _POINT_READ.format(":id")
_SIZES = (
    ("1 row", "SELECT id, usr_id, stat_cd, amt, upd_ts, note FROM orders WHERE id = 4711"),
    ("100 rows", "SELECT id, usr_id, stat_cd, amt, upd_ts, note FROM orders WHERE id <= 100"),
    ("1,000 rows", "SELECT id, usr_id, stat_cd, amt, upd_ts, note FROM orders WHERE id <= 1000"),
    ("the whole table", "SELECT id, usr_id, stat_cd, amt, upd_ts, note FROM orders"),
)
_MARK = "left at the door"  # begins a row's note, and is nowhere else
_NOTE_MARKS = 6


@dataclass(slots=True)
class Server:
    """A server that is measured, and how long its answers took, in seconds, a list per round."""

    launch: Launch
    client: Client
    started_s: float
    tools: int
    in_turn: list[list[float]] = field(default_factory=list[list[float]])
    at_once: list[list[float]] = field(default_factory=list[list[float]])
    in_turn_s: list[float] = field(default_factory=list[float])  # a whole round
    at_once_s: list[float] = field(default_factory=list[float])
    in_turn_cpu_s: float = 0.0  # of the server's processes, PostgreSQL's not among them
    at_once_cpu_s: float = 0.0

    @property
    def name(self) -> str:
        """What it is called in the tables."""
        return self.launch.name


def measure_mcp(scratch: Scratch, scale: Scale) -> Report:
    """Time tool calls one after the other and eight at once, and weigh answers of four sizes."""
    rows = scale.pick(100_000, 5_000)
    database = scratch.create("mcp")
    database.run_file("create_mcp", rows=rows, reader=PEOPLE)
    database.install("mcp")
    scratch.execute("GRANT CREATE ON DATABASE {} TO {}", database.name, PEOPLE)  # one keeps tables of its own
    database.vacuum()
    login = database.dsn_for(PEOPLE)
    found = [(rival, rival.find(scale.rivals, login) if scale.rivals else None) for rival in RIVALS]
    missing = [rival.name for rival, launch in found if launch is None]
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(_prepare_ours(database))
        servers: list[Server] = []
        by_parameter = replace(ours, name="the same, the key as a parameter", has_parameters=True)
        for launch in [ours, by_parameter, *(launch for _, launch in found if launch is not None)]:
            try:
                servers.append(_start(stack, launch))
            except Error as error:
                if launch is ours:
                    raise
                print(f"{error.message}\n{error.detail}", file=sys.stderr)
                missing.append(f"{launch.name} (it does not start)")
        _take_rounds(servers, scale, rows)
        sizes = [_weigh(server, scale) for server in servers]
    return Report("Calls of tools over MCP", tuple(_write_notes(missing)), _make_tables(servers, sizes))


@contextlib.contextmanager
def _prepare_ours(database: Database) -> Generator[Launch]:
    """Yield how pgmoat's server is started, with its policy in a file."""
    with tempfile.TemporaryDirectory(prefix="pgmoat-bench-") as folder:
        policy = Path(folder) / "moat.yaml"
        policy.write_text((files("bench") / "policies" / "mcp.yaml").read_text(encoding="utf-8"))
        command = (sys.executable, "-m", "pgmoat", "mcp", str(policy), "--agent", "clerk")
        environ = {
            **os.environ,
            "PGMOAT_DSN_CLERK": database.dsn_for(agent_role("clerk")),
            "PGMOAT_TASK_TOKEN": database.open_task("clerk"),
        }
        yield Launch("pgmoat (Python)", command, environ, "query")


def _start(stack: contextlib.ExitStack, launch: Launch) -> Server:
    """
    Return a server that has listed its tools and answered once.

    Raises:
        ServerError: it does not.
    """
    started = time.perf_counter()
    client = stack.enter_context(Client(launch.command, launch.environ))
    tools = len(client.list_tools())
    _ask(client, launch, 1)
    return Server(launch, client, time.perf_counter() - started, tools)


def _take_rounds(servers: Sequence[Server], scale: Scale, rows: int) -> None:
    """Let the servers take turns, every other round backwards; the first round is thrown away."""
    calls = scale.pick(60, 10)
    for number in range(scale.rounds + 1):
        ids = [random.randint(1, rows) for _ in range(calls)]  # noqa: S311 - which rows is no secret
        for server in reversed(servers) if number % 2 else servers:
            family = find_family(server.client.pid)
            cpu = [read_cpu_seconds(family)]
            began = time.perf_counter()
            taken = [_ask(server.client, server.launch, one) for one in ids]
            between = time.perf_counter()
            cpu.append(read_cpu_seconds(family))
            at_once = _ask_at_once(server, ids)
            ended = time.perf_counter()
            cpu.append(read_cpu_seconds(family))
            if number:
                server.in_turn_cpu_s += cpu[1] - cpu[0]
                server.at_once_cpu_s += cpu[2] - cpu[1]
                server.in_turn.append(taken)
                server.in_turn_s.append(between - began)
                server.at_once.append(at_once)
                server.at_once_s.append(ended - between)


def _ask(client: Client, launch: Launch, row: int) -> float:
    """Return how long one point read took."""
    began = time.perf_counter()
    answer = client.call(launch.tool, _make_read(launch, row))
    ended = time.perf_counter()
    _check(launch, answer)
    return ended - began


def _make_read(launch: Launch, row: int) -> dict[str, object]:
    if launch.has_parameters:
        return {"sql": _PARAMETER_READ, "parameters": {"id": row}}
    return {"sql": _POINT_READ.format(row)}


def _ask_at_once(server: Server, ids: Sequence[int]) -> list[float]:
    """Return how long each read took while eight were always under way in the one session."""
    waiting = list(reversed(ids))
    began: dict[int, float] = {}
    taken: list[float] = []

    def send() -> None:
        call = server.client.send_call(server.launch.tool, _make_read(server.launch, waiting.pop()))
        began[call] = time.perf_counter()

    while waiting and len(began) < _AT_ONCE:
        send()
    while began:
        call, answer = server.client.receive_any()
        taken.append(time.perf_counter() - began.pop(call))
        _check(server.launch, answer)
        if waiting:
            send()
    return taken


def _check(launch: Launch, answer: Answer) -> None:
    """A refusal is quick: it must not pass for an answer."""
    assert not answer.is_error, f"{launch.name}: {answer.text[:500]}"
    assert _MARK in answer.text, f"{launch.name}: {answer.text[:500]}"


def _weigh(server: Server, scale: Scale) -> list[tuple[Answer, float]]:
    """Return an answer of each size, and the median of how long it took."""
    return [_weigh_one(server, sql, scale.pick(5, 1)) for _, sql in _SIZES]


def _weigh_one(server: Server, sql: str, times: int) -> tuple[Answer, float]:
    taken: list[float] = []
    while True:
        began = time.perf_counter()
        answer = server.client.call(server.launch.tool, {"sql": sql})
        taken.append(time.perf_counter() - began)
        _check(server.launch, answer)
        if len(taken) == times:
            return answer, statistics.median(taken)


def _write_notes(missing: Sequence[str]) -> Generator[str]:
    yield (
        "A read by key over stdio, sequential and with eight always under way in the same session; all"
        " servers in one run, on one PostgreSQL, in turns. p50 and p99 of all rounds; behind the ratio of the"
        " medians, the lowest and the highest round. *Text*: the answer's text, which models read; *line*:"
        " all that comes over the pipe. *Its CPU*: what a call costs the server's processes, PostgreSQL's not"
        " among them; it depends least on what else the machine does."
    )
    if missing:
        yield f"Not measured, because not there (`bench/install_rivals.sh`): {', '.join(missing)}."


def _make_tables(
    servers: Sequence[Server], sizes: Sequence[Sequence[tuple[Answer, float]]]
) -> tuple[Table, ...]:
    weighed = [
        Table(
            f"SELECT of {title}",
            ("server", "ms", "rows", "text, bytes", "line, bytes"),
            tuple(
                (server.name, found[number][1] * 1000, *_count(found[number][0]))
                for server, found in zip(servers, sizes, strict=True)
            ),
        )
        for number, (title, _) in enumerate(_SIZES)
    ]
    own_size = servers[0].client.tools_size
    return (
        _compare(
            "One read after the other", servers, [(s.in_turn, s.in_turn_s, s.in_turn_cpu_s) for s in servers]
        ),
        _compare(
            "Eight reads at once", servers, [(s.at_once, s.at_once_s, s.at_once_cpu_s) for s in servers]
        ),
        *weighed,
        Table(
            "What a session begins with",
            ("server", "start to first answer, s", "tools", "their list, bytes", f"list : {servers[0].name}"),
            tuple(
                (
                    s.name,
                    s.started_s,
                    s.tools,
                    s.client.tools_size,
                    s.client.tools_size / own_size,
                )
                for s in servers
            ),
        ),
    )


def _compare(
    title: str, servers: Sequence[Server], timed: Sequence[tuple[list[list[float]], list[float], float]]
) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for server, (rounds, whole, cpu) in zip(servers, timed, strict=True):
        every = sorted(one for taken in rounds for one in taken)
        ratios = [
            statistics.median(taken) / statistics.median(other)
            for taken, other in zip(rounds, timed[0][0], strict=True)
        ]
        rows.append(
            (
                server.name,
                statistics.median(every) * 1000,
                every[int(len(every) * 0.99)] * 1000,
                len(every) / sum(whole),
                cpu / len(every) * 1000,
                Spread(statistics.median(ratios), min(ratios), max(ratios)),
            )
        )
    columns = ("server", "p50 ms", "p99 ms", "calls/s", "its CPU ms", f"p50 : {servers[0].name}")
    return Table(title, columns, tuple(rows))


def _count(answer: Answer) -> tuple[int, int, int]:
    """Return how many rows an answer's text holds, and its sizes."""
    text = answer.text
    return text.count(_MARK) // _NOTE_MARKS, len(text.encode()), answer.size
