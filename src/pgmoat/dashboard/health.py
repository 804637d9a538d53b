"""
Whether the dashboard lives, and whether it is of use.

In: requests of a load balancer or the like. Out: a line of JSON. I/O: PostgreSQL.
"""

from __future__ import annotations

import psycopg
from starlette.requests import Request
from starlette.responses import JSONResponse

from pgmoat.accounting.watchdog import read_watchdog
from pgmoat.dashboard.state import get_dashboard
from pgmoat.errors import Error
from pgmoat.postgres.failures import explain_failure


async def show_health(_request: Request) -> JSONResponse:
    """Say that the process lives, whatever the database does."""
    return JSONResponse({"status": "ok"})


async def show_readiness(request: Request) -> JSONResponse:
    """
    Say whether the database answers with a pgmoat of this version; and whether the watchdog goes round.

    Without a watchdog the dashboard is ready all the same: it is there to say so.
    """
    try:
        watchdog = await get_dashboard(request).database.run(read_watchdog)
    except (psycopg.Error, Error) as error:
        known = error if isinstance(error, Error) else explain_failure(error)
        # Not its text: whoever asks is not logged in.
        return JSONResponse({"status": "unavailable", "code": known.code}, 503)
    return JSONResponse({"status": "ok", "watchdog": "ok" if watchdog.is_good else "stale"})
