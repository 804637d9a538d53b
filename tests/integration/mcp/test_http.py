"""
Over streamable HTTP, in both eras of the protocol: who comes in, and as whom.

I/O: PostgreSQL, processes, network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator

import pytest

from tests.integration.mcp.desk import ERAS, Desk, HttpServer, call


@pytest.fixture(scope="module")
def front(installed_desk: Desk) -> Generator[HttpServer]:
    """A server for several agents."""
    with installed_desk.serve("robot", "reader", "support") as running:
        yield running


@pytest.mark.parametrize("era", ERAS)
def test_an_agent_queries(desk: Desk, front: HttpServer, era: str) -> None:
    async def run() -> None:
        async with front.client("robot", era=era) as client:
            answer = await call(
                client, "query", sql="SELECT id, note FROM orders WHERE id = :id", parameters={"id": 7}
            )
            assert answer["rows"] == [[7, None]]

    asyncio.run(run())
