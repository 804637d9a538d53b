"""
Fixed SQL from the file beside its reader.

In: a package and a name. Out: the text of ``<package>/sql/<name>.sql``. I/O: reads package files.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import LiteralString, cast


@cache
def load_sql(package: str, name: str, server_version: int | None = None) -> LiteralString:
    """
    Return the SQL of *name* that fits a server of *server_version* (``server_version_num``: 150004).

    ``<name>.sql`` is the oldest variant, ``<name>.pg16.sql`` the one for PostgreSQL 16 and later. Without
    a version the oldest is returned. The cast is sound because the text comes from a file of the package,
    never from input; it is the only one, so that a type checker finds every other built-up statement.

    Raises:
        FileNotFoundError: the package has no such statement for such a server.
    """
    folder = files(package) / "sql"
    chosen, chosen_major = f"{name}.sql", 0
    for entry in folder.iterdir():
        match = re.fullmatch(re.escape(name) + r"\.pg([0-9]+)\.sql", entry.name)
        if match is None or server_version is None:
            continue
        major = int(match[1])
        if chosen_major < major <= server_version // 10_000:
            chosen, chosen_major = entry.name, major
    return cast(LiteralString, (folder / chosen).read_text(encoding="utf-8"))
