"""
Serve a policy's agents until told to stop.

In: Wanted. Out: MCP. I/O: PostgreSQL; standard input and output, or the network.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import ClientDisconnect

from pgmoat.mcp_server.caller import Fixed
from pgmoat.mcp_server.http import Place, build_app, serve_app
from pgmoat.mcp_server.server import build_server
from pgmoat.mcp_server.service import Service
from pgmoat.mcp_server.sessions import Wish
from pgmoat.mcp_server.stdio import serve_stdio
from pgmoat.mcp_server.tokens import Tokens
from pgmoat.policy.places import find_dsn
from pgmoat.policy.schema import Policy
from pgmoat.runtime import AsyncMoat, Backoff
from pgmoat.runtime.profile import resolve_profile

PATIENCE_S = 8.0
"""How long a call is repeated that fails for a passing reason; then its error says when to try again."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A policy, and the way to its database."""

    policy: Policy
    credentials: Path | None = None
    address: str | None = None

    def make_moat(self, agents: Iterable[str]) -> AsyncMoat:
        """
        Return the runtime for *agents*. It opens no task by itself: this process has no orchestrator's DSN.

        Raises:
            NotFoundError: the policy has no such agent.
            ConnectionFailedError: an agent without a DSN.
        """
        for agent in agents:
            resolve_profile(self.policy, agent)
            find_dsn(agent, {}, self.credentials, self.address)
        return AsyncMoat(
            self.policy, credentials=self.credentials, address=self.address, backoff=Backoff(PATIENCE_S)
        )


def read_wish(environ: Mapping[str, str]) -> Wish:
    """Return the task that the environment fixes for a server over standard input and output."""
    return Wish(environ.get("PGMOAT_TASK") or None, environ.get("PGMOAT_TASK_TOKEN") or None)


def serve_over_stdio(wanted: Wanted, agent: str, wish: Wish) -> None:
    """Serve *agent* over standard input and output until the former ends, or SIGTERM or SIGINT comes."""
    set_up_log()
    spare_collector()
    moat = wanted.make_moat([agent])

    async def run() -> None:
        async with moat:
            await serve_stdio(build_server(Service(moat), Fixed(agent, wish)))

    asyncio.run(run())


def serve_over_http(wanted: Wanted, tokens: Tokens, place: Place, say_ready: Callable[[], None]) -> None:
    """Serve the agents of *tokens* over HTTP until SIGTERM or SIGINT comes."""
    set_up_log()
    spare_collector()
    moat = wanted.make_moat(tokens.agents)
    app = build_app(build_server(Service(moat), Fixed()), moat, tokens, place.allowed_hosts)
    serve_app(app, place, say_ready)


class PlainFormatter(logging.Formatter):
    """Spells out what a terminal would obey: libraries log headers as clients send them."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record."""
        text = super().format(record)
        return "".join(_spell(character) for character in text)


def _spell(character: str) -> str:
    is_plain = character.isprintable() or character in "\n\t"
    return character if is_plain else character.encode("unicode_escape").decode()


def set_up_log() -> None:
    """Log to standard error: standard output may be MCP's."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PlainFormatter("%(asctime)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    # A server that is away for an hour would be a line for each try.
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
    # A client that leaves in the middle of its request is no fault of ours, nor worth a traceback.
    logging.getLogger("mcp.server.streamable_http").addFilter(_is_fault)


def _is_fault(record: logging.LogRecord) -> bool:
    return record.exc_info is None or not isinstance(record.exc_info[1], ClientDisconnect)


def spare_collector() -> None:
    """Keep what was imported out of garbage collection, which would hold up a call now and then."""
    gc.collect()
    gc.freeze()
