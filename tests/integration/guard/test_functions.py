"""The list of functions is what PostgreSQL 18 has, and what stands on it changes nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
from psycopg import sql

from pgmoat.guard.diagnose.volatile import VOLATILE
from pgmoat.guard.rules.functions import load_builtins
from tests.postgres_fixtures import Database

_PROJECT = Path(__file__).parents[3]
_LIST = _PROJECT / "src" / "pgmoat" / "guard" / "functions.txt"


def test_the_file_is_what_the_script_lists() -> None:
    process = subprocess.run(
        [sys.executable, "scripts/list_functions.py"],
        cwd=_PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert process.stdout == _LIST.read_text(encoding="utf-8")


def test_no_function_on_the_list_writes_or_reads_the_session(database: Database) -> None:
    """Not by its own account: of each, PostgreSQL knows whether it is volatile and in what it is written."""
    with psycopg.connect(database.dsn) as connection:
        volatile = connection.execute(
            "SELECT DISTINCT proname FROM pg_catalog.pg_proc"
            " WHERE pronamespace = 'pg_catalog'::regnamespace AND provolatile = 'v' AND proname = ANY (%s)"
            " ORDER BY proname",
            [sorted(load_builtins())],
        ).fetchall()
    assert {name for (name,) in volatile} <= VOLATILE


def test_calling_all_of_them_as_a_superuser_changes_nothing(database: Database) -> None:
    """With NULLs for arguments: no transaction gets a number, and no setting is another afterwards."""
    read_settings = "SELECT name, setting FROM pg_catalog.pg_settings ORDER BY name"
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("SET statement_timeout = '5s'")
        before = connection.execute(read_settings).fetchall()
        rows = connection.execute(
            "SELECT proname, proargtypes::regtype[]::text[] FROM pg_catalog.pg_proc"
            " WHERE pronamespace = 'pg_catalog'::regnamespace AND proname = ANY (%s) AND prokind = 'f'",
            [sorted(load_builtins())],
        ).fetchall()
        assert len(rows) > 500
        for name, types in rows:
            arguments = sql.SQL(", ").join(
                sql.SQL("NULL")
                if kind.startswith(("any", '"any'))
                else sql.SQL("CAST(NULL AS {})").format(sql.SQL(kind))
                for kind in types
            )
            call = sql.SQL("SELECT {}({}) LIMIT 1").format(sql.Identifier(name), arguments)
            with connection.transaction(force_rollback=True):
                try:
                    connection.execute(call)
                except psycopg.Error:
                    continue
                row = connection.execute("SELECT pg_catalog.pg_current_xact_id_if_assigned()").fetchone()
                assert row == (None,), name
        assert connection.execute(read_settings).fetchall() == before
