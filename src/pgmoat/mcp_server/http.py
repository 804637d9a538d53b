"""
Agents over streamable HTTP: who may come in, and as whom.

In: a Server, Tokens, an address. Out: an ASGI application; MCP over HTTP. I/O: network.

Each request shows a bearer token, which fixes its agent. A session can only be used with the token that
opened it. Names in Host and Origin are looked at: a page of somebody else's must not reach a server on this
machine (DNS rebinding).
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from mcp.server.auth.middleware.bearer_auth import BearerAuthBackend, RequireAuthMiddleware
from mcp.server.auth.provider import AccessToken
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.routing import Route

from pgmoat.http_door import server
from pgmoat.http_door.door import open_door
from pgmoat.http_door.server import Certificate, Wanted
from pgmoat.mcp_server.admission import Admission
from pgmoat.mcp_server.tokens import Tokens
from pgmoat.model.address import Address
from pgmoat.runtime import AsyncMoat

PATH = "/mcp"
MOST_BODY_BYTES = 1024**2
"""Of a request: SQL and values; history keeps no more of a write than the policy's bytes_per_task."""

SESSION_IDLE_S = 600.0
"""A session whose client sent nothing and listens to nothing for so long is ended."""

_MOST_CONNECTIONS = 2_000
_GRACE_S = 2
_LOG = logging.getLogger("pgmoat.mcp")


@dataclass(frozen=True, slots=True)
class Place:
    """Where to listen, and by which names."""

    address: Address
    allowed_hosts: frozenset[str]
    certificate: Certificate | None = None
    is_behind_proxy: bool = False


@dataclass(frozen=True, slots=True)
class _Verifier:
    """Which agent a bearer token opens; the token itself is not kept."""

    tokens: Tokens

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return agent and hash of *token*, None for one that opens nothing."""
        found = self.tokens.find(token)
        if found is None:
            return None
        agent, digest = found
        return AccessToken(token=digest, client_id=agent, scopes=[], subject=digest)


def build_app(mcp: Server[Any], moat: AsyncMoat, tokens: Tokens, hosts: frozenset[str]) -> Starlette:
    """Return the application; *moat* is closed when it ends."""
    manager = StreamableHTTPSessionManager(
        mcp,
        security_settings=_make_security(hosts),
        max_request_body_size=MOST_BODY_BYTES,
        session_idle_timeout=SESSION_IDLE_S,
        max_sessions=None,  # each token has its own bound
    )
    admission = Admission(StreamableHTTPASGIApp(manager), min(hosts))

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        async with moat, manager.run():
            yield

    door = RequireAuthMiddleware(admission, [])
    return Starlette(
        routes=[Route(PATH, endpoint=door)],
        middleware=[Middleware(AuthenticationMiddleware, backend=BearerAuthBackend(_Verifier(tokens)))],
        lifespan=lifespan,
    )


def serve_app(app: Starlette, place: Place, say_ready: Callable[[], None]) -> None:
    """
    Serve until SIGTERM or SIGINT.

    Raises:
        Error: nothing can listen there, or the certificate cannot be used.
    """
    # Without a proxy and off this machine: else all agents share one address.
    door = open_door(
        is_one_address=place.is_behind_proxy or place.address.is_loopback, most=_MOST_CONNECTIONS
    )
    wanted = Wanted(app, door, place.certificate, _GRACE_S, _LOG, say_ready)
    server.serve_app(wanted, place.address, "--port")


def _make_security(hosts: frozenset[str]) -> TransportSecuritySettings:
    names = [form for name in sorted(hosts) for form in (name, f"{name}:*")]
    origins = [f"{scheme}://{name}" for scheme in ("http", "https") for name in names]
    return TransportSecuritySettings(allowed_hosts=names, allowed_origins=origins)
