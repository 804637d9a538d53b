"""
A server of its own whose commits survive kill -9, and that comes back on the same port.

In: PGMOAT_TEST_SERVER. Out: DurableServer. I/O: starts, kills and starts servers.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pgmoat.devpg.directory import DataDirectory
from pgmoat.devpg.server import Server, start
from tests.postgres_fixtures import Database, PostgresServer, draw_port, find_test_binaries


@dataclass(slots=True)
class DurableServer:
    """A server with fsync that a test may kill."""

    port: int
    data_dir: Path
    settings: Mapping[str, str]
    _running: Server = field(init=False, repr=False)

    def start(self) -> None:
        """Start it, or start it again; whatever was committed is there."""
        self._running = start(
            self.data_dir,
            binaries=find_test_binaries(),
            settings={"fsync": "on", **self.settings},
            port=self.port,
        )

    def kill(self, number: signal.Signals) -> None:
        """Send the postmaster a signal that ends it, and return when nothing of the server is left."""
        pid_file = DataDirectory(self.data_dir).cluster / "postmaster.pid"
        os.kill(int(pid_file.read_text().split()[0]), number)
        self.stop()

    def stop(self) -> None:
        """End it in order, if it runs."""
        self._running.stop()

    @property
    def database(self) -> Database:
        """The database ``postgres``: no other is made here."""
        own = self._running
        server = PostgresServer(own.host, own.port, "postgres", own.password, own.server_version)
        return Database("postgres", server)


@contextlib.contextmanager
def run_durable_server(settings: Mapping[str, str] | None = None) -> Generator[DurableServer]:
    """Yield a running durable server; it and its data are gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="pgmoat-test-", dir="/tmp")).resolve()
    home.chmod(0o711)
    try:
        durable = DurableServer(draw_port(), home / "data", settings or {})
        durable.start()
        try:
            yield durable
        finally:
            durable.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)
