"""
How many sessions of MCP one bearer token may have open.

In: requests that have shown a token. Out: the same, for the SDK's manager of sessions; the end of a session
that gives way. I/O: none of its own.

The manager counts all sessions together, and keeps those that their client forgot: one token could take the
place of all others.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from http import HTTPStatus
from typing import cast

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.streamable_http import MCP_SESSION_ID_HEADER
from mcp.types import INTERNAL_ERROR
from mcp.types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_SESSIONS = 100
_VERSION_HEADER = "mcp-protocol-version"


class Admission:
    """
    Before a session is opened, the one of the same token goes that was used the longest time ago.

    One with a call under way stays; where all have one, the new one is refused. A client whose session is
    ended learns it with its next request (404), and shakes hands anew, as it does after a restart.
    """

    def __init__(self, app: ASGIApp, host: str, most_of_one: int = MOST_SESSIONS) -> None:
        self._app = app
        self._host = host  # a name by which the server may be asked for
        self._most_of_one = most_of_one
        # By token: its sessions, the most recently used one last, and how many calls of each are under way.
        self._sessions: defaultdict[str, OrderedDict[str, int]] = defaultdict(OrderedDict)
        self._opening: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        headers = Headers(scope=scope)
        session_id = headers.get(MCP_SESSION_ID_HEADER)
        if headers.get(_VERSION_HEADER, HANDSHAKE_PROTOCOL_VERSIONS[0]) not in HANDSHAKE_PROTOCOL_VERSIONS:
            await self._app(scope, receive, send)  # the stateless protocol
        elif session_id is None:
            await self._open(_find_owner(scope), scope, receive, send)
        else:
            await self._use(_find_owner(scope), session_id, scope, receive, send)

    async def _open(self, owner: str, scope: Scope, receive: Receive, send: Send) -> None:
        sessions = self._sessions[owner]
        while len(sessions) + self._opening[owner] >= self._most_of_one:
            idle = next((name for name, calls in sessions.items() if not calls), None)
            if idle is None:
                await _refuse(self._most_of_one)(scope, receive, send)
                return
            del sessions[idle]
            await self._end(idle, scope)

        is_opening = True
        self._opening[owner] += 1

        def settle(opened: str | None) -> None:
            nonlocal is_opening
            self._opening[owner] -= int(is_opening)
            is_opening = False
            if opened is not None:
                sessions[opened] = 0

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                settle(_find_opened(message))
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            settle(None)

    async def _use(self, owner: str, session_id: str, scope: Scope, receive: Receive, send: Send) -> None:
        sessions = self._sessions[owner]
        calls = int(scope["method"] == "POST")  # a GET only listens
        if session_id in sessions:
            sessions.move_to_end(session_id)
            sessions[session_id] += calls
        try:
            status = await _pass_on(self._app, scope, receive, send)
        finally:
            if session_id in sessions:
                sessions[session_id] -= calls
        has_ended = scope["method"] == "DELETE" and status < HTTPStatus.BAD_REQUEST
        if has_ended or status == HTTPStatus.NOT_FOUND:
            sessions.pop(session_id, None)

    async def _end(self, session_id: str, scope: Scope) -> None:
        """End a session, as its client would."""
        headers = [(b"host", self._host.encode()), (MCP_SESSION_ID_HEADER.encode(), session_id.encode())]
        await self._app({**scope, "method": "DELETE", "headers": headers}, _receive_nothing, _send_nowhere)


async def _pass_on(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> int:
    """Return the status of the answer, which has gone out."""
    statuses: list[int] = []

    async def watch(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])
        await send(message)

    await app(scope, receive, watch)
    return statuses[0] if statuses else HTTPStatus.INTERNAL_SERVER_ERROR


def _find_owner(scope: Scope) -> str:
    """Return what stands for the token that was shown."""
    return str(cast("AuthenticatedUser", scope["user"]).access_token.subject)


def _find_opened(message: Message) -> str | None:
    if message["status"] >= HTTPStatus.BAD_REQUEST:
        return None
    return Headers(raw=message["headers"]).get(MCP_SESSION_ID_HEADER)


def _refuse(most: int) -> JSONResponse:
    text = f"All {most} sessions of this token have a call under way"
    body = {"jsonrpc": "2.0", "id": None, "error": {"code": INTERNAL_ERROR, "message": text}}
    return JSONResponse(body, HTTPStatus.SERVICE_UNAVAILABLE, {"retry-after": "1"})


async def _receive_nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send_nowhere(_message: Message) -> None:
    return None
