"""
Engines of the shop's agents: direct, and through PgBouncer; disposed at the end.

Out: fixtures. I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import Engine

from pgmoat.runtime import Moat
from pgmoat.runtime.sqlalchemy import create_agent_engine
from tests.integration.runtime.conftest import Opener
from tests.moat_fixtures import Moat as Site

EngineMaker = Callable[..., Engine]


@pytest.fixture
def make_engine(shop: Site) -> Generator[EngineMaker]:
    """A function that makes an agent's engine by a route."""
    with ExitStack() as made:

        def make(agent: str = "support", route: str = "direct", **arguments: Any) -> Engine:
            engine = create_agent_engine(shop.policy, agent, dsn=shop.dsns(route)[agent], **arguments)
            made.callback(engine.dispose)
            return engine

        yield make


@pytest.fixture
def engine(make_engine: EngineMaker, route: str) -> Engine:
    """An engine of agent support, by each route in turn."""
    return make_engine(route=route)


@pytest.fixture
def tasks(make_runtime: Opener) -> Moat:
    """What opens tasks."""
    return make_runtime()
