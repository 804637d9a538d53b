"""
Start and stop a PostgreSQL server of one's own.

In: a data directory or none, settings. Out: Server, with its DSN. I/O: processes, files.

It listens on 127.0.0.1 only, on a free port, and asks everybody for a password (scram). It ends with the
program that started it, unless it was detached.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self, cast
from urllib.parse import quote

from pgmoat.devpg import directory as directories
from pgmoat.devpg.account import ENVIRONMENT, choose_account
from pgmoat.devpg.directory import DataDirectory
from pgmoat.devpg.install import find_wheel_binaries, reach_binaries, read_version
from pgmoat.devpg.processes import end_processes
from pgmoat.devpg.supervise import HOST, SUPERUSER, Order
from pgmoat.errors import ServerError

# Isolated and without site-packages: neither PYTHONPATH nor a .pth file has a say in what root runs.
_INTERPRETER_FLAGS = ("-I", "-S", "-X", "utf8")
_BOOTSTRAP = """
import sys
sys.path.insert(0, sys.argv[1])
from pgmoat.devpg.supervise import main
sys.exit(main())
"""
_PACKAGE_PARENT = Path(__file__).resolve().parents[2]
_STOP_TIMEOUT_S = 40.0
_RESERVED = frozenset(
    {
        "cluster_name",
        "config_file",
        "data_directory",
        "external_pid_file",
        "hba_file",
        "ident_file",
        "listen_addresses",
        "logging_collector",
        "port",
        "unix_socket_directories",
        "update_process_title",
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Server:
    """A running PostgreSQL server. Keep it: without it, and without `detached`, the server stops."""

    host: str
    port: int
    data_dir: Path
    server_version: int  # as libpq writes it: 180001 for 18.1
    password: str = field(repr=False)
    _supervisor: subprocess.Popen[bytes] | None = field(repr=False)

    @property
    def dsn(self) -> str:
        """The URL of the database `postgres`, as superuser. It holds the password."""
        return self.dsn_for()

    def dsn_for(
        self, *, user: str = SUPERUSER, password: str | None = None, database: str = "postgres"
    ) -> str:
        """Return a URL; without *password* the superuser's is filled in, and anybody else's left out."""
        if password is None and user == SUPERUSER:
            password = self.password
        login = quote(user, safe="") + (f":{quote(password, safe='')}" if password is not None else "")
        return f"postgresql://{login}@{self.host}:{self.port}/{quote(database, safe='')}"

    @property
    def log_file(self) -> Path:
        """What the server said since its start."""
        return DataDirectory(self.data_dir).log

    @property
    def is_running(self) -> bool:
        """Whether the server accepts connections, as far as its supervisor knows."""
        status = DataDirectory(self.data_dir).read_status()
        return status is not None and status.port == self.port

    def stop(self) -> None:
        """End the server; a temporary data directory goes with it. Again is no error."""
        if self._supervisor is not None:
            _dismiss(self._supervisor)
        if DataDirectory(self.data_dir).read_state() is not None:
            _end(DataDirectory(self.data_dir))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def start(  # noqa: PLR0913 - what a server is started with, by keyword
    data_dir: Path | None = None,
    *,
    binaries: Path | None = None,
    version: int = 18,
    settings: Mapping[str, str] | None = None,
    port: int | None = None,
    detached: bool = False,
) -> Server:
    """
    Return a server that accepts connections.

    Without *data_dir* it is for throwing away: fast, unsafe against power cuts, gone when it stops. With one
    it is safe, and the next start on the same directory finds data and password again. *binaries* is a
    program directory, such as of :func:`find_system_binaries`; without it the wheel's *version* is used.
    Without *port* a free one is chosen at each start. A *detached* server outlives this process;
    :func:`stop` ends it.

    Raises:
        ServerError: no programs, a cluster of another version, a server that runs there already, a
            directory that is not ours, or PostgreSQL's own refusal, whose log is in ``detail``.
    """
    settings = dict(settings or {})
    _check_settings(settings)
    chosen = find_wheel_binaries(version) if binaries is None else binaries
    order = Order(
        version=read_version(chosen),
        binaries=str(reach_binaries(chosen, choose_account())),
        data_dir=None if data_dir is None else str(data_dir.expanduser().resolve()),
        temporary_parents=[tempfile.gettempdir(), "/tmp", "/var/tmp"],  # noqa: S108 - parents of a mkdtemp
        settings=settings,
        port=port,
        is_detached=detached,
    )
    supervisor = _launch_supervisor()
    try:
        answer = _submit(supervisor, order)
        path = Path(str(answer["data_dir"]))
        password = DataDirectory(path).read_password()
    except BaseException:  # Ctrl-C too: nobody else would end the supervisor; raised again
        _dismiss(supervisor)
        raise
    if detached:
        _dismiss(supervisor)  # it forked, and the other half does the work
    return Server(
        host=HOST,
        port=int(answer["port"]),
        data_dir=path,
        server_version=order["version"],
        password=password,
        _supervisor=None if detached else supervisor,
    )


def stop(data_dir: Path) -> None:
    """
    End the server that runs on *data_dir*, whoever started it. None running is no error.

    Raises:
        ServerError: that is not a data directory of pgmoat, or the server does not end.
    """
    directory = DataDirectory(data_dir.expanduser().resolve())
    if directory.read_state() is None:
        raise ServerError(f"{data_dir} is not a data directory of pgmoat")
    _end(directory)


def _end(directory: DataDirectory) -> None:
    """Tell the supervisor to end, wait for it, and do its work if it was killed."""
    deadline = time.monotonic() + _STOP_TIMEOUT_S
    is_told = False
    while (status := directory.read_status()) is not None:
        if status.supervisor and not is_told:
            with contextlib.suppress(ProcessLookupError):
                os.kill(status.supervisor, signal.SIGTERM)
            is_told = True
        if time.monotonic() > deadline:
            raise ServerError(
                f"the server on {directory.path} does not stop", detail=directory.read_log_tail()
            )
        time.sleep(0.02)
    state = directory.read_state()
    if state is None:
        return  # it was a temporary one
    with contextlib.suppress(FileNotFoundError), directory.hold(wait_s=1.0):
        with contextlib.suppress(FileNotFoundError):  # it was killed before there was a cluster
            end_processes(state.mark, directory.cluster.lstat().st_uid)
        if state.is_temporary:
            directories.remove(directory)


def _check_settings(settings: Mapping[str, str]) -> None:
    for name in settings:
        if not re.fullmatch(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?", name):
            raise ServerError(f"{name!r} is not the name of a PostgreSQL setting")
        if name in _RESERVED:
            raise ServerError(f"the setting {name} is not free: it keeps the server private, or found again")


def _launch_supervisor() -> subprocess.Popen[bytes]:
    """Return the supervisor, in a session of its own: Ctrl-C is for the program, which then stops it."""
    if not sys.executable:
        raise ServerError(
            "the Python interpreter does not know where it stands, so it cannot start a second one"
        )
    return subprocess.Popen(  # noqa: S603 - no shell, and our own interpreter
        [sys.executable, *_INTERPRETER_FLAGS, "-c", _BOOTSTRAP, str(_PACKAGE_PARENT)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        env=ENVIRONMENT,
        start_new_session=True,
    )


def _submit(supervisor: subprocess.Popen[bytes], order: Order) -> dict[str, str | int]:
    """Return the supervisor's answer to *order*: where the server listens."""
    if supervisor.stdin is None or supervisor.stdout is None:  # never: both are pipes
        raise ServerError("the supervisor has no pipes")
    with contextlib.suppress(BrokenPipeError):  # then its output says why
        supervisor.stdin.write(json.dumps(order).encode() + b"\n")
        supervisor.stdin.flush()
    line = supervisor.stdout.readline()
    if not line.startswith(b"{"):
        text = (line + supervisor.stdout.read()).decode(errors="replace")
        raise ServerError("the server's supervisor failed", detail=text.strip())
    answer = cast("dict[str, str | int]", json.loads(line))
    if "port" not in answer:
        raise ServerError(str(answer["message"]), detail=str(answer["detail"]), hint=str(answer["hint"]))
    return answer


def _dismiss(supervisor: subprocess.Popen[bytes]) -> None:
    """Close the pipes to the supervisor, upon which it ends, and wait for that."""
    for pipe in (supervisor.stdin, supervisor.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
    try:
        supervisor.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()
