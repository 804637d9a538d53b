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

from pgmoat.policy.schema import Policy
from pgmoat.runtime import Moat
from pgmoat.runtime.sqlalchemy import create_agent_engine
from tests.integration.runtime.conftest import Opener
from tests.moat_fixtures import Moat as Site

EngineMaker = Callable[..., Engine]


def change_pool(policy: Policy, agent: str, **changes: int) -> Policy:
    """Return *policy* with another pool for *agent*."""
    found = policy.agents[agent]
    changed = found.model_copy(update={"pool": found.pool.model_copy(update=changes)})
    return policy.model_copy(update={"agents": {**policy.agents, agent: changed}})


@pytest.fixture
def make_engine(shop: Site) -> Generator[EngineMaker]:
    """A function that makes an agent's engine by a route."""
    with ExitStack() as made:

        def make(agent: str = "support", route: str = "direct", **arguments: Any) -> Engine:
            given: dict[str, Any] = {"policy": shop.policy, "dsn": shop.dsns(route)[agent], **arguments}
            engine = create_agent_engine(agent=agent, **given)
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
