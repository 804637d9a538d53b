"""
A streaming standby of a test server.

In: a primary, its programs. Out: Standby. I/O: pg_basebackup, a second server.

It is a copy of the whole server, so the primary should be a small one of the test's own.
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
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from pgmoat.devpg.account import Account, choose_account, launch
from pgmoat.devpg.install import reach_binaries
from tests.postgres_fixtures import PostgresServer, find_test_binaries

_TIMEOUT_S = 20.0


@dataclass(slots=True)
class Standby:
    """A server that replays what its primary does, and says in its log what it is asked."""

    primary: PostgresServer
    port: int
    folder: Path
    settings: Mapping[str, str]
    _account: Account | None = field(default_factory=choose_account, init=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)

    @property
    def server(self) -> PostgresServer:
        """The standby as a server."""
        return replace(self.primary, port=self.port, log_file=self.folder / "standby.log")

    def run(self, statement: LiteralString) -> Any:
        """Return the value that the superuser gets there, None if there is none."""
        with psycopg.connect(self.server.dsn, autocommit=True) as connection:
            cursor = connection.execute(statement)
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None

    def has_run(self, text: str) -> bool:
        """Whether it was asked to run something with *text* in it."""
        return text in (self.folder / "standby.log").read_text(errors="replace")

    def wait_for(self, primary: psycopg.Connection[Any]) -> None:
        """Return when it has replayed what the primary has committed."""
        row = primary.execute("SELECT pg_current_wal_flush_lsn()").fetchone()
        deadline = time.monotonic() + _TIMEOUT_S
        with psycopg.connect(self.server.dsn, autocommit=True) as connection:
            while connection.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", row).fetchone() != (
                True,
            ):
                assert time.monotonic() < deadline, "the standby does not follow"
                time.sleep(0.01)

    def start(self) -> None:
        """Start it, and wait until it can be read."""
        command: list[str | Path] = [self._programs / "postgres", "-D", self.folder / "cluster"]
        for name, value in self.settings.items():
            command += ["-c", f"{name}={value}"]
        with (self.folder / "standby.log").open("ab") as log:
            self._process = launch(command, self._account, log)
        deadline = time.monotonic() + _TIMEOUT_S
        while True:
            with contextlib.suppress(psycopg.OperationalError):
                self.run("SELECT 1")
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"the standby does not start:\n{(self.folder / 'standby.log').read_text()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it at once; its data stays."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(_TIMEOUT_S)
            self._process = None

    def copy_primary(self) -> None:
        """Take a base backup that follows the primary."""
        backup = [self._programs / "pg_basebackup", "-D", self.folder / "cluster", "-d", self.primary.dsn]
        options = ["-R", "-X", "stream", "-c", "fast", "--no-sync", "--no-manifest"]
        with (self.folder / "standby.log").open("wb") as log:
            process = launch([*backup, *options], self._account, log)
            code = process.wait(_TIMEOUT_S)
        assert code == 0, (self.folder / "standby.log").read_text()

    @property
    def _programs(self) -> Path:
        return reach_binaries(find_test_binaries(), self._account)


@contextlib.contextmanager
def open_standby(primary: PostgresServer, settings: Mapping[str, str]) -> Generator[Standby]:
    """Yield a running standby of *primary*, with more *settings*; it is gone afterwards."""
    account, port = choose_account(), find_free_port()
    folder = Path(tempfile.mkdtemp(prefix="pgmoat-standby-"))
    if account is not None:
        os.chown(folder, account.uid, account.gid)
    fixed = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "fsync": "off",
    }
    standby = Standby(primary, port, folder, {"max_connections": "100", **settings, **fixed})
    try:
        standby.copy_primary()
        standby.start()
        yield standby
    finally:
        standby.stop()
        shutil.rmtree(folder, ignore_errors=True)


def find_free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])
