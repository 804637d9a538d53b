"""
What every request passes: is it for this dashboard, from whom, and may it do what it wants.

In: ASGI requests. Out: the same, with a session, or a refusal. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pgmoat.dashboard.access import Session, Sessions, is_same
from pgmoat.dashboard.settings import Settings

REFRESH_HEADER = "x-pgmoat-refresh"
"""On what a page asks for by itself: it does not keep the session awake."""
LIVE_PATH = "/api/live"
"""What a page asks for by itself too; a browser's EventSource can send no header with it."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


@dataclass(slots=True)
class Gate:
    """The middleware around the whole application."""

    app: ASGIApp
    settings: Settings
    sessions: Sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its session, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add_headers(MutableHeaders(scope=message))
            await send(message)

        refusal = self._refuse(scope)
        if refusal is not None:
            await refusal(scope, receive, send_with_headers)
            return
        scope["pgmoat_session"] = self._find_session(Request(scope))
        await self.app(scope, receive, send_with_headers)

    def _refuse(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        if not is_allowed_host(headers.get("host", ""), self.settings.allowed_hosts):
            text = "This dashboard does not go by that name; pgmoat serve --allow-host lets it.\n"
            return PlainTextResponse(text, 421)
        if b"%00" in scope["query_string"] or "\x00" in scope["path"]:
            return PlainTextResponse("NUL is no text.\n", 400)
        return None

    def _find_session(self, request: Request) -> Session | None:
        session_id = request.cookies.get(self.settings.cookie_name)
        if not session_id:
            return None
        by_itself = REFRESH_HEADER in request.headers or request.url.path == LIVE_PATH
        return self.sessions.find(session_id, is_use=not by_itself)

    def _add_headers(self, headers: MutableHeaders) -> None:
        for name, value in _HEADERS.items():
            headers[name] = value
        headers.setdefault("Cache-Control", "no-store")
        if self.settings.is_secure:
            headers["Strict-Transport-Security"] = "max-age=31536000"


def is_allowed_host(host: str, allowed: frozenset[str]) -> bool:
    """Whether a Host header names this dashboard; its port does not matter, unless *allowed* names one."""
    host = host.lower()
    return host in allowed or re.sub(r":[0-9]+$", "", host) in allowed


def is_from_here(headers: Mapping[str, str]) -> bool:
    """
    Whether a page of the dashboard itself sent the request.

    Browsers send Sec-Fetch-Site or Origin with each POST, and scripts cannot set either. Without both it is
    no browser of today, and the form's token decides.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site != "same-origin":
        return False
    # With Referrer-Policy: no-referrer a form's Origin is "null", so that Sec-Fetch-Site has to vouch for it.
    if origin is None or (origin == "null" and site == "same-origin"):
        return True
    return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()


def is_right_form(session: Session, fields: Mapping[str, str]) -> bool:
    """Whether a form has the token that the dashboard put into this session's forms."""
    return is_same(session.csrf_token, fields.get("csrf", ""))
