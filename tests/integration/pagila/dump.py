"""
What pg_dump says of people's schema: tables, columns, triggers, constraints, rules, indexes and privileges.

In: a database. Out: lines. I/O: pg_dump.
"""

from __future__ import annotations

import subprocess
from collections import Counter

from pgmoat.devpg.install import find_wheel_binaries
from tests.postgres_fixtures import Database


def dump_schema(database: Database, *, schema: str = "public", without: tuple[str, ...] = ()) -> Counter[str]:
    """Return the lines of the definitions in *schema*, a pattern, without some views, and their number."""
    pg_dump = find_wheel_binaries(18) / "pg_dump"
    excluded = [f"--exclude-table={name}" for name in without]
    done = subprocess.run(
        [pg_dump, "--schema-only", f"--schema={schema}", *excluded, database.dsn],
        capture_output=True,
        text=True,
        check=True,
    )
    # \restrict has a random word; a comma says only that another column follows.
    lines = (line.strip().rstrip(",") for line in done.stdout.splitlines())
    return Counter(line for line in lines if line and not line.startswith(("\\", "--")))
