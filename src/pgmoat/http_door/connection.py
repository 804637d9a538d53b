"""
A connection of the server that has to get on: to send its request, and to take its answer.

In: bytes. Out: requests for the application, bytes. I/O: network.

uvicorn waits for the rest of a request, and for whoever does not read, as long as they like.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, cast

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle
from uvicorn.server import ServerState

from pgmoat.http_door.door import Door

HANDSHAKE_S = 10.0
REQUEST_S = 10.0
STALL_S = 30.0


class Connection(H11Protocol):
    """One connection, told to the door when it is being answered."""

    def __init__(
        self,
        door: Door,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._door = door
        self._peer: tuple[Any, ...] | None = None
        self._asking_since: float | None = None
        self._taken_at = 0.0
        self._left = 0

    # The base class has a wider type; a server's connection always is a Transport.
    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Begin."""
        super().connection_made(transport)
        self._peer = transport.get_extra_info("peername")
        self._asking_since = self._taken_at = time.monotonic()

    def data_received(self, data: bytes) -> None:
        """Take bytes of a request."""
        super().data_received(data)
        self._mark()

    def on_response_complete(self) -> None:
        """Go on with the next request."""
        super().on_response_complete()
        self._mark()

    def is_overdue(self, now: float) -> bool:
        """Whether its request does not arrive whole, or its answer is not taken; asked each second."""
        left = self.transport.get_write_buffer_size()
        if left == 0 or left < self._left:
            self._taken_at = now
        self._left = left
        is_late = self._asking_since is not None and now - self._asking_since > REQUEST_S
        return is_late or now - self._taken_at > STALL_S

    def _mark(self) -> None:
        cycle = cast("RequestResponseCycle | None", self.cycle)  # there is none before the first request
        is_arriving = self.conn.their_state is h11.SEND_BODY
        is_answered = cycle is not None and not cycle.response_complete and not is_arriving
        has_begun = is_arriving or cycle is None or bool(self.conn.trailing_data[0])
        if is_answered or not has_begun:
            self._asking_since = None
        elif self._asking_since is None:
            self._asking_since = time.monotonic()
        if self._peer is not None:
            self._door.mark(self._peer, is_answered=is_answered)


class Loop(asyncio.SelectorEventLoop):
    """An event loop whose servers wait less long for a TLS handshake than the usual minute."""

    # The base class has overloads; all that is given goes through as it is.
    async def create_server(self, *args: Any, **kwargs: Any) -> asyncio.Server:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Return a server."""
        if kwargs.get("ssl"):
            kwargs["ssl_handshake_timeout"] = HANDSHAKE_S
        return await super().create_server(*args, **kwargs)
