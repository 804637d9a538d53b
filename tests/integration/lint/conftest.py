"""
Databases to judge: a shop as it grew, and five by others.

Out: fixtures. I/O: PostgreSQL, the folder of shared schemas.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import pytest

from pgmoat.cli.main import run
from tests.postgres_fixtures import Database, PostgresServer, create_database, load_file
from tests.store_fixtures import open_template

HERE = Path(__file__).parent
_UUID: LiteralString = (
    "CREATE FUNCTION public.uuid_generate_v1() RETURNS uuid LANGUAGE sql"
    " AS 'SELECT pg_catalog.gen_random_uuid()'"
)
SHARED = {
    "northwind": "northwind.sql",
    "chinook": "chinook.sql",
    "pagila": "pagila_0_10_1_with_data.sql",
    "mimic": "mimic_iii.sql",
    "adventureworks": "adventureworks_nodata.sql",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call of the command line said."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """Its JSON."""
        return json.loads(self.out)

    @property
    def found(self) -> set[tuple[str, str]]:
        """The rule and object of each finding, without the schema public."""
        return {(part["rule"], part["object"].removeprefix("public.")) for part in self.data["findings"]}


Lint = Callable[..., Answer]


@pytest.fixture
def lint(capfd: pytest.CaptureFixture[str]) -> Lint:
    """Run ``pgmoat lint`` on a database."""

    def call(database: Database | str, *arguments: str) -> Answer:
        dsn = database if isinstance(database, str) else database.dsn
        code = run(["lint", "--dsn", dsn, *arguments])
        out, err = capfd.readouterr()
        return Answer(code, out, err)

    return call


@pytest.fixture(scope="session")
def legacy(server: PostgresServer) -> Generator[Database]:
    """The shop; tests only read it."""
    with create_database(server) as database:
        load_file(database, HERE / "legacy.sql")
        yield database


@pytest.fixture(scope="session")
def shared(server: PostgresServer) -> Generator[Callable[[str], Database]]:
    """Open a database by others, once; tests only read it."""
    opened: dict[str, Database] = {}
    with contextlib.ExitStack() as stack:

        def open_shared(name: str) -> Database:
            if name not in opened:
                before: LiteralString = _UUID if name == "adventureworks" else ""
                opened[name] = stack.enter_context(open_template(server, SHARED[name], before))
            return opened[name]

        yield open_shared
