"""
Three shops by others under their policies, installed by a superuser and without.

Out: fixtures. I/O: PostgreSQL, the folder of shared schemas.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import pytest

from tests.integration.schemas.examples import ADVENTUREWORKS, EXAMPLES, NORTHWIND, Example
from tests.moat_fixtures import Moat
from tests.postgres_fixtures import Database, PostgresServer
from tests.store_fixtures import Store, open_store, open_template

_PEOPLE: LiteralString = "CREATE ROLE {people} LOGIN PASSWORD {password}"

_CASES = [(example, superuser) for example in EXAMPLES for superuser in (True, False)]
_IDS = [f"{example.name}-{'superuser' if superuser else 'installer'}" for example, superuser in _CASES]


@dataclass(frozen=True, slots=True)
class Shop:
    """An example's database, and its agents' connections."""

    example: Example
    store: Store
    moat: Moat


@pytest.fixture(scope="session")
def northwind_template(server: PostgresServer) -> Generator[Database]:
    """The trading company as it is loaded."""
    with open_template(server, NORTHWIND.file, NORTHWIND.before, NORTHWIND.after) as database:
        yield database


@pytest.fixture(scope="session")
def adventureworks_template(server: PostgresServer) -> Generator[Database]:
    """The manufacturer as it is loaded, with some rows."""
    with open_template(server, ADVENTUREWORKS.file, ADVENTUREWORKS.before, ADVENTUREWORKS.after) as database:
        yield database


@contextlib.contextmanager
def _open_case(request: pytest.FixtureRequest, server: PostgresServer, folder: Path) -> Generator[Store]:
    example, superuser = request.param
    template: Database = request.getfixturevalue(f"{example.name}_template")
    with open_store(server, template, example.policy_file, folder, _PEOPLE, superuser=superuser) as store:
        yield store


@pytest.fixture(params=_CASES, ids=_IDS)
def fresh(request: pytest.FixtureRequest, server: PostgresServer, tmp_path: Path) -> Generator[Store]:
    """A database before anything was applied, its ways to PUBLIC still open."""
    with _open_case(request, server, tmp_path) as store:
        yield store


@pytest.fixture
def example(request: pytest.FixtureRequest) -> Example:
    """The example that *fresh* is a copy of."""
    return request.node.callspec.params["fresh"][0]


@pytest.fixture(scope="module", params=_CASES, ids=_IDS)
def shop(
    request: pytest.FixtureRequest, server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Shop]:
    """A database under its policy, for all tests of a file: each writes rows of its own."""
    with _open_case(request, server, tmp_path_factory.mktemp("shop")) as store:
        store.close_ways()
        store.apply()
        with store.open_moat() as moat:
            yield Shop(request.param[0], store, moat)
