"""
PgBouncer in transaction mode before a test server.

In: a server, users and their passwords. Out: Pooler. I/O: starts PgBouncer.

Two processes: one resets a session before it hands it on (``server_reset_query_always``), as pgmoat asks for;
the other does not, to show what the walls must hold without.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from pgmoat.devpg.account import Account, choose_account
from tests.postgres_fixtures import PostgresServer, draw_port

_PLACES = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin:/opt/homebrew/sbin"
_START_TIMEOUT_S = 10.0

_INI = """\
[databases]
* = host={host} port={server_port}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/userlist.txt
stats_users = pgmoat_stats
pool_mode = transaction
max_client_conn = 200
default_pool_size = {pool_size}
server_reset_query = DISCARD ALL
server_reset_query_always = {resets}
server_tls_sslmode = disable
server_login_retry = 1
"""


@dataclass(slots=True)
class Pooler:
    """Two running PgBouncers, with and without a reset between clients."""

    port: int
    leaky_port: int
    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(repr=False)
    commands: list[list[str]] = field(repr=False)

    def dsn(self, user: str, password: str, database: str, *, resets: bool = True) -> str:
        """Return an agent's URL of a database behind the pooler."""
        port = self.port if resets else self.leaky_port
        login = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return f"postgresql://{login}@127.0.0.1:{port}/{quote(database, safe='')}"

    def restart(self, number: signal.Signals) -> None:
        """End the one that resets by a signal, at once, and start it again on its port."""
        self.processes[0].send_signal(number)
        try:
            self.processes[0].wait(0.3)
        except subprocess.TimeoutExpired:  # since 1.23 SIGTERM waits for the clients
            self.processes[0].kill()
            self.processes[0].wait()
        self.processes[0] = _launch(self.commands[0], choose_account())
        _wait(self.port, self.processes[0], self)

    def stop(self) -> None:
        """End both; their connections to the server go with them."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def start_pooler(server: PostgresServer, passwords: Mapping[str, str]) -> Pooler:
    """
    Return running poolers that know the users of *passwords*.

    A machine without PgBouncer skips the test; where CI is set it fails.
    """
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:{_PLACES}")
    if program is None:
        message = "PgBouncer is not installed (package pgbouncer): what holds behind a pooler is not tested"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    account = choose_account()
    folder = Path(tempfile.mkdtemp(prefix="pgmoat-pooler-"))
    ports = (draw_port(), draw_port())
    pooler = Pooler(*ports, folder, [], [])
    _write(folder / "userlist.txt", "".join(f'"{u}" "{p}"\n' for u, p in passwords.items()), account)
    for port, resets in zip(ports, (1, 0), strict=True):
        file = folder / f"{port}.ini"
        # Without a reset the pool holds one session, so that the next client surely gets the last one's.
        text = _INI.format(
            host=server.host,
            server_port=server.port,
            port=port,
            folder=folder,
            resets=resets,
            pool_size=10 if resets else 1,
        )
        _write(file, text, account)
        pooler.commands.append([program, "-q", str(file)])
        pooler.processes.append(_launch(pooler.commands[-1], account))
    for port, process in zip(ports, pooler.processes, strict=True):
        _wait(port, process, pooler)
    return pooler


def _write(file: Path, text: str, account: Account | None) -> None:
    file.write_text(text)
    file.chmod(0o600)
    if account is not None:
        os.chown(file, account.uid, account.gid)
        os.chown(file.parent, account.uid, account.gid)


def _launch(command: list[str], account: Account | None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def _wait(port: int, process: subprocess.Popen[bytes], pooler: Pooler) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    pooler.stop()
    pytest.fail(f"PgBouncer does not listen on port {port}; exit code {process.poll()}")
