"""
Agents over streamable HTTP: who may come in, and as whom.

In: a Server, Tokens, an address. Out: an ASGI application; MCP over HTTP. I/O: network.

Each request shows a bearer token, which fixes its agent. A session can only be used with the token that
opened it. Names in Host and Origin are looked at: a page of somebody else's must not reach a server on this
machine (DNS rebinding).
"""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from mcp.server.auth.middleware.bearer_auth import BearerAuthBackend, RequireAuthMiddleware
from mcp.server.auth.provider import AccessToken
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.routing import Route

from pgmoat.errors import Error
from pgmoat.mcp_server.tokens import Tokens
from pgmoat.model.address import Address
from pgmoat.runtime import AsyncMoat

PATH = "/mcp"
MOST_BODY_BYTES = 1024**2
"""Of a request: SQL and values; history keeps no more of a write than the policy's bytes_per_task."""

MOST_SESSIONS = 2_000
_MOST_CONNECTIONS = 1_000
_GRACE_S = 2


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files that uvicorn shows clients."""

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Place:
    """Where to listen, and by which names."""

    address: Address
    allowed_hosts: frozenset[str]
    certificate: Certificate | None = None


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


def build_app(server: Server[Any], moat: AsyncMoat, tokens: Tokens, hosts: frozenset[str]) -> Starlette:
    """Return the application; *moat* is closed when it ends."""
    manager = StreamableHTTPSessionManager(
        server,
        security_settings=_make_security(hosts),
        max_request_body_size=MOST_BODY_BYTES,
        max_sessions=MOST_SESSIONS,
    )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        async with moat, manager.run():
            yield

    door = RequireAuthMiddleware(StreamableHTTPASGIApp(manager), [])
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
    certificate = place.certificate
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        ws="none",
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE_S,
        h11_max_incomplete_event_size=32_768,
        ssl_certfile=str(certificate.chain) if certificate else None,
        ssl_keyfile=str(certificate.key) if certificate else None,
    )
    try:
        config.load()
    except OSError as error:  # ssl.SSLError is one
        raise Error(f"the certificate cannot be used: {error}") from error
    with _open_socket(place.address) as listener:
        say_ready()
        _Server(config).run(sockets=[listener])


class _Server(uvicorn.Server):
    """Ends in order on SIGTERM and SIGINT."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End; uvicorn would raise the signal again when it has."""
        super().handle_exit(sig, frame)
        self._captured_signals.clear()


def _make_security(hosts: frozenset[str]) -> TransportSecuritySettings:
    names = [form for name in sorted(hosts) for form in (name, f"{name}:*")]
    origins = [f"{scheme}://{name}" for scheme in ("http", "https") for name in names]
    return TransportSecuritySettings(allowed_hosts=names, allowed_origins=origins)


def _open_socket(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server((address.host, address.port), family=family)
    except OSError as error:
        raise Error(
            f"cannot listen on {address.host_in_url}:{address.port}: {error.strerror or error}",
            hint="Another program may listen there; --port takes another port.",
        ) from error
