"""
The video rental under its policy, for all tests of this folder.

Out: fixtures. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import LiteralString

import pytest

from tests.moat_fixtures import Moat
from tests.postgres_fixtures import Database, PostgresServer
from tests.store_fixtures import open_store

_POLICY = Path(__file__).parents[1] / "pagila" / "policy.yaml"

_PEOPLE: LiteralString = """
CREATE ROLE {people} LOGIN PASSWORD {password};
GRANT ALL ON ALL TABLES IN SCHEMA public TO {people};
GRANT SELECT ON public.sales_by_film_category TO PUBLIC;
"""


@pytest.fixture(scope="session")
def moat(
    server: PostgresServer, pagila_template: Database, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Moat]:
    """The video rental under its policy; what a test writes it takes back."""
    folder = tmp_path_factory.mktemp("guarded")
    with open_store(server, pagila_template, _POLICY, folder, _PEOPLE) as store:
        store.close_ways()
        store.apply()
        with store.open_moat() as opened:
            yield opened
