"""
Serve the dashboard until told to stop.

In: Settings, a DSN. Out: pages over HTTP. I/O: network, PostgreSQL.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import cast

import uvicorn

from pgmoat.dashboard.app import build_app
from pgmoat.dashboard.connection import Connection
from pgmoat.dashboard.database import Database
from pgmoat.dashboard.door import BACKLOG, Door, Doorway, open_door
from pgmoat.dashboard.feed import Feed
from pgmoat.dashboard.settings import Settings
from pgmoat.dashboard.state import Dashboard
from pgmoat.errors import Error
from pgmoat.model.address import Address

_GRACE_S = 3
_TICKS_A_SECOND = 10
_TOLD_EVERY_S = 60.0
_LOG = logging.getLogger("pgmoat.dashboard")


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files that uvicorn shows browsers."""

    chain: Path
    key: Path


class _Server(uvicorn.Server):
    """Lets those go that do not get on; at its end those who listen to the feed, before it waits for them."""

    def __init__(self, config: uvicorn.Config, feed: Feed, door: Door) -> None:
        super().__init__(config)
        self._feed, self._door = feed, door
        self._told_at = -_TOLD_EVERY_S

    async def on_tick(self, counter: int) -> bool:
        """Look each second for those that do not get on."""
        if counter % _TICKS_A_SECOND == 0:
            now = time.monotonic()
            for connection in tuple(self.server_state.connections):
                if isinstance(connection, Connection) and connection.is_overdue(now):
                    connection.transport.abort()
            self._tell(now)
        return await super().on_tick(counter)

    def _tell(self, now: float) -> None:
        if self._door.let_go and now - self._told_at >= _TOLD_EVERY_S:
            text = "too many connections: %d were let go for others or refused"
            _LOG.log(logging.WARNING, text, self._door.let_go)
            self._door.let_go, self._told_at = 0, now

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End in order on SIGTERM and SIGINT."""
        self._feed.stop()
        super().handle_exit(sig, frame)
        self._captured_signals.clear()  # it would raise them again when it has ended


def serve(
    dsn: str, settings: Settings, certificate: Certificate | None, say_ready: Callable[[], None]
) -> None:
    """
    Serve until SIGTERM or SIGINT.

    Raises:
        Error: nothing can listen there, or the certificate cannot be used.
    """
    _set_up_log()
    dashboard = Dashboard(settings, Database(dsn))
    door = open_door(is_behind_proxy=settings.is_secure and certificate is None)
    config = uvicorn.Config(
        build_app(dashboard),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        ws="none",
        # uvicorn calls it as it would the class.
        http=cast("type[asyncio.Protocol]", functools.partial(Connection, door)),
        loop="pgmoat.dashboard.connection:Loop",
        backlog=BACKLOG,
        timeout_graceful_shutdown=_GRACE_S,
        h11_max_incomplete_event_size=32_768,
        ssl_certfile=str(certificate.chain) if certificate else None,
        ssl_keyfile=str(certificate.key) if certificate else None,
    )
    _load(config)
    with Doorway(open_socket(settings.address), door) as listener:
        say_ready()
        _Server(config, dashboard.feed, door).run(sockets=[listener])


def open_socket(address: Address) -> socket.socket:
    """
    Return a socket that listens.

    Raises:
        Error: the port is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        listener = socket.create_server((address.host, address.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise Error(
            f"cannot listen on {address.host_in_url}:{address.port}: {error.strerror or error}",
            hint="Another program may listen there; --listen takes another port.",
        ) from error
    return listener


def _load(config: uvicorn.Config) -> None:
    try:
        config.load()
    except OSError as error:  # ssl.SSLError is one
        raise Error(f"the certificate cannot be used: {error}") from error


def _set_up_log() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    # A server that is away for an hour would be a line for each try.
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
