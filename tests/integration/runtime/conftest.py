"""
A shop under a policy, and the runtime before it: direct, and through PgBouncer.

Out: fixtures. I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack
from typing import Any

import pytest

from pgmoat.runtime import Backoff, Moat
from tests.integration.runtime.shop import POLICY, RESET, SCHEMA
from tests.moat_fixtures import Moat as Site
from tests.moat_fixtures import open_moat
from tests.postgres_fixtures import PostgresServer

QUICK = Backoff(deadline_s=10.0, first_s=0.01, most_s=0.2)


@pytest.fixture(scope="session")
def installed_shop(server: PostgresServer) -> Generator[Site]:
    """The shop, installed once for each test worker."""
    with open_moat(server, SCHEMA, POLICY) as site:
        yield site


@pytest.fixture
def shop(installed_shop: Site) -> Site:
    """The shop as it was loaded, nobody frozen, nothing used up."""
    installed_shop.run(RESET)
    return installed_shop


Opener = Callable[..., Moat]


@pytest.fixture
def make_runtime(shop: Site) -> Generator[Opener]:
    """A function that opens the runtime by a route, with more arguments of Moat."""
    with ExitStack() as opened:

        def make(route: str = "direct", **arguments: Any) -> Moat:
            given: dict[str, Any] = {"orchestrator_dsn": shop.database.dsn, "backoff": QUICK, **arguments}
            given.setdefault("dsns", shop.dsns(route))
            return opened.enter_context(Moat(shop.policy, **given))

        yield make


@pytest.fixture
def moat(make_runtime: Opener, route: str) -> Moat:
    """The runtime, by each route in turn."""
    return make_runtime(route)
