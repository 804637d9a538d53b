"""
A shop with agents, a record of what they did, and `pgmoat serve` before it.

In: a server. Out: Shop, Served. I/O: PostgreSQL, processes, HTTP.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
import psycopg
from psycopg import sql

from tests.moat_fixtures import Moat, enter, open_moat
from tests.postgres_fixtures import PostgresServer

SCHEMA = """
CREATE TABLE orders (id int PRIMARY KEY, customer text, status text, note text,
    deleted_at timestamptz, deleted_by text, deleted_reason text);
INSERT INTO orders SELECT n, 'Customer ' || n, 'pending', NULL FROM generate_series(1, 200) n;
"""
POLICY = """\
entities:
  orders:
    table: public.orders
    columns: {id: {}, customer: {}, status: {}, note: {}}
    delete: {mode: soft, reason: required}
operations:
  refund_order:
    parameters: {order_id: integer, note: {type: text, optional: true}}
    entities: {orders: {select: [id, status], update: [status, note]}}
    sql: UPDATE orders SET status = 'refunded', note = :note WHERE id = :order_id
    affects: 1
    approval: always
agents:
  fulfillment:
    entities: {orders: {update: [status, note], delete: true}}
    limits: {writes_per_task: 40, writes_per_hour: 100}
    connections: 10
  analyst:
    entities: {orders: {}}
    connections: 8
    timeouts: {statement: 60s, transaction: 60s, idle_in_transaction: 60s}
  support:
    entities: {orders: {update: [note]}}
    limits: {writes_per_hour: 500}
  refunds:
    entities: {orders: {update: [status]}}
    operations: [refund_order]
  catalog:
    entities: {orders: {}}
"""
OPERATOR = "operator-token-for-tests-0123"
VIEWER = "viewer-token-for-tests-4567"
_ROOT = Path(__file__).parents[1]


@dataclass(slots=True)
class Shop:
    """A moat and a login for dashboards: a member of monitor, approver and owner that may signal."""

    moat: Moat
    dsn: str = field(repr=False)


@contextlib.contextmanager
def open_shop(server: PostgresServer) -> Generator[Shop]:
    """Yield a shop in a database of its own."""
    with open_moat(server, SCHEMA, POLICY) as moat:
        yield Shop(moat, hire(moat, "desk", "monitor", "approver", "owner", signals=True))


def hire(moat: Moat, suffix: str, *roles: str, signals: bool = False) -> str:
    """Return the DSN of a new login that is a member of some of pgmoat's roles."""
    name, password = f"{moat.policy.settings.agent_role_prefix}l_{suffix}", secrets.token_hex(8)
    groups = [*(moat.system_role(role) for role in roles), *(["pg_signal_backend"] if signals else [])]
    moat.run(
        sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE {}").format(
            sql.Identifier(name), sql.Literal(password), sql.SQL(", ").join(map(sql.Identifier, groups))
        )
    )
    return moat.database.dsn_for(name, password)


def find_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@dataclass(slots=True)
class Served:
    """A running dashboard."""

    port: int
    process: subprocess.Popen[str]
    lines: list[str]
    scheme: str = "http"

    @property
    def url(self) -> str:
        """Where it is."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def browse(self, **more: Any) -> Browser:
        """Return a client that is not logged in."""
        return Browser(httpx.Client(base_url=self.url, timeout=30, **more))

    def log_in(self, token: str = OPERATOR, name: str = "Ada") -> Browser:
        """Return a client that is logged in."""
        browser = self.browse()
        answer = browser.client.post("/login", data={"token": token, "name": name})
        assert answer.status_code == 303, answer.text
        return browser

    def stop(self) -> int:
        """End it in order, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@dataclass(slots=True)
class Browser:
    """An HTTP client that keeps cookies and knows the forms' token."""

    client: httpx.Client

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def get(self, path: str, **more: Any) -> httpx.Response:
        """Ask for a page."""
        return self.client.get(path, **more)

    def csrf(self) -> str:
        """Return the token that the session's forms have."""
        text = self.get("/").text
        return text.partition('name="csrf" value="')[2].partition('"')[0]

    def act(self, name: str, headers: Mapping[str, str] | None = None, /, **fields: str) -> httpx.Response:
        """Send the form of an act, confirmed."""
        data = {"csrf": self.csrf(), "confirmed": "1", **fields}
        return self.client.post(f"/acts/{name}", data=data, headers=headers)


