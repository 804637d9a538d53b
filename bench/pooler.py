"""
PgBouncer in transaction mode before the server that is measured.

In: a DSN, how many server connections. Out: Pooler. I/O: starts PgBouncer.

It resets a session before it hands it on (``server_reset_query_always``), as pgmoat asks for: by DISCARD ALL,
or by all that this does but DISCARD PLANS.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pgmoat.devpg.account import choose_account, launch
from pgmoat.errors import ServerError
from pgmoat.pooler.run import find_free_port, find_program

DISCARD_ALL = "DISCARD ALL"
_INI = """\
[databases]
* = host={host} port={server_port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/userlist.txt
pool_mode = transaction
max_client_conn = 6000
default_pool_size = {pool_size}
server_reset_query = {reset}
server_reset_query_always = 1
server_tls_sslmode = disable
query_wait_timeout = 600
"""


@dataclass(frozen=True, slots=True)
class Pooler:
    """A running PgBouncer."""

    pid: int
    port: int

    def reroute(self, dsn: str) -> str:
        """Return *dsn* by way of the pooler."""
        return make_conninfo(dsn, host="127.0.0.1", port=self.port)


def find_pgbouncer() -> str | None:
    """Return the program, None where it is not installed: then there is nothing to measure."""
    program = find_program()
    return str(program.path) if program is not None else None


@contextlib.contextmanager
def run_pooler(dsns: Sequence[str], pool_size: int, *, reset: str = DISCARD_ALL) -> Generator[Pooler]:
    """
    Yield PgBouncer before the server of *dsns*, for the user of each.

    Raises:
        ServerError: it is not installed, or does not start.
    """
    program = find_pgbouncer()
    if program is None:
        raise ServerError("PgBouncer is not installed", hint="On Debian: apt-get install pgbouncer.")
    wanted = [conninfo_to_dict(dsn) for dsn in dsns]
    account = choose_account()
    folder = Path(tempfile.mkdtemp(prefix="pgmoat-bench-"))
    port = find_free_port()
    users = (f'"{one["user"]}" "{one["password"]}"\n' for one in wanted)
    (folder / "userlist.txt").write_text("".join(users))
    file = folder / "pgbouncer.ini"
    file.write_text(
        _INI.format(
            host=wanted[0].get("host", "127.0.0.1"),
            server_port=wanted[0].get("port", 5432),
            port=port,
            folder=folder,
            pool_size=pool_size,
            reset=reset,
        )
    )
    if account is not None:
        for path in (folder, *folder.iterdir()):
            os.chown(path, account.uid, account.gid)
    process = launch([program, "-q", file], account, subprocess.DEVNULL)
    try:
        _wait(port, process)
        yield Pooler(process.pid, port)
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise ServerError(f"PgBouncer does not listen on port {port}; exit code {process.poll()}")
