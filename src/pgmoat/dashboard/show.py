"""
A page, or what stands in its place.

In: a request, a Page. Out: a response. I/O: PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from starlette.requests import Request
from starlette.responses import HTMLResponse

from pgmoat.dashboard.page import Asked, Page
from pgmoat.dashboard.state import get_dashboard, get_session, is_operator
from pgmoat.dashboard.surroundings import Surroundings, read_surroundings


async def show_page(request: Request, page: Page) -> HTMLResponse:
    """
    Return *page* as it stands now.

    Raises:
        Error, psycopg.Error: it cannot be read.
    """

    def read(connection: psycopg.Connection[Any]) -> tuple[Surroundings, Mapping[str, object]]:
        around = read_surroundings(connection)
        asked = Asked(around.now, dict(request.path_params), dict(request.query_params))
        return around, page.read(connection, asked)

    around, found = await get_dashboard(request).database.run(read)
    return render(request, f"{page.template}.html", {"around": around, "page": page, **found})


def render(
    request: Request, template: str, values: Mapping[str, object], status_code: int = 200
) -> HTMLResponse:
    """Return a template with what each one knows: who asks, where they are, what they are to be told."""
    session = get_session(request)
    common: dict[str, object] = {
        "around": None,
        "page": None,
        "name": None,
        "session": session,
        "is_operator": is_operator(session),
        "notices": session.take_notices() if session is not None else [],
        "here": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        "path": request.url.path,
        "pages": request.app.state.navigation,
        "query": dict(request.query_params),
    }
    text = get_dashboard(request).templates.get_template(template).render({**common, **values})
    return HTMLResponse(text, status_code)


def render_problem(  # noqa: PLR0913 - what an error says
    request: Request, status_code: int, title: str, message: str, *, hint: str = "", comes_back: bool = False
) -> HTMLResponse:
    """Return a page that says what is wrong; one that *comes_back* asks again by itself."""
    values = {"title": title, "message": message, "hint": hint, "comes_back": comes_back}
    return render(request, "problem.html", values, status_code)
