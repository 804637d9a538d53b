"""
Extensions that help to see what agents cost.

In: a connection. Out: ExtensionFacts, remarks about them. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from pgmoat.doctor.check import Area, Check, Remark, Status
from pgmoat.doctor.target import PACKAGE
from pgmoat.postgres.sqlfile import load_sql

_STATEMENTS = "pg_stat_statements"
_LOST = "nobody can tell what agents' statements cost in all, only what runs at the moment"


@dataclass(frozen=True, slots=True)
class ExtensionFacts:
    """The row of ``read_extensions.sql``, and what auto_explain logs."""

    installed: Sequence[str]
    preloaded: str | None  # libraries, separated by commas; None: may not be read

    @property
    def libraries(self) -> list[str] | None:
        """Names of the libraries, without their directories."""
        if self.preloaded is None:
            return None
        return [part.strip(' "').rpartition("/")[2] for part in self.preloaded.split(",")]


def read_extensions(connection: Connection[Any]) -> ExtensionFacts:
    """Return what is installed and loaded."""
    with connection.cursor(row_factory=class_row(ExtensionFacts)) as cursor:
        return cursor.execute(load_sql(PACKAGE, "read_extensions")).fetchall()[0]


def _judge_statements(facts: ExtensionFacts) -> Iterator[Remark]:
    is_installed = _STATEMENTS in facts.installed
    if facts.libraries is None:
        what = "is" if is_installed else "is not"
        yield Remark(
            Status.UNKNOWN,
            f"{_STATEMENTS} {what} in this database; whether the server loads it this role may not see",
            "run doctor as a superuser, or as a member of pg_read_all_settings",
        )
    elif _STATEMENTS not in facts.libraries:
        yield Remark(
            Status.NOTE,
            f"{_STATEMENTS} is not loaded: {_LOST}",
            f"add it to shared_preload_libraries, restart, then CREATE EXTENSION {_STATEMENTS};",
        )
    elif not is_installed:
        yield Remark(
            Status.NOTE,
            f"{_STATEMENTS} is loaded, but not in this database: {_LOST}",
            f"CREATE EXTENSION {_STATEMENTS};",
        )


def _judge_auto_explain(facts: ExtensionFacts) -> Iterator[Remark]:
    if facts.libraries is None:
        yield Remark(
            Status.UNKNOWN,
            "whether the server loads auto_explain this role may not see",
            "run doctor as a superuser, or as a member of pg_read_all_settings",
        )
    elif "auto_explain" in facts.libraries:
        yield Remark(
            Status.NOTE,
            "auto_explain is loaded: the plans that it logs hold values of agents' statements, and from"
            " PostgreSQL 16 their parameters, tokens among them",
            "ALTER SYSTEM SET auto_explain.log_parameter_max_length = 0; SELECT pg_catalog.pg_reload_conf();",
        )


CHECKS: tuple[Check[ExtensionFacts], ...] = (
    Check(
        Area.EXTENSIONS,
        "doctor-pg-stat-statements",
        "pg_stat_statements counts statements",
        _judge_statements,
    ),
    Check(Area.EXTENSIONS, "doctor-auto-explain", "auto_explain logs nothing of agents", _judge_auto_explain),
)
