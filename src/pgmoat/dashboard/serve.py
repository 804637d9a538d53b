"""
Serve the dashboard until told to stop.

In: Settings, a DSN. Out: pages over HTTP. I/O: network, PostgreSQL.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn

from pgmoat.dashboard.app import build_app
from pgmoat.dashboard.database import Database
from pgmoat.dashboard.feed import Feed
from pgmoat.dashboard.settings import Address, Settings
from pgmoat.dashboard.state import Dashboard
from pgmoat.errors import Error

_GRACE_S = 3
_BACKLOG = 256


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files that uvicorn shows browsers."""

    chain: Path
    key: Path


class _Server(uvicorn.Server):
    """Lets those who listen to the feed go before it waits for them."""

    def __init__(self, config: uvicorn.Config, feed: Feed) -> None:
        super().__init__(config)
        self._feed = feed

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
    config = uvicorn.Config(
        build_app(dashboard),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        ws="none",
        timeout_graceful_shutdown=_GRACE_S,
        h11_max_incomplete_event_size=32_768,
        ssl_certfile=str(certificate.chain) if certificate else None,
        ssl_keyfile=str(certificate.key) if certificate else None,
    )
    _load(config)
    with open_socket(settings.address) as listener:
        say_ready()
        _Server(config, dashboard.feed).run(sockets=[listener])


def open_socket(address: Address) -> socket.socket:
    """
    Return a socket that listens.

    Raises:
        Error: the port is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        listener = socket.create_server((address.host, address.port), family=family, backlog=_BACKLOG)
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
