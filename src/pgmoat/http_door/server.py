"""
An application over HTTP, behind a door.

In: an ASGI application, a Door, an address. Out: HTTP. I/O: network.
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
from starlette.types import ASGIApp

from pgmoat.errors import Error
from pgmoat.http_door.connection import Connection
from pgmoat.http_door.door import BACKLOG, Door, Doorway
from pgmoat.model.address import Address

_MOST_HEAD_BYTES = 32_768
_TICKS_A_SECOND = 10
_TOLD_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files that a server shows its clients."""

    chain: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to serve an application."""

    app: ASGIApp
    door: Door
    certificate: Certificate | None
    grace_s: int  # for answers that are under way at its end
    log: logging.Logger
    say_ready: Callable[[], None]
    before_end: Callable[[], None] = lambda: None  # as the end begins, before answers are waited for


class Server(uvicorn.Server):
    """Lets those go that do not get on, and ends in order on SIGTERM and SIGINT."""

    def __init__(self, wanted: Wanted) -> None:
        """
        Make ready.

        Raises:
            Error: the certificate cannot be used.
        """
        super().__init__(_configure(wanted))
        self._wanted = wanted
        self._told_at = -_TOLD_EVERY_S

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin; who is told that it is ready may end it at once, and it ends in order."""
        await super().startup(sockets)
        if self.started and not self.should_exit:
            self._wanted.say_ready()

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
        door = self._wanted.door
        if door.let_go and now - self._told_at >= _TOLD_EVERY_S:
            text = "too many connections: %d were let go for others or refused"
            self._wanted.log.warning(text, door.let_go)
            door.let_go, self._told_at = 0, now

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End; uvicorn would raise the signal again when it has."""
        self._wanted.before_end()
        super().handle_exit(sig, frame)
        self._captured_signals.clear()


def serve_app(wanted: Wanted, address: Address, option: str) -> None:
    """
    Serve until SIGTERM or SIGINT; *option* is what takes another address.

    Raises:
        Error: nothing can listen there, or the certificate cannot be used.
    """
    server = Server(wanted)
    with Doorway(open_socket(address, option), wanted.door) as listener:
        server.run(sockets=[listener])


def open_socket(address: Address, option: str) -> socket.socket:
    """
    Return a socket that listens.

    Raises:
        Error: the port is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server((address.host, address.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise Error(
            f"cannot listen on {address.host_in_url}:{address.port}: {error.strerror or error}",
            hint=f"Another program may listen there; {option} takes another port.",
        ) from error


def _configure(wanted: Wanted) -> uvicorn.Config:
    certificate = wanted.certificate
    config = uvicorn.Config(
        wanted.app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        ws="none",
        # uvicorn calls it as it would the class.
        http=cast("type[asyncio.Protocol]", functools.partial(Connection, wanted.door)),
        loop="pgmoat.http_door.connection:Loop",
        backlog=BACKLOG,
        timeout_graceful_shutdown=wanted.grace_s,
        h11_max_incomplete_event_size=_MOST_HEAD_BYTES,
        ssl_certfile=str(certificate.chain) if certificate else None,
        ssl_keyfile=str(certificate.key) if certificate else None,
    )
    try:
        config.load()
    except OSError as error:  # ssl.SSLError is one
        raise Error(f"the certificate cannot be used: {error}") from error
    return config
