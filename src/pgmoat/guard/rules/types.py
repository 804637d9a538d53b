"""
No types that look things up in the catalog.

In: Statement. Out: Problems. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.guard.allowed import Allowed
from pgmoat.guard.parse import Statement
from pgmoat.guard.problem import Problem, Use

_HARMLESS = frozenset({"pg_lsn", "pg_snapshot"})


def check_types(statement: Statement, use: Use, allowed: Allowed) -> Iterator[Problem]:
    """Yield a problem for each regclass, regrole and the like, and for each row of a system table."""
    for node in statement.all("TypeName"):
        names = node.names("names")
        name = names[-1] if names else ""
        if name.startswith(("reg", "pg_")) and name not in _HARMLESS and _is_system(names):
            hint = "leave it out: names of database objects are not for agents"
            message = f"the type {name} looks into the catalog"
            yield Problem("types", message, hint, statement.position(node))
        elif names[:1] in {("information_schema",), ("pgmoat",)}:
            message = f"types of {names[0]} are not for agents"
            yield Problem("types", message, "use a built-in type", statement.position(node))


def _is_system(names: tuple[str, ...]) -> bool:
    return len(names) == 1 or names[0] == "pg_catalog"
