"""
The video rental, open as it comes or with its ways closed, before and under the policy.

Out: fixtures. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import LiteralString

import pytest

from tests.moat_fixtures import Moat
from tests.postgres_fixtures import Database, PostgresServer
from tests.store_fixtures import Store
from tests.store_fixtures import open_store as open_copy

_POLICY = Path(__file__).with_name("policy.yaml")

_PEOPLE: LiteralString = """
CREATE ROLE {people} LOGIN PASSWORD {password};
GRANT ALL ON ALL TABLES IN SCHEMA public TO {people};
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {people};
GRANT EXECUTE ON FUNCTION public.rewards_report TO {people};
GRANT SELECT ON public.sales_by_film_category TO PUBLIC;
"""
"""What any shop has: a role of its programs; and one thing that it shows to all on purpose."""


@pytest.fixture
def open_store(server: PostgresServer, pagila_template: Database, tmp_path: Path) -> Generator[Store]:
    """The video rental with what it comes with open to PUBLIC."""
    with open_copy(server, pagila_template, _POLICY, tmp_path, _PEOPLE) as store:
        yield store


@pytest.fixture
def store(open_store: Store) -> Store:
    """The video rental with its ways closed, before the first apply."""
    open_store.close_ways()
    return open_store


@pytest.fixture(scope="module")
def moat(
    server: PostgresServer, pagila_template: Database, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Moat]:
    """The video rental under its policy, for all tests of a file: each writes rows of its own."""
    with open_copy(server, pagila_template, _POLICY, tmp_path_factory.mktemp("store"), _PEOPLE) as store:
        store.close_ways()
        store.apply()
        with store.open_moat() as opened:
            yield opened
