"""
Under which system user PostgreSQL runs, and starting programs as that user.

In: the effective user. Out: an Account, processes. I/O: user database, subprocesses.

PostgreSQL refuses to run as root. Root therefore drops to an existing unprivileged user; anybody else
stays who they are.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pgmoat.errors import ServerError

# Debian and Red Hat have `postgres` once their package is installed, macOS always has `_postgres`.
_UNPRIVILEGED = ("postgres", "_postgres", "nobody")

# Nothing of the caller's environment reaches PostgreSQL: PGPORT or LD_PRELOAD would change the server.
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}


@dataclass(frozen=True, slots=True)
class Account:
    """A system user without privileges."""

    name: str
    uid: int
    gid: int


def choose_account() -> Account | None:
    """
    Return whom to drop to, or None when this process is not root and has no need to.

    Raises:
        ServerError: root, and no unprivileged user exists.
    """
    if os.geteuid() != 0:
        return None
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise ServerError(
        "PostgreSQL refuses to run as root, and there is no other user to run it as",
        detail=f"looked for: {', '.join(_UNPRIVILEGED)}",
        hint="create one, for example: useradd --system postgres",
    )


def find_account(uid: int) -> Account | None:
    """Return the account that owns an existing cluster, or None when that is this process's own user."""
    if uid == os.geteuid():
        return None
    try:
        entry = pwd.getpwuid(uid)
    except KeyError as error:
        raise ServerError(
            f"the cluster belongs to the user id {uid}, which no longer exists",
            hint="chown the cluster to an existing user, or use another data directory",
        ) from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def launch(
    command: Sequence[str | Path],
    account: Account | None,
    output: int | IO[bytes],
    *,
    stdin: int = subprocess.DEVNULL,
    has_own_session: bool = False,
) -> subprocess.Popen[bytes]:
    """
    Return a process that runs *command* as *account*; both its outputs go to *output*.

    In a session of its own it does not get the Ctrl-C of the terminal, which is for the program.
    """
    return subprocess.Popen(  # noqa: S603 - no shell, and the program is one that this part found itself
        [str(word) for word in command],
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd="/",
        env=ENVIRONMENT,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        umask=0o077,
        start_new_session=has_own_session,
    )


def can_enter(path: Path, account: Account | None) -> bool:
    """
    Whether *account* may execute the file, or enter the directory, *path*.

    It is tried as that user: mode bits of all parents would miss access control lists.
    """
    with launch(["/bin/sh", "-c", 'test -x "$1"', "sh", path], account, subprocess.DEVNULL) as trial:
        return trial.wait() == 0
