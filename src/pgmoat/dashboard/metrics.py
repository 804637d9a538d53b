"""
``/metrics``, for Prometheus and whatever reads its format.

In: scrapes. Out: text. I/O: PostgreSQL.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from pgmoat.dashboard.access import is_same
from pgmoat.dashboard.exposition import render
from pgmoat.dashboard.settings import METRICS_VARIABLE, Settings
from pgmoat.dashboard.state import get_dashboard, get_session


async def show_metrics(request: Request) -> Response:
    """
    Return the metrics, with 200 even where the database is away: then ``pgmoat_up`` is 0.

    They are for whoever has the metrics' token, and for who is logged in. Without a token they are for this
    machine alone, and where a proxy passes on what others ask nobody can tell who that is.
    """
    dashboard = get_dashboard(request)
    if get_session(request) is None:
        refusal = _refuse(dashboard.settings, request.headers.get("authorization", ""))
        if refusal is not None:
            return refusal
    figures = await dashboard.exporter.read(dashboard.database)
    body, content_type = render(figures, request.headers.get("accept", ""))
    return Response(body, headers={"Content-Type": content_type})


def _refuse(settings: Settings, authorization: str) -> Response | None:
    token = settings.tokens.metrics
    if token is None:
        if settings.address.is_loopback and not settings.is_secure:
            return None
        return PlainTextResponse(f"Metrics need a token: pgmoat serve with {METRICS_VARIABLE}.\n", 403)
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() == "bearer" and is_same(token, given.strip()):
        return None
    return PlainTextResponse("Metrics need their token.\n", 401, headers={"WWW-Authenticate": "Bearer"})
