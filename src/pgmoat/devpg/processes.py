"""
The processes of one cluster, found and ended even when their postmaster is gone.

In: the cluster's mark. Out: process ids. I/O: process table, signals.

Every server is started with ``cluster_name`` set to a random mark, which PostgreSQL shows in the title of
each of its processes. That survives kill -9 of the postmaster, and cannot be mistaken for a process that
got a recycled id, as a stale postmaster.pid can.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from pgmoat.devpg.account import launch

_PROC = Path("/proc")


def find_processes(mark: str, uid: int) -> list[int]:
    """Return the ids of the postmaster and the backends of the cluster *mark*, all owned by *uid*."""
    titles = _read_proc() if (_PROC / "self" / "cmdline").exists() else _read_ps()
    return [pid for pid, owner, title in titles if owner == uid and _is_of_cluster(title, mark)]


def end_processes(mark: str, uid: int, *, grace_s: float = 3.0) -> bool:
    """
    End what is left of the cluster *mark*; return whether nothing of it runs any more.

    SIGQUIT first: an orphaned postmaster then removes its shared memory. Both leave a cluster that
    recovers from its log at the next start.
    """
    for number in (signal.SIGQUIT, signal.SIGKILL):
        deadline = time.monotonic() + grace_s
        pids = find_processes(mark, uid)
        for pid in pids:
            _send(pid, number)
        while pids and time.monotonic() < deadline:
            time.sleep(0.02)
            pids = find_processes(mark, uid)
        if not pids:
            return True
    return False


def _is_of_cluster(title: str, mark: str) -> bool:
    """Whether *title* is a backend of the cluster, or its postmaster (whose title is its command line)."""
    program = title.split(" ", 1)[0].rsplit("/", 1)[-1]
    return title.startswith(f"postgres: {mark}: ") or (
        program == "postgres" and f" cluster_name={mark} " in f"{title} "
    )


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it ended by itself
        os.kill(pid, number)


def _read_proc() -> Iterator[tuple[int, int, str]]:
    """Yield id, owner and title of every process, on Linux: small containers have no `ps`."""
    for path in _PROC.iterdir():
        if not path.name.isdigit():
            continue
        try:
            owner = path.stat().st_uid
            title = (path / "cmdline").read_bytes()
        except OSError:
            continue  # it ended meanwhile, or is hidden from us and so not ours
        yield int(path.name), owner, title.rstrip(b"\0 ").replace(b"\0", b" ").decode(errors="replace")


def _read_ps() -> Iterator[tuple[int, int, str]]:
    """Yield the same by POSIX `ps`, for macOS."""
    with launch(["ps", "-A", "-ww", "-o", "pid=,uid=,command="], None, subprocess.PIPE) as process:
        listing = process.communicate()[0].decode(errors="replace")
    for line in listing.splitlines():
        words = line.split(None, 2)
        if len(words) == 3:
            yield int(words[0]), int(words[1]), words[2].rstrip()
