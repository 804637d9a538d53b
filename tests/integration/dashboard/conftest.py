"""
A seeded shop and a dashboard before it.

Out: fixtures. I/O: PostgreSQL, processes, HTTP.
"""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.dashboard_fixtures import VIEWER, Browser, Served, Shop, beat, open_shop, seed, serve
from tests.postgres_fixtures import PostgresServer


@pytest.fixture(scope="package")
def shop(server: PostgresServer) -> Generator[Shop]:
    with open_shop(server) as opened:
        seed(opened.moat, minutes=90)
        beat(opened.moat)
        yield opened


@pytest.fixture(scope="package")
def served(shop: Shop) -> Generator[Served]:
    with serve(shop.dsn) as running:
        yield running


@pytest.fixture(scope="package")
def operator(served: Served) -> Generator[Browser]:
    with served.log_in() as browser:
        yield browser


@pytest.fixture(scope="package")
def viewer(served: Served) -> Generator[Browser]:
    with served.log_in(VIEWER, "Vera") as browser:
        yield browser
