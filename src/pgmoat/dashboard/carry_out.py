"""
Carry an act out: ask first, and only by POST.

In: a form. Out: a question, or the act and the way back to where it was asked. I/O: PostgreSQL.
"""

from __future__ import annotations

import logging

import psycopg
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pgmoat.dashboard.acts import ACTS
from pgmoat.dashboard.form import choose_way_back, read_form
from pgmoat.dashboard.gate import is_from_here, is_right_form
from pgmoat.dashboard.show import render, render_problem
from pgmoat.dashboard.state import get_dashboard, get_session
from pgmoat.errors import Error
from pgmoat.postgres.failures import explain_failure

_LOG = logging.getLogger("pgmoat.dashboard")
_LONGEST_REASON = 500


async def carry_out(request: Request) -> Response:
    """Do what a form asks for; one that is not confirmed yet is answered with a question."""
    session = get_session(request)
    wanted = next((known for known in ACTS if known.name == request.path_params["act"]), None)
    if wanted is None or session is None:
        raise HTTPException(404)
    fields = await read_form(request)
    if not is_from_here(request.headers) or not is_right_form(session, fields):
        return render_problem(
            request, 403, "Refused", "This form is not of this session: go back, reload the page, try again."
        )
    if any(name not in fields for name in wanted.needs):
        raise HTTPException(400, "This form does not say what to do it to.")
    way_back = choose_way_back(fields.get("back"))
    fields["reason"] = fields.get("reason", "").strip()[:_LONGEST_REASON]
    if fields.get("confirmed") != "1" or (wanted.needs_reason and not fields["reason"]):
        return render(request, "question.html", {"act": wanted, "fields": fields, "back": way_back})
    try:
        done = await get_dashboard(request).database.run(
            lambda connection: wanted.run(connection, fields, session.who)
        )
    except (psycopg.Error, Error) as error:
        known = error if isinstance(error, Error) else explain_failure(error)
        _LOG.log(logging.WARNING, "%s failed: %r", wanted.name, known.message)
        session.notices.append(("bad", f"{wanted.verb} failed: {known.message}. {known.hint}".strip()))
    else:
        session.notices.append(("good", done))
    return RedirectResponse(way_back, 303)
