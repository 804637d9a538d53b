"""
The small process that stands between a program and its PostgreSQL server.

In: an Order, as a line on standard input. Out: one line of JSON on standard output. I/O: all of it.

It starts the server, reports where it listens, and then waits for the first of: its standard input closes
(the program ended, even by kill -9), a signal to stop, or the server's own death. Then it ends whatever is
left of the server, removes a temporary data directory, and is gone. Plain POSIX: pipes and parent ids, no
prctl. It runs with the caller's rights; only initdb and postgres drop root's.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import TypedDict, cast

from pgmoat.devpg import directory as directories
from pgmoat.devpg.account import Account, choose_account, find_account, launch
from pgmoat.devpg.directory import DataDirectory, State, Status
from pgmoat.devpg.processes import end_processes
from pgmoat.errors import ServerError

HOST = "127.0.0.1"
SUPERUSER = "postgres"
_START_TIMEOUT_S = 60.0  # crash recovery of a large cluster takes its time
_ATTEMPTS = 10
_IS_TAKEN = "could not bind"  # between choice and start somebody else took the port
_IS_LOCKED = 'lock file "postmaster.pid" already exists'
_POLL_S = 0.005
_PARENT_POLL_S = 0.5


class Order(TypedDict):
    """Which server to run. It holds no secret: the password is drawn here."""

    binaries: str
    version: int  # as libpq writes it
    data_dir: str | None  # None: a temporary one
    temporary_parents: list[str]
    settings: dict[str, str]
    port: int | None  # None: a free one
    is_detached: bool


class Watch:
    """Tells when to stop: a signal came, or the program that gave the order is gone."""

    def __init__(self, *, is_detached: bool) -> None:
        self._parent = None if is_detached else os.getppid()
        self._was_told = False
        self._wake, wake_up = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(wake_up, False)
        signal.set_wakeup_fd(wake_up, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._tell)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)  # only so that wait() wakes up

    def _tell(self, _number: int, _frame: FrameType | None) -> None:
        self._was_told = True

    def wait(self, timeout_s: float) -> bool:
        """Sleep until something happens, at most *timeout_s*; return whether it is time to stop."""
        watched = [self._wake] if self._parent is None else [self._wake, 0]
        ready, _, _ = select.select(watched, [], [], timeout_s)
        if self._wake in ready:
            os.read(self._wake, 512)
        # The pipe closes at once. A forked child of the program may hold a copy of it open, and then the
        # changed parent tells.
        is_orphan = self._parent is not None and (
            (0 in ready and os.read(0, 512) == b"") or os.getppid() != self._parent
        )
        self._was_told = self._was_told or is_orphan
        return self._was_told


def main() -> int:
    """Carry out the order on standard input; return the exit code."""
    with open(0, "rb", buffering=0, closefd=False) as lifeline:  # unbuffered: the pipe is watched later
        order = cast("Order", json.loads(lifeline.readline()))
    if order["is_detached"] and os.fork() != 0:
        os._exit(0)  # the program waits for this process, and init for the other
    try:
        watch = Watch(is_detached=order["is_detached"])
        directory, account = _make_directory(order)
        with directory.hold(wait_s=1.0):
            _run(order, directory, account, watch)
    except ServerError as error:
        _report({"message": error.message, "detail": error.detail, "hint": error.hint})
        return 1
    except OSError as error:
        _report({"message": "the server could not be run", "detail": str(error), "hint": ""})
        return 1
    return 0


def _make_directory(order: Order) -> tuple[DataDirectory, Account | None]:
    """Return the data directory and as whom to run: an existing cluster's owner, else whom root drops to."""
    account = choose_account()
    if order["data_dir"] is None:
        parents = [Path(path) for path in order["temporary_parents"]]
        return directories.make_temporary(parents, account), account
    path = Path(order["data_dir"])
    with contextlib.suppress(FileNotFoundError):
        account = find_account(DataDirectory(path).cluster.lstat().st_uid)
    return directories.make_persistent(path, account), account


def _run(order: Order, directory: DataDirectory, account: Account | None, watch: Watch) -> None:
    """Run the server from its start to its end, with the lock held."""
    state = directories.ensure_state(directory)
    uid = account.uid if account else os.geteuid()
    me = os.getpid()
    try:
        directory.write_status(Status(supervisor=me))
        if not end_processes(state.mark, uid):  # of a server whose supervisor was killed
            raise ServerError(f"processes of an earlier server on {directory.path} cannot be ended")
        _prepare_cluster(order, directory, account, state)
        postgres, port = _start(order, directory, account, state, watch)
        try:
            directory.write_status(Status(supervisor=me, port=port))
            _report({"data_dir": str(directory.path), "port": port})
            _let_go_of_output(directory)
            while postgres.poll() is None and not watch.wait(_PARENT_POLL_S):
                pass
            directory.write_status(Status(supervisor=me))
        finally:
            _shut_down(postgres, is_temporary=state.is_temporary)
    finally:
        end_processes(state.mark, uid)
        if state.is_temporary:
            directories.remove(directory)


