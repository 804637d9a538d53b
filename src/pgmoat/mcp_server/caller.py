"""
Who calls a tool, in which task and step.

In: a request of MCP. Out: Caller. I/O: none.

The agent is fixed by the command line, or by the bearer token of the HTTP request. Nothing of what a client
says of itself counts, nor what a model writes.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.context import ServerRequestContext
from mcp.server.streamable_http import MCP_SESSION_ID_HEADER
from mcp.types.version import MODERN_PROTOCOL_VERSIONS
from starlette.requests import Request

from pgmoat.errors import Error, NoTaskError
from pgmoat.mcp_server.sessions import Wish

TASK_META = "pgmoat/task"
TOKEN_META = "pgmoat/task_token"  # noqa: S105 - the name of one
STEP_META = "pgmoat/step"
TASK_HEADER = "pgmoat-task"
TOKEN_HEADER = "pgmoat-task-token"  # noqa: S105 - the name of one

Context = ServerRequestContext[Any, Any]


@dataclass(frozen=True, slots=True)
class Caller:
    """One who calls: agent, session of MCP, and what was said of task and step."""

    agent: str
    session_key: Hashable
    wish: Wish
    step: str | None


@dataclass(frozen=True, slots=True)
class Fixed:
    """What the command line and the environment fix for all calls of this process."""

    agent: str | None = None  # None: each bearer token has its own
    wish: Wish = Wish()  # noqa: RUF009 - frozen


def identify(context: Context, fixed: Fixed) -> Caller:
    """
    Return who calls.

    Raises:
        NoTaskError: request and connection name different tasks.
        Error: no credential; the transport refuses such a request before it comes here.
    """
    meta = _read_meta(context.params)
    request = context.request
    if isinstance(request, Request):
        agent, key, given = _read_http(context, cast("Request[Any]", request))
    elif fixed.agent is not None:
        agent, key, given = fixed.agent, "stdio", fixed.wish
    else:
        raise Error("no credential")
    wish = _combine(given, Wish(_read_text(meta, TASK_META), _read_text(meta, TOKEN_META)))
    return Caller(agent, key, wish, _read_text(meta, STEP_META))


def find_agent(context: Context, fixed: Fixed) -> str:
    """Return which agent a connection is."""
    request = context.request
    if isinstance(request, Request):
        return _find_user(cast("Request[Any]", request)).access_token.client_id
    if fixed.agent is None:
        raise Error("no credential")
    return fixed.agent


def _read_http(context: Context, request: Request) -> tuple[str, Hashable, Wish]:
    token = _find_user(request).access_token
    headers = request.headers
    session_id = headers.get(MCP_SESSION_ID_HEADER)
    # The stateless protocol has no sessions, whatever a client writes into that header.
    is_session = session_id is not None and context.protocol_version not in MODERN_PROTOCOL_VERSIONS
    key = ("session", session_id) if is_session else ("token", token.subject)
    return token.client_id, key, Wish(headers.get(TASK_HEADER), headers.get(TOKEN_HEADER))


def _find_user(request: Request) -> AuthenticatedUser:
    user = request.scope.get("user")
    if not isinstance(user, AuthenticatedUser):
        raise Error("no credential")
    return user


def _combine(fixed: Wish, asked: Wish) -> Wish:
    """Return the task of a call; what the connection fixes, a request does not change."""
    for own, other in ((fixed.task_id, asked.task_id), (fixed.token, asked.token)):
        if own is not None and other is not None and own != other:
            raise NoTaskError(
                "the request names another task than its connection",
                hint="Stop. A person gives the task in one place: headers or environment of the connection,"
                " or the metadata of each request.",
            )
    return Wish(fixed.task_id or asked.task_id, fixed.token or asked.token)


def _read_meta(params: Mapping[str, Any] | None) -> Mapping[str, Any]:
    meta = (params or {}).get("_meta")
    return cast("Mapping[str, Any]", meta) if isinstance(meta, Mapping) else {}


def _read_text(meta: Mapping[str, Any], name: str) -> str | None:
    value = meta.get(name)
    if value is not None and not isinstance(value, str):
        raise NoTaskError(f"{name} is no text", hint=f"Stop. A person corrects _meta: {name} is a string.")
    return value or None
