"""
MCP servers before a shop, and the SDK's clients of them.

In: a moat, a policy's file. Out: clients, answers. I/O: processes, network.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, cast

from mcp import types
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from pgmoat.model.names import name_variable
from tests.moat_fixtures import Moat

ERAS = ("legacy", "2026-07-28")


@dataclass(frozen=True, slots=True)
class Desk:
    """The shop, and the folder with its policy."""

    site: Moat
    folder: Path

    def environ(self, route: str = "direct") -> dict[str, str]:
        """Return the environment of a server: its agents' DSNs, and nothing of an orchestrator's."""
        return {name_variable(agent): dsn for agent, dsn in self.site.dsns(route).items()}

    def command(self, *arguments: str) -> list[str]:
        """Return the command line of ``pgmoat mcp``."""
        return [sys.executable, "-m", "pgmoat", "mcp", str(self.folder / "moat.yaml"), *arguments]

    @asynccontextmanager
    async def stdio(
        self,
        agent: str,
        *,
        route: str = "direct",
        era: str = "legacy",
        log: TextIO = sys.stderr,
        **environ: str,
    ) -> AsyncGenerator[Client]:
        """Yield a client of a server of its own, over standard input and output."""
        program, *arguments = self.command("--agent", agent)
        server = StdioServerParameters(
            command=program, args=arguments, env=self.environ(route) | environ, cwd=self.folder
        )
        async with Client(stdio_client(server, errlog=log), mode=era) as client:
            yield client


async def call(
    client: Client, tool: str, /, _meta: dict[str, Any] | None = None, **given: Any
) -> dict[str, Any]:
    """Return what a tool gave, after a look at its form: the text is the same as the structure."""
    result = await client.call_tool(tool, given, meta=cast("Any", _meta))
    payload = read(result)
    assert not result.is_error, payload
    return payload


async def refuse(
    client: Client, tool: str, /, _meta: dict[str, Any] | None = None, **given: Any
) -> dict[str, Any]:
    """Return why a tool refused."""
    result = await client.call_tool(tool, given, meta=cast("Any", _meta))
    payload = read(result)
    assert result.is_error, payload
    assert payload["code"], payload
    assert payload["message"], payload
    return payload


def read(result: types.CallToolResult) -> dict[str, Any]:
    """Return the structured content, which is what the one text says."""
    (content,) = result.content
    assert isinstance(content, types.TextContent)
    assert json.loads(content.text) == result.structured_content
    return cast("dict[str, Any]", result.structured_content)
