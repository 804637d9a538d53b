"""
Whoever owns a database does not get code run as the superuser that proves a blast radius in it.

The code that is planted tries to become the superuser by every statement there is, and writes a file of the
server: no rollback takes that back, and a transaction that only reads lets it.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import psycopg
import pytest

from pgmoat.report.blast.compare import Verdict
from pgmoat.report.blast.trial import How
from tests.integration.blast.proving import compute, prove_it
from tests.postgres_fixtures import Database

PLANTED = Path(__file__).with_name("planted.sql")


def _plant(database: Database, prefix: str, place: Path) -> None:
    text = PLANTED.read_text().replace("PREFIX", prefix).replace("DIRECTORY", str(place))
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        ((superuser,),) = connection.execute("SELECT SESSION_USER").fetchall()
        connection.execute(cast("Any", text.replace("SUPERUSER", superuser)))
        # What an owner of a database may do to whoever logs in to it.
        connection.execute(f'ALTER DATABASE "{database.name}" SET search_path = evil, pg_catalog')  # type: ignore[arg-type]


@pytest.fixture
def planted(database: Database, role_prefix: str) -> Generator[Path]:
    """The directory into which planted code writes, once it is the superuser."""
    # Not pytest's, which the server's own user may not enter.
    with TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o777)
        _plant(database, role_prefix, place)
        # What planting itself set off.
        for file in place.iterdir():
            file.unlink()
        yield place


def test_the_traps_work(database: Database, role_prefix: str, planted: Path) -> None:
    """Planning as a role that the superuser's session has taken on is enough for the planted code."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute(cast("Any", f'SET SESSION AUTHORIZATION "{role_prefix}bot"'))
        connection.execute("EXPLAIN SELECT * FROM app.shown")
    assert [file.name for file in planted.iterdir()] == ["view"]


def test_nothing_runs_as_the_superuser(database: Database, role_prefix: str, planted: Path) -> None:
    proof = prove_it(database.dsn, compute(database.dsn, f"{role_prefix}bot"))
    assert list(planted.iterdir()) == []
    assert proof.differences == ()
    tried = {line.what for line in proof.of(Verdict.PROVEN) if line.how is How.TRIED}
    assert any(what.startswith("SELECT on app.things") for what in tried)
    assert "EXECUTE on app.inlined(integer)" in tried
