"""
PgBouncer before a test server, configured by pgmoat itself.

In: a database under a policy. Out: Pooler. I/O: starts PgBouncer.

Two processes: one as ``pgmoat pgbouncer`` writes it; the other does not reset sessions between clients,
to show what the walls must hold without. The program is the first ``pgbouncer`` on PATH, or the system's.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from pgmoat.devpg.account import Account, choose_account
from pgmoat.errors import PoolerError
from pgmoat.policy.schema import Policy
from pgmoat.pooler.auth import read_server
from pgmoat.pooler.files import read_console_passwords
from pgmoat.pooler.run import Program, RunningPooler, check_port, find_program, run_pooler
from pgmoat.pooler.setup import Database as PooledDatabase
from pgmoat.pooler.setup import Listening, Place, Setup, make_setup
from pgmoat.pooler.write import write_pooler
from pgmoat.postgres.connect import connect
from tests.postgres_fixtures import Database, draw_port


@dataclass(slots=True)
class Pooler:
    """Two running PgBouncers, with and without a reset between clients."""

    setup: Setup
    leaky: Setup
    running: RunningPooler
    passwords: dict[str, str] = field(repr=False)  # of the console's users
    _open: contextlib.ExitStack = field(repr=False)

    def dsn(self, user: str, password: str, database: str, *, resets: bool = True) -> str:
        """Return an agent's URL of a database behind the pooler."""
        port = (self.setup if resets else self.leaky).listening.port
        login = f"{quote(user, safe='')}:{quote(password, safe='')}"
        return f"postgresql://{login}@127.0.0.1:{port}/{quote(database, safe='')}"

    def console(self, *, is_admin: bool = False, resets: bool = True) -> str:
        """Return the URL of the console, for who may look, or may do everything."""
        user = self.setup.admin if is_admin else self.setup.stats
        return self.dsn(user, self.passwords[user], "pgbouncer", resets=resets)

    def restart(self, number: signal.Signals | None = None) -> None:
        """End the one that resets by a signal, at once if none is given, and start it again on its port."""
        if number is None:  # since 1.23 SIGTERM waits for all clients to leave
            number = signal.SIGQUIT if require_pooler().version >= (1, 23) else signal.SIGTERM
        for process in self.running.processes:
            os.killpg(process.pid, number)
        self.running.stop()
        _await_port(self.setup)
        program, password = require_pooler(), self.passwords[self.setup.stats]
        self.running = self._open.enter_context(run_pooler(self.setup, program, choose_account(), password))

    def stop(self) -> None:
        """End both; their connections to the server go with them."""
        self._open.close()


def _await_port(setup: Setup, seconds: float = 20) -> None:
    """Return when nobody listens on the port any more: who was killed may take a moment to be gone."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(PoolerError):
            check_port(setup)
            return
        time.sleep(0.05)
    check_port(setup)


def require_pooler() -> Program:
    """Return PgBouncer. A machine without it skips the test; where CI is set it fails."""
    program = find_program()
    if program is None:
        message = "PgBouncer is not installed (package pgbouncer): what holds behind a pooler is not tested"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return program


def start_pooler(database: Database, policy: Policy, agents: Mapping[str, str]) -> Pooler:
    """
    Return running poolers for the *agents* (role to password) of *policy*, applied to *database*.

    Each logs in once: see ``Place.is_forgetful``.
    """
    program, account = require_pooler(), choose_account()
    with contextlib.ExitStack() as opened:
        folder = make_open_folder(account)
        opened.callback(shutil.rmtree, folder, ignore_errors=True)
        setup, passwords = write_setup(database, policy, program, folder / "reset")
        # Without a reset the pool holds one session, so that the next client surely gets the last one's.
        leaky, _ = write_setup(database, policy, program, folder / "leaky", passwords)
        change_ini(leaky, server_reset_query_always="0", default_pool_size="1", reserve_pool_size="0")
        text = leaky.ini_files[0].read_text()
        rewrite(leaky.ini_files[0], re.sub(r"(pool_size|max_user_connections)=[0-9]+", r"\1=1", text))
        running = opened.enter_context(run_pooler(setup, program, account, passwords[setup.stats]))
        opened.enter_context(run_pooler(leaky, program, account, passwords[leaky.stats]))
        pooler = Pooler(setup, leaky, running, passwords, opened.pop_all())
    if setup.is_forgetful:
        for resets in (True, False):
            for role, password in agents.items():
                psycopg.connect(pooler.dsn(role, password, database.name, resets=resets)).close()
            with psycopg.connect(pooler.console(is_admin=True, resets=resets), autocommit=True) as console:
                console.execute("RECONNECT")  # no connection is left that a test could count
    return pooler


def make_open_folder(account: Account | None) -> Path:
    """Return a new folder that PgBouncer's account can pass through."""
    folder = Path(tempfile.mkdtemp(prefix="pgmoat-pooler-", dir="/tmp"))
    if account is not None:
        os.chown(folder, os.geteuid(), account.gid)
        folder.chmod(0o710)
    return folder


def write_setup(
    database: Database,
    policy: Policy,
    program: Program,
    folder: Path,
    passwords: dict[str, str] | None = None,
    **place: int,
) -> tuple[Setup, dict[str, str]]:
    """Write the files for *policy* on a free port; return the setup and the console's passwords."""
    with connect(database.dsn) as connection:
        server = read_server(connection)
        setup = make_setup(
            policy,
            server.slots,
            Place(
                version=program.version,
                database=PooledDatabase(connection.info.host, connection.info.port, connection.info.dbname),
                folder=folder,
                listening=Listening(port=draw_port()),
                **place,
            ),
        )
        write_pooler(connection, server, setup, choose_account())
        if passwords is not None:  # one pair of console users for both
            shutil.copy(folder.parent / "reset" / "userlist.txt", folder / "copy")
            rewrite(setup.auth_file, (folder / "copy").read_text())
    return setup, passwords or read_console_passwords(setup)


def change_ini(setup: Setup, **settings: str) -> None:
    """Change lines of the ini file, as somebody would by hand."""
    (path,) = setup.ini_files
    text = path.read_text()
    for name, value in settings.items():
        text, count = re.subn(rf"^{name} = .*$", f"{name} = {value}", text, flags=re.MULTILINE)
        if not count:
            text += f"{name} = {value}\n"
    rewrite(path, text)


def rewrite(path: Path, text: str) -> None:
    """Write over a file; owner and mode stay."""
    with path.open("w") as file:
        file.write(text)


def write_again(database: Database, pooler: Pooler) -> None:
    """Write the files anew, as after a rotation of passwords, and let PgBouncer read them."""
    with connect(database.dsn) as connection:
        write_pooler(connection, read_server(connection), pooler.setup, choose_account())
    with psycopg.connect(pooler.console(is_admin=True), autocommit=True) as console:
        console.execute("RELOAD")
