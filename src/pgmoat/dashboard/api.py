"""
Figures for the charts: over a stretch of time, and live.

In: requests of the dashboard's own pages. Out: JSON, server-sent events. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from pgmoat.accounting.series import read_seen, read_series, read_wait_series
from pgmoat.dashboard.feed import Feed, Seat
from pgmoat.dashboard.figures import lay_out
from pgmoat.dashboard.page import Asked
from pgmoat.dashboard.state import get_dashboard, get_session
from pgmoat.dashboard.surroundings import read_surroundings
from pgmoat.dashboard.text import name_agent, show_hidden
from pgmoat.sampling.sessions import IDLE


async def show_series(request: Request) -> JSONResponse:
    """Return database time by bucket: of each agent, or of one agent by what it waited for."""
    query = dict(request.query_params)

    def read(connection: psycopg.Connection[Any]) -> dict[str, object]:
        around = read_surroundings(connection)
        window = Asked(around.now, {}, query).window()
        edges = (window.since, window.until, window.span.bucket)
        seen = {point.at: point.seconds for point in read_seen(connection, *edges)}
        if "agent" in query:
            points = read_wait_series(connection, query["agent"], *edges)
            waits = ((p.at, p.wait_class, p.seconds) for p in points if p.wait_class != IDLE)
            return _without_moments(lay_out(window, seen, waits)) | {"colours": None}
        series = ((p.at, p.agent, p.seconds) for p in read_series(connection, *edges))
        labels = {name: show_hidden(name_agent(name)) for name in around.colours}
        found = _without_moments(lay_out(window, seen, series))
        return found | {"labels": labels, "colours": around.colours}

    return JSONResponse(await get_dashboard(request).database.run(read))


def _without_moments(figures: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in figures.items() if name != "moments"}


async def follow_live(request: Request) -> Response:
    """Return who takes the database's time, about each second, for as long as the session lasts."""
    dashboard, session = get_dashboard(request), get_session(request)
    seat = None if session is None else dashboard.feed.take_seat(session)
    if seat is None:
        return PlainTextResponse("Too many are looking already.\n", 503, headers={"Retry-After": "30"})
    session_id = request.cookies.get(dashboard.settings.cookie_name, "")
    return _Stream(
        dashboard.feed, seat, lambda: dashboard.sessions.find(session_id, is_use=False) is not None
    )


class _Stream(StreamingResponse):
    """Events for one seat, which is given back however this ends, also before its first event."""

    def __init__(self, feed: Feed, seat: Seat, may_go_on: Callable[[], bool]) -> None:
        super().__init__(
            feed.listen(seat, may_go_on),
            media_type="text/event-stream",
            headers={"X-Accel-Buffering": "no"},
        )
        self._feed, self._seat = feed, seat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send them."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._feed.leave(self._seat)
