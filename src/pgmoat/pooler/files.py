"""
Put the files of PgBouncer into a folder.

In: texts by path. Out: files of mode 0600, each whole or not there. I/O: that folder.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from pgmoat.devpg.account import Account, can_enter
from pgmoat.errors import PoolerError
from pgmoat.plan.credentials import Server, compose_dsn
from pgmoat.pooler.console import CONSOLE
from pgmoat.pooler.setup import MARK, Setup

ADMIN_VARIABLE = "PGMOAT_POOLER_ADMIN_DSN"
STATS_VARIABLE = "PGMOAT_POOLER_STATS_DSN"


def make_folder(path: Path, account: Account | None) -> None:
    """
    Make sure that *path* is a folder into which only this user writes, and *account* can look.

    Raises:
        PoolerError: it is a link or no folder, others may write to it, or PgBouncer cannot enter it.
    """
    if not path.parent.is_dir():
        raise PoolerError(f"no folder {path.parent}", hint="make it, or name another --output")
    if not str(path).isprintable():
        raise PoolerError("the name of --output cannot stand in an ini file", hint="name another one")
    if not path.exists() and not path.is_symlink():
        _make_private(path, account, is_entered=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise PoolerError(f"{path} is no folder, or a symbolic link", hint="name the folder itself")
    if found.st_uid not in {os.geteuid(), 0, account.uid if account else 0}:
        raise PoolerError(f"{path} belongs to another user", hint="name a folder of your own, or of root's")
    if found.st_mode & 0o022:
        raise PoolerError(
            f"others may write to {path}: they could put their own userlist.txt there",
            hint=f"chmod go-w {path}, or name another --output",
        )
    if not can_enter(path, account):
        who = account.name if account else "this user"
        raise PoolerError(
            f"{who}, as whom PgBouncer runs, cannot enter {path}",
            hint="name a folder whose parents are open to every user, such as /etc/pgbouncer",
        )


def make_peer_folders(setup: Setup, account: Account | None) -> None:
    """Make the folders of the processes' Unix sockets."""
    for number in range(1, setup.processes + 1):
        folder = setup.socket_folder(number)
        if folder is not None and not folder.is_dir():
            _make_private(folder, account, is_entered=False)


def check_files(setup: Setup, *, force: bool) -> None:
    """
    Refuse to write over what is not ours.

    Raises:
        PoolerError: a file is a symbolic link, no file, or was not written by this verb.
    """
    for path in (*setup.ini_files, setup.auth_file, setup.credentials_file):
        if path.is_symlink():
            raise PoolerError(f"{path} is a symbolic link", hint="take it away, or name another --output")
        if not path.exists():
            continue
        if not path.is_file():
            raise PoolerError(f"{path} is no file", hint="take it away, or name another --output")
        if not force and not _is_ours(path):
            raise PoolerError(
                f"{path} was not written by pgmoat pgbouncer",
                hint="--force writes over it; or name another --output",
            )


def read_console_passwords(setup: Setup) -> dict[str, str]:
    """Return the console's passwords from an earlier time, by user, so that monitoring keeps its own."""
    path = setup.credentials_file
    if path.is_symlink() or not path.is_file() or not _is_ours(path):
        return {}
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        variable, _, dsn = line.partition("=")
        if variable in {ADMIN_VARIABLE, STATS_VARIABLE}:
            fields = conninfo_to_dict(dsn)
            found[str(fields.get("user"))] = str(fields.get("password"))
    return found


def render_credentials(setup: Setup, passwords: Mapping[str, str]) -> str:
    """Return the lines of the console's users, as a dotenv file."""
    server = Server(setup.listening.reachable, setup.listening.port, CONSOLE)
    return "".join(
        [
            f"# {MARK}\n",
            f"{ADMIN_VARIABLE}={compose_dsn(server, setup.admin, passwords[setup.admin])}\n",
            f"{STATS_VARIABLE}={compose_dsn(server, setup.stats, passwords[setup.stats])}\n",
        ]
    )


def write_files(texts: Mapping[Path, str], account: Account | None, *, private: frozenset[Path]) -> None:
    """
    Write all of *texts*, each to a file beside its own first, then put them in place.

    PgBouncer's account owns them, but for those that are *private* to whoever runs this.

    Raises:
        PoolerError: one cannot be written; then none was.
    """
    try:
        with _draft_all(texts, account, private) as drafts:
            for path, draft in drafts.items():
                draft.replace(path)
    except OSError as error:
        raise PoolerError(
            f"{error.filename or 'the files'} cannot be written: {error.strerror}",
            hint="be the folder's owner, or name another --output",
        ) from error


@contextmanager
def _draft_all(
    texts: Mapping[Path, str], account: Account | None, private: frozenset[Path]
) -> Generator[dict[Path, Path]]:
    drafts: dict[Path, Path] = {}
    try:
        for path, text in texts.items():
            # mkstemp makes the file with mode 0600.
            handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
            drafts[path] = Path(name)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                if account is not None and path not in private:
                    os.fchown(file.fileno(), account.uid, account.gid)
                os.fsync(file.fileno())
        yield drafts
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)


def _is_ours(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return MARK in file.readline(200)
    except PermissionError:
        return False


def _make_private(path: Path, account: Account | None, *, is_entered: bool) -> None:
    """Make a folder; *account* passes through it, or owns it."""
    try:
        path.mkdir(mode=0o700)
    except OSError as error:
        raise PoolerError(f"{path} cannot be made: {error.strerror}", hint="name another --output") from error
    if account is not None and is_entered:
        os.chown(path, os.geteuid(), account.gid)
        path.chmod(0o710)
    elif account is not None:
        os.chown(path, account.uid, account.gid)
