"""
Over streamable HTTP: who comes in, and as whom.

I/O: PostgreSQL, processes, network.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
from collections.abc import Generator
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from pgmoat.mcp_server.tokens import issue_token
from tests.integration.mcp.desk import ERAS, Desk, HttpServer, call, refuse
from tests.integration.mcp.test_ends import SLEEP, wait_for

ACCEPT = {"Accept": "application/json, text/event-stream"}
HELLO: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "support", "version": "1"},
    },
}
ASK: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 2,
    "method": "tools/call",
    "params": {"name": "entities", "arguments": {}},
}


@pytest.fixture(scope="module")
def front(installed_desk: Desk) -> Generator[HttpServer]:
    """A server for several agents, one of whose tokens is in a file."""
    path = installed_desk.folder / "tokens"
    token = issue_token(path, "robot")
    with installed_desk.serve("robot", "reader", "support", options=("--tokens", str(path))) as running:
        running.tokens["filed"] = token
        yield running


def post(front: HttpServer, body: object, token: str | None = None, **headers: str) -> httpx2.Response:
    """Return the answer to one request."""
    shown = ACCEPT | ({"Authorization": f"Bearer {token}"} if token is not None else {})
    return httpx2.post(front.url, json=body, headers=shown | headers, timeout=30)


def open_session(front: HttpServer, token: str) -> str:
    """Return the id of a new session."""
    answer = post(front, HELLO, token)
    assert answer.status_code == 200
    session_id = answer.headers["mcp-session-id"]
    post(
        front,
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        token,
        **{"mcp-session-id": session_id},
    )
    return session_id


@pytest.mark.parametrize("token", [None, "wrong", "x" * 43], ids=["none", "wrong", "as long as one"])
def test_without_a_token_nobody_comes_in(front: HttpServer, token: str | None) -> None:
    for body in (HELLO, ASK):
        answer = post(front, body, token, **{"mcp-protocol-version": "2026-07-28"} if body is ASK else {})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("era", ERAS)
def test_the_token_says_which_agent_it_is_and_nothing_else_does(
    desk: Desk, front: HttpServer, era: str
) -> None:
    async def run() -> None:
        async with front.client("reader", era=era, Pgmoat_Agent="robot") as client:
            assert (await call(client, "entities", _meta={"agent": "robot"}))["agent"] == "reader"
            error = await refuse(client, "entities", agent="robot")
            assert error["message"] == "entities has no argument 'agent'"
            error = await refuse(client, "write", sql="UPDATE orders SET visits = 1 WHERE id = 1")
            assert error["message"] == "there is no tool 'write'"
        async with front.client("filed", era=era) as client:
            assert (await call(client, "entities"))["agent"] == "robot"

    asyncio.run(run())
    assert desk.site.value("SELECT count(*) FROM pgmoat.change") == 0


def test_a_session_is_usable_with_the_token_only_that_opened_it(desk: Desk, front: HttpServer) -> None:
    del desk
    session_id = open_session(front, front.tokens["robot"])
    own = post(front, ASK, front.tokens["robot"], **{"mcp-session-id": session_id})
    assert own.status_code == 200
    for other in ("reader", "filed"):  # another agent's; another one of the same agent's
        answer = post(front, ASK, front.tokens[other], **{"mcp-session-id": session_id})
        assert answer.status_code == 404
    replayed = post(front, ASK, front.tokens["robot"], **{"mcp-session-id": "0" * 32})
    assert replayed.status_code == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Host": "evil.example:8765"}, 421),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Content-Type": "text/plain"}, 400),
    ],
)
@pytest.mark.parametrize("version", ["2025-11-25", "2026-07-28"])
def test_other_names_and_forms_are_refused(
    front: HttpServer, headers: dict[str, str], status: int, version: str
) -> None:
    shown = {"mcp-protocol-version": version} | headers
    assert post(front, HELLO, front.tokens["robot"], **shown).status_code == status


def test_a_terminal_obeys_nothing_that_a_client_sends(desk: Desk) -> None:
    with desk.serve("robot") as server:
        address = urlsplit(server.url)
        with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
            shown = f"Host: localhost\r\nAuthorization: Bearer {server.tokens['robot']}"
            head = f"POST /mcp HTTP/1.1\r\n{shown}\r\nOrigin: \x1b[2J\x1b]0;pwn\x07evil"
            connection.sendall(
                f"{head}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}".encode()
            )
            connection.recv(4096)
        server.stop()
        (line,) = [line for line in server.log if "evil" in line]
        assert "\\x1b[2J" in line
        assert line.rstrip("\n").isprintable()


def test_a_body_that_is_too_large_is_not_read(front: HttpServer) -> None:
    assert post(front, HELLO | {"more": "x" * 2_000_000}, front.tokens["robot"]).status_code == 413


def test_nothing_else_is_served(front: HttpServer) -> None:
    base = front.url.removesuffix("/mcp")
    for path in ("/", "/docs", "/.well-known/oauth-protected-resource", "/mcp/x"):
        answer = httpx2.get(base + path, headers={"Authorization": f"Bearer {front.tokens['robot']}"})
        assert answer.status_code == 404


@pytest.mark.parametrize("era", ERAS)
def test_who_goes_away_takes_the_query_along(desk: Desk, front: HttpServer, era: str) -> None:
    async def run() -> None:
        async with front.client("robot", era=era) as client:
            asking = asyncio.create_task(client.call_tool("query", {"sql": SLEEP}))
            await asyncio.to_thread(wait_for, desk, "robot", 1)
            asking.cancel()
            await asyncio.wait({asking})
            await asyncio.to_thread(wait_for, desk, "robot", 0)
            assert (await call(client, "query", sql="SELECT id FROM orders WHERE id = 3"))["rows"] == [[3]]

    asyncio.run(run())


def test_it_ends_in_order(desk: Desk) -> None:
    with desk.serve("robot") as server:
        os.kill(server.process.pid, signal.SIGTERM)
        assert server.stop() == 0
        assert server.log == []


def test_no_error_shows_what_is_inside(desk: Desk) -> None:
    async def run() -> None:
        dsn = desk.site.dsns()["robot"].replace(desk.site.passwords[desk.site.role("robot")], "sup3r-s3cret")
        with desk.serve("robot", PGMOAT_DSN_ROBOT=dsn) as server:
            async with server.client("robot") as client:
                error = await refuse(client, "query", sql="SELECT id FROM orders")
                assert error["code"] == "permission-denied"
                assert error["message"] == "PostgreSQL refuses the login"
                assert not re.search(f"sup3r-s3cret|127.0.0.1|{desk.site.role('robot')}", str(error))
            assert not any("sup3r-s3cret" in line for line in server.log)
            assert any("refuses the login: " in line for line in server.log)  # for people

        away = "host=127.0.0.1 port=1 user=hidden_role dbname=hidden_name"
        with desk.serve("robot", PGMOAT_DSN_ROBOT=away) as server:
            async with server.client("robot") as client:
                error = await refuse(client, "query", sql="SELECT id FROM orders")
                assert error["code"] == "connection-lost"
                assert not re.search(r"127\.0|hidden|port", str(error))
            assert any("hidden_role" in line for line in server.log)

    asyncio.run(run())
