"""
A private data directory: the cluster, its password, its log, and who runs it.

In: a path, or none for a temporary one. Out: DataDirectory. I/O: files.

    <data directory>/   0700 (of root: 0710, so that the user it drops to can pass through)
        state.json      the cluster's mark; whether the directory goes when the server stops
        lock            held by the supervisor as long as it lives; says on which port the server listens
        password        of the superuser
        cluster/        what initdb made; owned by whoever PostgreSQL runs as
        server.log

Under root all but the cluster lies in a directory that only root can write to: the user that PostgreSQL
runs as cannot plant a link for root to follow.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from pgmoat.devpg.account import Account, can_enter
from pgmoat.errors import ServerError

_LOG_TAIL_BYTES = 4000


@dataclass(frozen=True, slots=True)
class State:
    """What stays true of a data directory from its making to its end."""

    mark: str
    is_temporary: bool


@dataclass(frozen=True, slots=True)
class Status:
    """Who holds the lock: the supervisor, and while the server accepts connections its port."""

    supervisor: int
    port: int | None = None


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """The files of one server, by name."""

    path: Path

    @property
    def cluster(self) -> Path:
        """What PostgreSQL itself calls the data directory."""
        return self.path / "cluster"

    @property
    def log(self) -> Path:
        """What the server said since its last start, or initdb when that failed."""
        return self.path / "server.log"

    @property
    def password_file(self) -> Path:
        """The superuser's password, 0600."""
        return self.path / "password"

    @property
    def _lock(self) -> Path:
        return self.path / "lock"

    @property
    def _state(self) -> Path:
        return self.path / "state.json"

    def read_password(self) -> str:
        """Return the superuser's password."""
        return self.password_file.read_text(encoding="ascii").strip()

    def read_log_tail(self) -> str:
        """Return the last lines of the log, or '' when there is none."""
        try:
            return self.log.read_bytes()[-_LOG_TAIL_BYTES:].decode(errors="replace").strip()
        except FileNotFoundError:
            return ""

    def open_log(self) -> IO[bytes]:
        """Return the log, emptied: a server that is restarted for years does not fill the disk."""
        return open(self.log, "wb", opener=_open_private)

    def read_state(self) -> State | None:
        """Return the state, or None if this is not (or no longer) a data directory of ours."""
        try:
            content = cast("dict[str, object]", json.loads(self._state.read_text(encoding="ascii")))
        except FileNotFoundError:
            return None
        return State(mark=str(content["mark"]), is_temporary=content["is_temporary"] is True)

    def write_state(self, state: State) -> None:
        """Keep *state*, whole or not at all."""
        _write_private(
            self._state, json.dumps({"mark": state.mark, "is_temporary": state.is_temporary}), account=None
        )

    def write_password(self, account: Account | None) -> None:
        """Draw a new random password; *account* owns the file because initdb has to read it."""
        _write_private(self.password_file, secrets.token_urlsafe(24), account)

    @contextlib.contextmanager
    def hold(self, *, wait_s: float) -> Generator[None]:
        """
        Hold the lock. The kernel lets go of it when the process ends, however it ends.

        Raises:
            ServerError: another process holds it for longer than *wait_s*.
        """
        with open(self._lock, "a", opener=_open_private) as lock:
            deadline = time.monotonic() + wait_s
            while not _try_lock(lock.fileno(), fcntl.LOCK_EX):
                if time.monotonic() > deadline:
                    raise ServerError(
                        f"a server is running on {self.path} already",
                        hint="stop it first, or use another data directory",
                    )
                time.sleep(0.02)
            yield

    def write_status(self, status: Status) -> None:
        """Say who holds the lock. For its holder only."""
        with self._lock.open("r+", encoding="ascii") as lock:
            # One write, and never shorter than before: a reader sees the old line or the new one.
            lock.write(json.dumps({"supervisor": status.supervisor, "port": status.port}).ljust(79) + "\n")

    def read_status(self) -> Status | None:
        """Return who holds the lock, or None if nobody does."""
        try:
            with self._lock.open("r+", encoding="ascii") as lock:
                if _try_lock(lock.fileno(), fcntl.LOCK_SH):
                    return None  # closing the file unlocks it; hold() waits that long
                line = lock.read()
        except FileNotFoundError:
            return None
        if not line:
            return Status(supervisor=0)  # it has only just started
        content = cast("dict[str, int | None]", json.loads(line))
        return Status(supervisor=content["supervisor"] or 0, port=content["port"])


