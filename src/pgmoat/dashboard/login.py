"""
Logging in and out.

In: a token in a form. Out: a session cookie. I/O: none.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pgmoat.dashboard.access import LONGEST_S, match_token
from pgmoat.dashboard.form import choose_way_back, read_form
from pgmoat.dashboard.gate import is_from_here, is_right_form
from pgmoat.dashboard.show import render, render_problem
from pgmoat.dashboard.state import get_dashboard, get_session

_LONGEST_NAME = 60


async def show_login(request: Request) -> Response:
    """Return the form."""
    if get_session(request) is not None:
        return RedirectResponse("/", 303)
    return _render_form(request, choose_way_back(request.query_params.get("back")))


async def log_in(request: Request) -> Response:
    """Begin a session for whoever has a token."""
    dashboard, fields = get_dashboard(request), await read_form(request)
    if not is_from_here(request.headers):
        return render_problem(request, 403, "Refused", "This form came from another site.")
    address = request.client.host if request.client else ""
    way_back, wait_s = choose_way_back(fields.get("back")), dashboard.throttle.wait_s(address)
    if wait_s:
        problem = f"Too many wrong tokens. Try again in {wait_s} s."
        response = _render_form(request, way_back, problem, 429)
        response.headers["Retry-After"] = str(wait_s)
        return response
    role = match_token(dashboard.settings.tokens, fields.get("token", "").strip())
    if role is None:
        dashboard.throttle.fail(address)
        return _render_form(request, way_back, "This token opens nothing here.", 403)
    session_id, _ = dashboard.sessions.begin(role, fields.get("name", "").strip()[:_LONGEST_NAME])
    response = RedirectResponse(way_back, 303)
    settings = dashboard.settings
    response.set_cookie(
        settings.cookie_name,
        session_id,
        max_age=LONGEST_S,
        httponly=True,
        samesite="strict",
        secure=settings.is_secure,
    )
    return response


async def log_out(request: Request) -> Response:
    """End the session."""
    dashboard, session, fields = get_dashboard(request), get_session(request), await read_form(request)
    if session is not None:
        if not is_from_here(request.headers) or not is_right_form(session, fields):
            return render_problem(request, 403, "Refused", "This form is not of this session.")
        dashboard.sessions.end(request.cookies[dashboard.settings.cookie_name])
    response = RedirectResponse("/login", 303)
    response.delete_cookie(
        dashboard.settings.cookie_name, httponly=True, samesite="strict", secure=dashboard.settings.is_secure
    )
    return response


def _render_form(request: Request, way_back: str, problem: str = "", status_code: int = 200) -> Response:
    return render(request, "login.html", {"back": way_back, "problem": problem}, status_code)