@contextlib.contextmanager
def serve(
    dsn: str,
    *options: str,
    port: int | None = None,
    environ: Mapping[str, str] | None = None,
    scheme: str = "http",
) -> Generator[Served]:
    """Run ``pgmoat serve`` until the block ends."""
    port = port or find_port()
    where = () if "--listen" in options else ("--listen", f"127.0.0.1:{port}")
    tokens = {"PGMOAT_DASHBOARD_OPERATOR_TOKEN": OPERATOR, "PGMOAT_DASHBOARD_VIEWER_TOKEN": VIEWER}
    process = subprocess.Popen(
        [sys.executable, "-m", "pgmoat", "serve", "--dsn", dsn, *where, *options],
        env={**os.environ, **(tokens if environ is None else environ)},
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: list[str] = []
    reader = threading.Thread(target=_read_lines, args=(process, lines), daemon=True)
    reader.start()
    served = Served(port, process, lines, scheme)
    try:
        wait_for(lambda: process.poll() is not None or _answers(served), 60)
        assert process.poll() is None, lines
        yield served
    except BaseException as error:
        error.add_note(f"pgmoat serve: {lines}")
        raise
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(20)
        reader.join(5)
        if process.stdout is not None:
            process.stdout.close()


def _read_lines(process: subprocess.Popen[str], lines: list[str]) -> None:
    assert process.stdout is not None
    lines.extend(line.rstrip("\n") for line in process.stdout)


def _answers(served: Served) -> bool:
    try:
        # The certificate is the test's own.
        return httpx.get(f"{served.url}/healthz", verify=False, timeout=5).status_code == 200  # noqa: S501
    except httpx.TransportError:
        return False


def make_certificate(folder: Path) -> tuple[str, str, str, str]:
    """Make a certificate for localhost; return the options of ``pgmoat serve`` that use it."""
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    make = (
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=localhost",
        "-days",
        "2",
    )
    name = ("-addext", "subjectAltName=DNS:localhost")
    subprocess.run([*make, "-keyout", key, "-out", cert, *name], check=True)
    return "--tls-cert", cert, "--tls-key", key


@contextlib.contextmanager
def watch(dsn: str) -> Generator[subprocess.Popen[bytes]]:
    """Run ``pgmoat watch`` until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pgmoat", "watch", "--dsn", dsn], cwd=_ROOT, stdout=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    """Return as soon as *condition* holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


@contextlib.contextmanager
def run_statement(
    moat: Moat, agent: str, statement: str, name: str = ""
) -> Generator[psycopg.Connection[Any]]:
    """Let an agent run *statement* in a thread until the block ends; however that ends."""
    connection = moat.connect(agent, **({"application_name": name} if name else {}))

    def run() -> None:
        with contextlib.suppress(psycopg.Error):
            connection.execute(sql.SQL(statement))  # pyright: ignore[reportArgumentType]

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield connection
    finally:
        with contextlib.suppress(psycopg.Error):
            connection.cancel_safe(timeout=5)
        thread.join(20)
        connection.close()


def seed(moat: Moat, *, minutes: int = 1440) -> None:
    """Write a day of work into the record, as the watchdog would have, tasks and writes among it."""
    moat.run("SELECT pgmoat.make_days()")
    moat.run("SELECT pg_catalog.setseed(0.42)")
    moat.run(_SEED_SAMPLING, minutes)
    for agent, (level, waits) in _LEVELS.items():
        for wait_class, part in waits.items():
            moat.run(_SEED_USAGE, agent, wait_class, level * part, level * part, minutes)
        moat.run(_SEED_ACTIVITY, agent, level, minutes)
    for fingerprint, (text, agent, task, step, wait_class, level) in enumerate(_STATEMENTS, 1):
        moat.run("INSERT INTO pgmoat.statement_text VALUES (current_date, %s, %s)", fingerprint, text)
        moat.run(_SEED_DETAIL, fingerprint, level, level, agent, task, step, wait_class)
    for back, agent, task, step, how, source, code, count, seconds in _UNFINISHED:
        moat.run(_SEED_UNFINISHED, back, agent, task, step, how, source, code, count, seconds)
    for back, agent, task, step, kind, action, detail in _INCIDENTS:
        moat.run(_SEED_INCIDENT, back, agent, task, step, kind, action, json.dumps(detail))
    _write(moat)


def beat(moat: Moat) -> None:
    """Let the watchdog's heart beat for an hour."""
    moat.run(
        "UPDATE pgmoat.heartbeat"
        " SET at = clock_timestamp(), good_until = clock_timestamp() + interval '1 hour'"
    )


def _write(moat: Moat) -> None:
    with moat.task("fulfillment", moat.open_task("fulfillment", "ship-2026-11"), step="ship") as agent:
        agent.execute(
            "UPDATE orders SET status = 'shipped', note = 'left at the door' WHERE id BETWEEN 1 AND 6"
        )
    with moat.task(
        "fulfillment", moat.open_task("fulfillment", "duplicates"), step="clean up", reason="ordered twice"
    ) as agent:
        agent.execute("DELETE FROM orders WHERE id IN (11, 12)")
    with moat.connect("support") as connection, connection.transaction():
        enter(connection, moat.open_task("support", "mail-8841"), "answer")
        connection.execute("UPDATE orders SET note = 'asked for the invoice again' WHERE id = 21")
    token = moat.open_task("refunds", "refund-77")
    for number in range(30, 33):
        with moat.task("refunds", token, step="pay back") as agent:
            agent.execute("UPDATE orders SET status = 'refunded' WHERE id = %s", (number,))


_LEVELS: dict[str, tuple[float, dict[str, float]]] = {
    "": (0.9, {"CPU": 0.6, "IO": 0.3, "Client": 0.1}),
    "fulfillment": (1.3, {"CPU": 0.55, "Lock": 0.25, "IO": 0.2}),
    "analyst": (0.8, {"CPU": 0.7, "IO": 0.3}),
    "support": (0.35, {"CPU": 0.8, "LWLock": 0.1, "Client": 0.1}),
    "refunds": (0.12, {"CPU": 0.5, "Lock": 0.5}),
}
_STATEMENTS = (
    (
        "SELECT id, customer, status FROM orders WHERE status = ?",
        "fulfillment",
        "ship-2026-11",
        "find",
        "CPU",
        20.0,
    ),
    (
        "UPDATE orders SET status = ?, note = ? WHERE id = ?",
        "fulfillment",
        "ship-2026-11",
        "ship",
        "Lock",
        12.0,
    ),
    ("DELETE FROM orders WHERE id IN (?)", "fulfillment", "duplicates", "clean up", "CPU", 4.0),
    ("SELECT count(*) FROM orders WHERE note LIKE ?", "fulfillment", None, None, "IO", 7.0),
    (
        "SELECT customer, count(*) AS orders, max(id) AS latest FROM orders GROUP BY customer"
        " HAVING count(*) > ? ORDER BY orders DESC",
        "analyst",
        "monthly report",
        "aggregate",
        "CPU",
        30.0,
    ),
    ("SELECT * FROM orders WHERE customer = ?", "support", "mail-8841", "look up", "CPU", 9.0),
    ("UPDATE orders SET status = ? WHERE id = ?", "refunds", "refund-77", "pay back", "Lock", 5.0),
)
_UNFINISHED = (
    ("4 minutes", "fulfillment", None, None, "refused", "counted", "PM006", 14, None),
    ("9 minutes", "analyst", "monthly report", "aggregate", "timed out", "seen", "57014", 1, 60.2),
    ("31 minutes", "support", "mail-8841", "look up", "cancelled", "done", "57014", 1, 12.5),
    ("2 hours", "analyst", "monthly report", None, "terminated", "done", "57P01", 1, 61.0),
    ("5 hours", "refunds", None, None, "refused", "counted", "42501", 3, None),
)
_INCIDENTS: tuple[tuple[str, str, str | None, str | None, str, str, dict[str, Any]], ...] = (
    (
        "2 hours",
        "analyst",
        "monthly report",
        None,
        "statement-timeout",
        "terminated",
        {
            "limit": 60000,
            "found": 61012,
            "pid": 4711,
            "query": "SELECT count(*) FROM orders o1, orders o2, orders o3",
        },
    ),
    (
        "31 minutes",
        "support",
        "mail-8841",
        "look up",
        "by-hand",
        "cancelled",
        {"by": "Ada (dashboard)", "reason": "blocks the nightly job", "pid": 812},
    ),
    (
        "9 minutes",
        "analyst",
        "monthly report",
        "aggregate",
        "statement-timeout",
        "cancelled",
        {
            "limit": 60000,
            "found": 60214,
            "pid": 4720,
            "query": "SELECT customer, count(*) FROM orders GROUP BY customer",
        },
    ),
    ("3 hours", "refunds", "refund-12", "pay back", "repeats", "frozen", {"limit": 20, "found": 24}),
)
_SEED_SAMPLING = """
INSERT INTO pgmoat.sampling
SELECT m, 60, 60, 0 FROM generate_series(date_trunc('minute', now()) - %s * interval '1 minute',
       date_trunc('minute', now()) - interval '1 minute', interval '1 minute') AS m
"""
_SEED_USAGE = """
INSERT INTO pgmoat.usage
SELECT m, %s, %s, greatest(0, 60 * %s * (0.7 + 0.5 * sin(extract(epoch FROM m) / 2900) + 0.5 * random())),
       greatest(0, 60 * %s * (0.7 + 0.5 * sin(extract(epoch FROM m) / 2900)))::int
  FROM generate_series(date_trunc('minute', now()) - %s * interval '1 minute',
       date_trunc('minute', now()) - interval '1 minute', interval '1 minute') AS m
"""
_SEED_ACTIVITY = """
INSERT INTO pgmoat.activity
SELECT m, %s, 4, NULL, NULL, NULL, NULL, (random() * 3 * %s)::int
  FROM generate_series(date_trunc('minute', now()) - %s * interval '1 minute',
       date_trunc('minute', now()) - interval '1 minute', interval '1 minute') AS m
"""
_SEED_DETAIL = """
INSERT INTO pgmoat.usage_detail
SELECT m, %s, %s * (0.5 + random()), %s::int, %s, %s, %s, %s
  FROM generate_series(date_trunc('minute', now()) - interval '55 minutes',
       date_trunc('minute', now()) - interval '1 minute', interval '1 minute') AS m
"""
_SEED_UNFINISHED = """
INSERT INTO pgmoat.unfinished VALUES (now() - %s::interval, %s, %s, %s, %s, %s, %s, %s, %s, 5)
"""
_SEED_INCIDENT = """
INSERT INTO pgmoat.incident (at, agent, task_id, step, kind, action, subject, detail)
VALUES (now() - %s::interval, %s, %s, %s, %s, %s, 'seed', %s::jsonb)
"""
