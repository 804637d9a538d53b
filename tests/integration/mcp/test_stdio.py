"""
Over standard input and output, in both eras of the protocol.

I/O: PostgreSQL, processes.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.mcp.desk import ERAS, Desk, call

pytestmark = pytest.mark.parametrize("era", ERAS)


def test_an_agent_queries(desk: Desk, era: str, route: str) -> None:
    async def run() -> None:
        async with desk.stdio("robot", era=era, route=route) as client:
            answer = await call(
                client,
                "query",
                sql="SELECT id, status, amount FROM orders WHERE id = :id",
                parameters={"id": 7},
            )
            assert answer == {
                "columns": ["id", "status", "amount"],
                "rows": [[7, "pending", "10.50"]],
                "row_count": 1,
                "truncated": False,
            }

    asyncio.run(run())