def _prepare_cluster(order: Order, directory: DataDirectory, account: Account | None, state: State) -> None:
    """
    Make the cluster, or check that an existing one is of the right version.

    It is made under another name: one that was interrupted is not taken for a whole one.
    """
    with contextlib.suppress(FileNotFoundError):
        made = (directory.cluster / "PG_VERSION").read_text(encoding="ascii", errors="replace").strip()[:20]
        if made != str(order["version"] // 10000):
            raise ServerError(
                f"{directory.path} was made by PostgreSQL {made}, not by {order['version'] // 10000}",
                hint=f"start it with version {made}, or use another data directory",
            )
        return
    partial = directory.path / "cluster.partial"
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(mode=0o700)
    if account is not None:
        os.chown(partial, account.uid, account.gid)
    directory.write_password(account)
    command = [
        *(Path(order["binaries"]) / "initdb", "-D", partial, "-U", SUPERUSER, "--no-instructions"),
        *("--auth=scram-sha-256", f"--pwfile={directory.password_file}", "--locale=C", "--encoding=UTF8"),
        *(["--no-sync"] if state.is_temporary else []),
    ]
    with directory.open_log() as log, launch(command, account, log) as initdb:
        code = initdb.wait()
    if code != 0:
        raise ServerError("initdb failed", detail=directory.read_log_tail())
    partial.rename(directory.cluster)


def _start(
    order: Order, directory: DataDirectory, account: Account | None, state: State, watch: Watch
) -> tuple[subprocess.Popen[bytes], int]:
    """Return the running server and its port, once it accepts connections."""
    for _ in range(_ATTEMPTS):
        port = order["port"] or _find_free_port()
        with directory.open_log() as log:
            postgres = launch(_compose_command(order, directory, state, port), account, log)
        try:
            _await_ready(directory, postgres, watch)
        except ServerError as error:
            _shut_down(postgres, is_temporary=True)
            if _IS_LOCKED in error.detail:
                # The id in it is some other process's by now: the lock says that no server runs here.
                (directory.cluster / "postmaster.pid").unlink(missing_ok=True)
            elif _IS_TAKEN not in error.detail:
                raise
            continue
        return postgres, port
    raise ServerError(f"PostgreSQL did not start in {_ATTEMPTS} attempts", detail=directory.read_log_tail())


def _compose_command(order: Order, directory: DataDirectory, state: State, port: int) -> list[str | Path]:
    """Return the server's command line. What keeps it private comes last, and the last one counts."""
    settings = {"max_connections": "100"}
    if state.is_temporary:  # nobody will miss it after a power cut
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    settings |= order["settings"]
    settings |= {
        "listen_addresses": HOST,
        "port": str(port),
        "unix_socket_directories": "",
        "cluster_name": state.mark,
        "update_process_title": "on",
        "logging_collector": "off",
    }
    command: list[str | Path] = [Path(order["binaries"]) / "postgres", "-D", directory.cluster]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    return command


def _await_ready(directory: DataDirectory, postgres: subprocess.Popen[bytes], watch: Watch) -> None:
    """Return when the postmaster says `ready` in the last line of its lock file."""
    deadline = time.monotonic() + _START_TIMEOUT_S
    pid_file = directory.cluster / "postmaster.pid"
    while True:
        with contextlib.suppress(FileNotFoundError):
            lines = pid_file.read_text(encoding="ascii", errors="replace").splitlines()
            if len(lines) >= 8 and lines[0] == str(postgres.pid) and lines[7].strip() == "ready":
                return
        if postgres.poll() is not None:
            raise ServerError("PostgreSQL did not start", detail=directory.read_log_tail())
        if time.monotonic() > deadline:
            raise ServerError(
                f"PostgreSQL was not ready after {_START_TIMEOUT_S:.0f} s", detail=directory.read_log_tail()
            )
        if watch.wait(_POLL_S):
            raise ServerError("the start was called off")


def _shut_down(postgres: subprocess.Popen[bytes], *, is_temporary: bool) -> None:
    """End the server: at once when its data goes too, else with a checkpoint if there is time for one."""
    steps = [(signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)]
    if not is_temporary:
        steps.insert(0, (signal.SIGINT, 20.0))
    for number, patience_s in steps:
        if postgres.poll() is not None:
            return
        postgres.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            postgres.wait(patience_s)


def _find_free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def _report(answer: Mapping[str, str | int]) -> None:
    """Answer the program, which may be gone."""
    with contextlib.suppress(BrokenPipeError):
        os.write(1, json.dumps(answer).encode() + b"\n")


def _let_go_of_output(directory: DataDirectory) -> None:
    """Send whatever is said from now on to the log, and close the pipe to the program."""
    with directory.log.open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
