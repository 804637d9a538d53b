"""
Memory and CPU time of a server's processes.

In: a postmaster's pid. Out: figures. I/O: /proc; Linux, and as a user that may read it.
"""

from __future__ import annotations

import os
from pathlib import Path

from pgmoat.postgres.connect import connect

_TICKS = os.sysconf("SC_CLK_TCK")


def find_postmaster(dsn: str) -> int:
    """Return the pid of the server's first process."""
    with connect(dsn) as connection:
        row = connection.execute("SELECT pg_catalog.pg_read_file('postmaster.pid')").fetchone()
    assert row is not None
    return int(str(row[0]).split("\n", 1)[0])


def find_family(parent: int) -> list[int]:
    """Return *parent* and its children."""
    found = [parent]
    for path in Path("/proc").glob("[0-9]*/stat"):
        fields = _read_stat(path)
        if fields and int(fields[1]) == parent:
            found.append(int(path.parent.name))
    return found


def read_cpu_seconds(pids: list[int]) -> float:
    """Return the CPU time that *pids* have had, user's and kernel's."""
    fields = [_read_stat(Path(f"/proc/{pid}/stat")) for pid in pids]
    return sum((int(one[11]) + int(one[12])) / _TICKS for one in fields if one)


def read_memory_mb(pids: list[int]) -> float | None:
    """Return the memory of *pids*, what they share counted once (PSS); None where it cannot be read."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        except PermissionError:
            return None
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def _read_stat(path: Path) -> list[str]:
    """Return the fields behind the program's name, which may hold anything: state, parent's pid, …"""
    try:
        return path.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