def make_temporary(parents: Sequence[Path], account: Account | None) -> DataDirectory:
    """Return a new directory under the first of *parents* that *account* can enter."""
    for parent in parents:
        if can_enter(parent, account):
            directory = DataDirectory(Path(tempfile.mkdtemp(prefix="pgmoat-", dir=parent)))
            _admit(directory.path, account)
            directory.write_state(State(mark=_draw_mark(), is_temporary=True))
            return directory
    raise ServerError(
        "there is no temporary directory that the user of PostgreSQL can enter",
        detail="tried: " + ", ".join(map(str, parents)),
        hint="set TMPDIR to one that it can, or name a data directory",
    )


def make_persistent(path: Path, account: Account | None) -> DataDirectory:
    """
    Return the directory at *path*, made if it is missing.

    Raises:
        ServerError: it holds something else, belongs to somebody else, or cannot be entered.
    """
    directory = DataDirectory(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
    if not path.is_dir():
        raise ServerError(f"{path} is not a directory", hint="use another data directory")
    if path.stat().st_uid != os.geteuid():
        raise ServerError(
            f"{path} belongs to another user", hint="use another data directory, or be that user"
        )
    # Listed before the state is looked for: whoever else makes this directory now writes its state first.
    strangers = sorted({entry.name for entry in path.iterdir()} - {"lock", ".state.json"})
    if strangers and directory.read_state() is None:
        raise ServerError(
            f"{path} is not a data directory of pgmoat",
            detail=f"it holds: {', '.join(strangers[:5])}",
            hint="name a new or an empty directory",
        )
    _admit(path, account)
    if not can_enter(path, account):
        who = account.name if account else "this user"
        raise ServerError(
            f"{path} cannot be entered by {who}, as whom PostgreSQL runs",
            hint="choose a data directory whose parents are open to every user, such as one under /var/lib",
        )
    return directory


def ensure_state(directory: DataDirectory) -> State:
    """Return the state of a persistent directory, written now if it is new. Needs the lock."""
    state = directory.read_state()
    if state is None:
        state = State(mark=_draw_mark(), is_temporary=False)
        directory.write_state(state)
    return state


def remove(directory: DataDirectory) -> None:
    """
    Take the whole directory away. Needs the lock.

    The bulk goes first and the name last, in one step: as long as there is a directory it can be stopped
    again, and whoever waits for it to stop never sees half of it.
    """
    # A backend that was killed this instant may still be writing: what it leaves is not worth an error.
    for _ in range(3):
        shutil.rmtree(directory.cluster, ignore_errors=True)
        if not directory.cluster.exists():
            break
        time.sleep(0.1)
    gone = directory.path.with_name(f"{directory.path.name}.gone")
    with contextlib.suppress(FileNotFoundError):
        directory.path.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def _draw_mark() -> str:
    return f"pgmoat-{secrets.token_hex(8)}"


def _admit(path: Path, account: Account | None) -> None:
    """Let *account* pass through *path*, without listing or changing it, and nobody else."""
    if account is not None:
        os.chown(path, os.geteuid(), account.gid)
    path.chmod(0o700 if account is None else 0o710)


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _write_private(path: Path, text: str, account: Account | None) -> None:
    """Write a 0600 file that appears whole."""
    partial = path.with_name(f".{path.name}")
    partial.unlink(missing_ok=True)
    with open(partial, "x", encoding="ascii", opener=_open_private) as file:
        if account is not None:
            os.fchown(file.fileno(), account.uid, account.gid)
        file.write(text)
    partial.rename(path)


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
