"""
What a model need not know: where the database is, and as whom the agent logs in.

In: errors. Out: payloads without it; a person finds it in the log. I/O: the log.
"""

from __future__ import annotations

import logging
import time

from pgmoat.errors import ConnectionLostError, Error
from pgmoat.mcp_server.answers import Payload, show_error
from pgmoat.runtime.failures import LOGIN_REFUSED

_TOLD_EVERY_S = 60.0
_LOG = logging.getLogger("pgmoat.mcp")


class Discretion:
    """Shows errors; what is kept back is logged, at most once a minute: each call may fail of it."""

    def __init__(self) -> None:
        self._told_at = -_TOLD_EVERY_S

    def show(self, error: Error) -> Payload:
        """Return an error as a model acts on it."""
        payload = show_error(error)
        if not _is_about_the_way(error):
            return payload
        now = time.monotonic()
        if now - self._told_at >= _TOLD_EVERY_S:
            _LOG.warning("%s", " ".join(filter(None, (error.message, error.detail))))
            self._told_at = now
        payload.pop("detail", None)
        # What stands before the first colon is what happened; then come address, role and words of libpq.
        return payload | {"message": error.message.partition(": ")[0]}


def _is_about_the_way(error: Error) -> bool:
    """Whether an error is of the connection or the login."""
    return isinstance(error, ConnectionLostError) or error.message.startswith(LOGIN_REFUSED)
