"""
MCP servers before a shop, and the SDK's clients of them.

In: a moat, a policy's file. Out: clients, answers. I/O: processes, network.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO, cast

import httpx2
from mcp import types
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from pgmoat.mcp_server.tokens import name_token_variable
from pgmoat.model.names import name_variable
from pgmoat.pooler.run import find_free_port
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

    @contextmanager
    def serve(
        self, *agents: str, route: str = "direct", options: tuple[str, ...] = (), **environ: str
    ) -> Generator[HttpServer]:
        """Yield a server over HTTP with a token for each of *agents*."""
        port, tokens = find_free_port(), {agent: secrets.token_urlsafe(32) for agent in agents}
        given = {name_token_variable(agent): token for agent, token in tokens.items()}
        process = subprocess.Popen(
            self.command("--http", "--port", str(port), *options),
            env=os.environ | self.environ(route) | given | environ,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        server = HttpServer(process, f"http://127.0.0.1:{port}/mcp", tokens)
        try:
            server.wait()
            yield server
        finally:
            server.stop()


@dataclass(slots=True)
class HttpServer:
    """A server over HTTP, its tokens, and what it logs."""

    process: subprocess.Popen[str]
    url: str
    tokens: dict[str, str]
    log: list[str] = field(default_factory=list[str])
    _reader: threading.Thread | None = None

    def wait(self) -> None:
        """Wait until it listens."""
        assert self.process.stderr is not None
        first = self.process.stderr.readline()
        assert first.startswith("MCP at "), first + self.process.stderr.read()
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()

    def stop(self) -> int:
        """End it in order, and return its exit code; nothing of the log may hold a secret."""
        if self.process.stdout is not None and self.process.stdout.closed:
            return self.process.returncode
        self.process.terminate()
        code = self.process.wait(timeout=20)
        if self._reader is not None:
            self._reader.join(timeout=20)
        assert not any(token in line for line in self.log for token in self.tokens.values())
        assert self.process.stdout is not None
        assert self.process.stdout.read() == ""
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return code

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        self.log.extend(self.process.stderr)

    @asynccontextmanager
    async def client(
        self, agent: str, *, era: str = "legacy", token: str | None = None, **headers: str
    ) -> AsyncGenerator[Client]:
        """Yield a client that shows an agent's token."""
        shown = {"Authorization": f"Bearer {token or self.tokens[agent]}"}
        shown |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with (
            httpx2.AsyncClient(headers=shown, timeout=60) as http,
            Client(streamable_http_client(self.url, http_client=http), mode=era) as client,
        ):
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
