"""
The dashboard as an ASGI application, and its front door: every failure becomes a page.

In: a Dashboard, its routes. Out: a Starlette application. I/O: PostgreSQL, log.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from urllib.parse import urlencode

import psycopg
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from pgmoat.dashboard.files import Files
from pgmoat.dashboard.gate import Gate
from pgmoat.dashboard.page import Page
from pgmoat.dashboard.rights import tell_rights
from pgmoat.dashboard.routes import PAGES, ROUTES, Access, Endpoint
from pgmoat.dashboard.show import render_problem, show_page
from pgmoat.dashboard.state import Dashboard, get_session, is_operator
from pgmoat.errors import ConnectionFailedError, Error, NotFoundError
from pgmoat.postgres.failures import explain_failure

_LOG = logging.getLogger("pgmoat.dashboard")
_AWAY = ("08", "57", "53", "25006")
"""Classes of SQLSTATE, and one code, that say: not now."""


def build_app(dashboard: Dashboard) -> Starlette:
    """Return the application."""
    routes = [
        *(_make_route(page.path, ("GET",), Access.READ, _make_endpoint(page)) for page in PAGES),
        *(_make_route(entry.path, entry.methods, entry.access, entry.endpoint) for entry in ROUTES),
        Mount("/static", Files()),
    ]

    @contextlib.asynccontextmanager
    async def live(_app: Starlette) -> AsyncGenerator[None]:
        dashboard.database.open()
        telling = asyncio.create_task(tell_rights(dashboard.database))
        yield
        telling.cancel()
        dashboard.database.close()

    app = Starlette(
        routes=routes,
        lifespan=live,
        middleware=[Middleware(Gate, settings=dashboard.settings, sessions=dashboard.sessions)],
        exception_handlers={HTTPException: _explain_http},
    )
    app.state.dashboard = dashboard
    app.state.navigation = [page for page in PAGES if page.label]
    return app


def _make_endpoint(page: Page) -> Endpoint:
    async def show(request: Request) -> Response:
        return await show_page(request, page)

    return show


def _make_route(path: str, methods: tuple[str, ...], access: Access, endpoint: Endpoint) -> Route:
    async def answer(request: Request) -> Response:
        refusal = _refuse(request, access)
        if refusal is not None:
            return refusal
        try:
            return await endpoint(request)
        except HTTPException:
            raise
        except Exception as error:
            return _explain(request, error)

    return Route(path, answer, methods=list(methods))


def _refuse(request: Request, access: Access) -> Response | None:
    """Return a refusal, None for those who may."""
    if access is Access.OPEN:
        return None
    session = get_session(request)
    if session is None:
        if request.url.path.startswith("/api/"):
            return JSONResponse({"code": "not-logged-in"}, 401)
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        back = {"back": here} if request.method == "GET" and here != "/" else {}
        return RedirectResponse(f"/login?{urlencode(back)}" if back else "/login", 303)
    if access is Access.ACT and not is_operator(session):
        return render_problem(request, 403, "Only for operators", "Viewers look, and change nothing.")
    return None


async def _explain_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - for the type checker
    titles = {404: "Nothing here", 405: "Not this way", 400: "Not understood"}
    messages = {404: "There is no such page.", 405: "This address does not take this kind of request."}
    title = titles.get(error.status_code, "Refused")
    response = render_problem(
        request, error.status_code, title, messages.get(error.status_code, error.detail)
    )
    response.headers.update(error.headers or {})
    return response


def _explain(request: Request, error: Exception) -> Response:
    """Return what went wrong; the log has the rest."""
    known = explain_failure(error) if isinstance(error, psycopg.Error) else error
    if isinstance(known, NotFoundError):
        return _say(request, 404, "Nothing here", known)
    if not isinstance(known, Error):
        _LOG.log(logging.ERROR, "a fault of pgmoat's own at %r", request.url.path, exc_info=error)
        fault = Error("This is a fault of pgmoat's own.", hint="The log of pgmoat serve says more.")
        return _say(request, 500, "A fault", fault)
    is_away = isinstance(known, ConnectionFailedError) or (getattr(error, "sqlstate", None) or "").startswith(
        _AWAY
    )
    return _say(request, 503, "The database is away" if is_away else "The database refused", known)


def _say(request: Request, status_code: int, title: str, error: Error) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse({"code": error.code, "message": error.message}, status_code)
    message = f"{error.message}{': ' + error.detail if error.detail else ''}"
    return render_problem(
        request, status_code, title, message, hint=error.hint, comes_back=status_code == 503
    )
