"""
Serve the dashboard until told to stop.

In: Settings, a DSN. Out: pages over HTTP. I/O: network, PostgreSQL.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from pgmoat.dashboard.app import build_app
from pgmoat.dashboard.database import Database
from pgmoat.dashboard.settings import Settings
from pgmoat.dashboard.state import Dashboard
from pgmoat.http_door.door import open_door
from pgmoat.http_door.server import Certificate, Wanted, serve_app

_GRACE_S = 3
_LOG = logging.getLogger("pgmoat.dashboard")


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
    wanted = Wanted(
        build_app(dashboard),
        open_door(is_one_address=settings.is_secure and certificate is None),
        certificate,
        _GRACE_S,
        _LOG,
        say_ready,
        before_end=dashboard.feed.stop,  # else it would wait for those who listen to the feed
    )
    serve_app(wanted, settings.address, "--listen")


def _set_up_log() -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    # A server that is away for an hour would be a line for each try.
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
