"""
Run PgBouncer, and see to it that it ends.

In: Setup and its files. Out: RunningPooler. I/O: processes, the console.

PgBouncer refuses to run as root, so root drops to another user. Each process stands below a shell that holds
the end of a pipe: when this program ends, however it ends, the pipe closes, and the shell ends PgBouncer.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from psycopg import Error as PostgresError
from psycopg.conninfo import make_conninfo

from pgmoat.devpg.account import Account, can_enter, launch
from pgmoat.errors import ConnectionFailedError, PoolerError
from pgmoat.pooler.console import CONSOLE, Version, parse_version, read_pooler
from pgmoat.pooler.settings import count_descriptors
from pgmoat.pooler.setup import Setup
from pgmoat.postgres.dsn import Dsn

_PLACES = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin:/opt/homebrew/sbin"
_START_TIMEOUT_S = 15.0
_STOP_TIMEOUT_S = 5.0
_POLL_S = 0.05
_LOG_TAIL_BYTES = 2000
_TERM_WAITS_SINCE: Version = (1, 23)  # for all clients to leave

# Arguments: file descriptors, the signal that ends PgBouncer at once, then the command. The signal is
# repeated: what comes before PgBouncer has its handlers is lost, as sh starts it with SIGQUIT ignored.
_KEEPER = """
[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -ge "$1" ] || ulimit -S -n "$1" 2>/dev/null
signal=$2; shift 2
exec 3<&0
"$@" 3<&- </dev/null &
pooler=$!
trap : TERM INT HUP
{
    trap - TERM
    read -r _ <&3
    tries=0
    while [ "$tries" -lt 40 ]; do
        kill -s "$signal" "$pooler" || exit
        sleep 0.1
        tries=$((tries + 1))
    done
    kill -s KILL "$pooler"
} 2>/dev/null &
watch=$!
exec 3<&-
code=0
while kill -0 "$pooler" 2>/dev/null; do wait "$pooler"; code=$?; done
kill "$watch" 2>/dev/null
exit "$code"
"""


@dataclass(frozen=True, slots=True)
class Program:
    """PgBouncer as installed here."""

    path: Path
    version: Version


@dataclass(frozen=True, slots=True, eq=False)
class RunningPooler:
    """All processes of one pooler. They end with this program."""

    processes: list[subprocess.Popen[bytes]] = field(default_factory=list[subprocess.Popen[bytes]])
    logs: list[Path] = field(default_factory=list[Path])

    def find_dead(self) -> Path | None:
        """Return the log of a process that has ended by itself, None if all run."""
        for process, log in zip(self.processes, self.logs, strict=True):
            if process.poll() is not None:
                return log
        return None

    def stop(self) -> None:
        """End all processes at once; again is no error."""
        for process in self.processes:
            if process.stdin is not None:
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()
        for process in self.processes:
            try:
                process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def find_program() -> Program | None:
    """
    Return the PgBouncer of this machine, None if there is none.

    Raises:
        PoolerError: there is one that does not run.
    """
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:{_PLACES}")
    if found is None:
        return None
    path = Path(found).resolve()
    try:
        with launch([path, "--version"], None, subprocess.PIPE) as process:
            text = process.communicate()[0].decode(errors="replace").strip()
    except OSError as error:
        raise PoolerError(f"{path} cannot be run", detail=str(error)) from error
    version = parse_version(text)
    if process.returncode != 0 or not re.match(r"PgBouncer(?: version)? [0-9]", text):
        raise PoolerError(f"{path} does not run on this machine", detail=text)
    return Program(path, version)


def require_program() -> Program:
    """
    Return the PgBouncer of this machine.

    Raises:
        PoolerError: there is none, or one that does not run.
    """
    program = find_program()
    if program is None:
        raise PoolerError("PgBouncer is not installed", hint="install the package pgbouncer")
    return program


def find_free_port() -> int:
    """Return a port of this machine that nobody listens on at the moment."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@contextmanager
def run_pooler(
    setup: Setup, program: Program, account: Account | None, password: str
) -> Generator[RunningPooler]:
    """
    Run the written files of *setup*; yield when every process answers *password* on its console.

    Raises:
        PoolerError: a port is taken, or PgBouncer does not start: its log is in ``detail``.
    """
    check_port(setup)
    if not can_enter(program.path, account):
        raise PoolerError(f"{account.name if account else 'this user'} cannot run {program.path}")
    running = RunningPooler()
    try:
        _launch_all(setup, program, account, running)
        for number, ini in enumerate(setup.ini_files, start=1):
            _await(setup, running, number, ini, password)
        yield running
    finally:
        running.stop()


def check_port(setup: Setup) -> None:
    """
    Refuse a port that is taken: PgBouncer before 1.19 would run on, and listen nowhere.

    Raises:
        PoolerError: somebody listens there, or this machine has no such address.
    """
    for address in setup.listening.addresses:
        host = "0.0.0.0" if address == "*" else address  # noqa: S104 - tried for a moment, nobody is served
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((host, setup.listening.port))
            except OSError as error:
                raise PoolerError(
                    f"PgBouncer cannot listen on {address} port {setup.listening.port}: {error.strerror}",
                    hint="choose another --port or --listen",
                ) from error


def _launch_all(setup: Setup, program: Program, account: Account | None, running: RunningPooler) -> None:
    limit = str(count_descriptors(setup))
    stop_signal = "QUIT" if program.version >= _TERM_WAITS_SINCE else "TERM"
    for ini in setup.ini_files:
        command = ["/bin/sh", "-c", _KEEPER, "sh", limit, stop_signal, program.path, ini]
        log = ini.with_suffix(".log")
        log.unlink(missing_ok=True)
        with open(log, "xb", opener=_open_private) as output:
            process = launch(command, account, output, stdin=subprocess.PIPE, has_own_session=True)
        running.processes.append(process)
        running.logs.append(log)


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _await(setup: Setup, running: RunningPooler, number: int, ini: Path, password: str) -> None:
    """Return when the process answers on its console, and is the one of *ini* and no other."""
    folder = setup.socket_folder(number)
    dsn = make_conninfo(
        "",
        host=str(folder or setup.listening.reachable),
        port=setup.listening.port,
        user=setup.stats,
        password=password,
        dbname=CONSOLE,
        connect_timeout=2,
    )
    deadline = time.monotonic() + _START_TIMEOUT_S
    answer = "it did not answer"
    while time.monotonic() < deadline:
        dead = running.find_dead()
        if dead is not None:
            raise PoolerError("PgBouncer did not start", detail=read_log_tail(dead))
        try:
            if read_pooler(Dsn(dsn)).config.get("conffile") == str(ini):
                return
            answer = "another PgBouncer answered there"
        except ConnectionFailedError as error:
            answer = error.detail
        except PostgresError as error:
            answer = str(error)
        time.sleep(_POLL_S)
    log = read_log_tail(running.logs[number - 1])
    raise PoolerError(f"PgBouncer was not ready after {_START_TIMEOUT_S:.0f} s: {answer}", detail=log)


def read_log_tail(log: Path) -> str:
    """Return the last lines of a log."""
    try:
        return log.read_bytes()[-_LOG_TAIL_BYTES:].decode(errors="replace").strip()
    except FileNotFoundError:
        return ""
