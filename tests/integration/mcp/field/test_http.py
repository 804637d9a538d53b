"""
Over HTTP: tokens that open nothing, sessions of others, pages of others, bodies that are too large.

I/O: PostgreSQL, processes, network.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from pgmoat.mcp_server.tokens import issue_token, name_token_variable
from tests.integration.mcp.desk import Desk, HttpServer, call
from tests.integration.mcp.field.test_arguments import WRONG

_HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "admin", "version": "1"},
    },
}
_PING = {"jsonrpc": "2.0", "id": 2, "method": "ping"}


@pytest.fixture(scope="module")
def shared_front(installed_field: Desk) -> Generator[HttpServer]:
    with installed_field.serve("patient", "pair", "reader", "admin") as server:
        yield server
        assert not any("Traceback" in line for line in server.log), server.log[-40:]


@pytest.fixture
def front(shared_front: HttpServer, field: Desk) -> Generator[HttpServer]:
    """A server that goes on after each test."""
    del field
    yield shared_front
    with Door(shared_front, "patient") as door:
        assert door.open_session()


class Door:
    """Requests by hand, with an agent's token."""

    def __init__(self, front: HttpServer, agent: str, **headers: str) -> None:
        self.front = front
        shown = {
            "Authorization": f"Bearer {front.tokens[agent]}",
            "Accept": "application/json, text/event-stream",
            "Content-Type": "application/json",
        }
        shown |= {name.replace("_", "-"): value for name, value in headers.items()}
        self.client = httpx2.Client(headers=shown, timeout=60)

    def __enter__(self) -> Door:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def post(self, body: Any, **headers: str) -> httpx2.Response:
        """Send a body; text and bytes as they are."""
        data = body if isinstance(body, str | bytes) else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(self.front.url, content=data, headers=named)

    def open_session(self) -> str:
        """Return the id of a new session."""
        answer = self.post(_HELLO)
        assert answer.status_code == 200, answer.text
        session = str(answer.headers["mcp-session-id"])
        self.post({"jsonrpc": "2.0", "method": "notifications/initialized"}, mcp_session_id=session)
        return session

    def query(self, session: str, sql: str = "SELECT 1", number: int = 3) -> httpx2.Response:
        """Call query."""
        return self.post(
            {
                "jsonrpc": "2.0",
                "id": number,
                "method": "tools/call",
                "params": {"name": "query", "arguments": {"sql": sql}},
            },
            mcp_session_id=session,
        )


def test_who_shows_no_good_token_stays_outside(front: HttpServer) -> None:
    good = front.tokens["patient"]
    with Door(front, "patient") as door:
        session = door.open_session()
        for shown in (
            "",
            "Bearer",
            "Bearer x",
            f"Bearer {good[:-1]}",
            f"Bearer {good}x",
            f"Bearer {good.swapcase()}",
            f"Basic {good}",
            f"Bearer {secrets.token_urlsafe(32)}",
            f"Bearer {'x' * 20_000}",
        ):
            for method in ("POST", "GET", "DELETE"):
                answer = door.client.request(
                    method,
                    front.url,
                    content=json.dumps(_HELLO),
                    headers={"Authorization": shown, "mcp-session-id": session},
                )
                assert answer.status_code in {400, 401, 431}, (shown[:40], method, answer.text)
        assert httpx2.post(front.url, json=_HELLO).status_code == 401
        assert httpx2.post(f"{front.url}?token={good}", json=_HELLO).status_code == 401
        assert door.query(session).status_code == 200  # and DELETE has ended nobody's session


def test_a_session_is_its_tokens_alone(front: HttpServer) -> None:
    """Another agent's token, on a session that it has learnt: not entered, not ended, not told apart."""
    with Door(front, "patient") as owner, Door(front, "reader") as other:
        session = owner.open_session()
        unknown = other.query("0" * 32).status_code
        assert unknown in {400, 404}
        assert other.query(session).status_code == unknown
        assert other.client.delete(front.url, headers={"mcp-session-id": session}).status_code == unknown
        stream = {"mcp-session-id": session, "Accept": "text/event-stream"}
        assert other.client.get(front.url, headers=stream).status_code == unknown
        assert owner.query(session).status_code == 200


def test_a_session_cannot_be_fixed_by_the_client(front: HttpServer) -> None:
    """Who opens a session does not choose its id, and ids are not guessed."""
    with Door(front, "patient") as door:
        chosen = "chosen-by-an-attacker"
        answer = door.post(_HELLO, mcp_session_id=chosen)
        assert answer.headers.get("mcp-session-id") != chosen
        assert door.query(chosen).status_code in {400, 404}
        opened = {door.open_session() for _ in range(5)}
        assert len(opened) == 5
        assert min(map(len, opened)) >= 32
        for session in ("", "../..", "x" * 1_000, "0", "null", "%00"):
            assert door.query(session).status_code in {400, 404, 422}, session


def test_headers_do_not_change_the_agent(front: HttpServer, field: Desk) -> None:
    bump = "UPDATE counters SET n = n + 1 WHERE id = 1"
    claims = {
        "X_Agent": "admin",
        "X_Forwarded_User": "admin",
        "Pgmoat_Agent": "admin",
        "X_Remote_User": "postgres",
    }

    async def run() -> None:
        async with front.client("pair", **claims) as client:
            await call(client, "write", sql=bump)

    asyncio.run(run())
    assert field.site.read("SELECT DISTINCT agent FROM pgmoat.history") == [("pair",)]


def test_another_name_or_origin_is_refused(front: HttpServer) -> None:
    """A page whose name was made to mean this machine (DNS rebinding) reaches nothing."""
    port = front.url.rsplit(":", 1)[1].split("/")[0]
    with Door(front, "patient") as door:
        for host in (
            f"attacker.example:{port}",
            "attacker.example",
            "127.0.0.1.attacker.example",
            "",
            "10.0.0.1",
        ):
            assert door.post(_HELLO, Host=host).status_code in {400, 403, 421}, host
        for origin in ("http://attacker.example", f"http://attacker.example:{port}", "null", "file://"):
            assert door.post(_HELLO, Origin=origin).status_code in {400, 403}, origin
        for origin in (f"http://127.0.0.1:{port}", f"http://localhost:{port}"):
            assert door.post(_HELLO, Origin=origin).status_code == 200, origin


def test_bodies_that_are_too_large(front: HttpServer) -> None:
    with Door(front, "patient") as door:
        session = door.open_session()
        large = json.dumps(_HELLO | {"x": "y" * 30_000_000})
        assert door.post(large, mcp_session_id=session).status_code == 413
        # No length is told: what comes is counted.
        pieces = (b"[" * 65_536 for _ in range(400))
        headers = {"mcp-session-id": session}
        try:
            answer = door.client.post(front.url, content=pieces, headers=headers)
        except httpx2.TransportError:
            pass  # it hung up on the way
        else:
            assert answer.status_code in {400, 413}
        assert door.query(session).status_code == 200


def test_bodies_that_are_no_messages(front: HttpServer) -> None:
    bodies: list[Any] = [*WRONG, None, b"\xff\xfe\x00", b"{", "[" * 100_000, b"", [_PING, _PING]]
    with Door(front, "patient") as door:
        session = door.open_session()
        for body in bodies:
            data = body if isinstance(body, str | bytes) else json.dumps(body)
            raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
            answer = door.post(raw, mcp_session_id=session)
            assert 400 <= answer.status_code < 500, (raw[:60], answer.status_code, answer.text[:200])
            assert "Traceback" not in answer.text
        answer = door.post(_PING, mcp_session_id=session, Content_Type="text/plain")
        assert answer.status_code in {400, 415}
        for method in ("PUT", "PATCH", "TRACE"):
            assert door.client.request(method, front.url).status_code in {400, 405}
        assert door.query(session).status_code == 200


def test_one_id_of_json_rpc_in_two_sessions(front: HttpServer) -> None:
    """An answer belongs to its session, whatever id the other one uses."""
    with Door(front, "patient") as door:
        first, second = door.open_session(), door.open_session()
        for session, number in ((first, 1), (second, 2), (first, 3)):
            answer = door.query(session, f"SELECT {number} AS n", number=7)
            assert f'"rows":[[{number}]]' in answer.text.replace("\\", ""), answer.text


def test_a_token_of_an_agent_that_was_removed(field: Desk, tmp_path: Path) -> None:
    """Its line stays in the file; the server does not start with it, and says why."""
    tokens = tmp_path / "tokens"
    issue_token(tokens, "dismissed")
    issue_token(tokens, "patient")
    done = subprocess.run(
        field.command("--http", "--port", "1", "--tokens", str(tokens)),
        env={**os.environ, **field.environ()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "the policy has no agent 'dismissed'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("token", ["short", "abab" * 10, "with a space in the middle of it, and long enough"])
def test_a_token_that_is_easily_guessed(field: Desk, token: str) -> None:
    done = subprocess.run(
        field.command("--http", "--port", "1"),
        env={**os.environ, **field.environ(), name_token_variable("patient"): token},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert name_token_variable("patient") in done.stderr
    assert token not in done.stderr


def test_many_connections_that_say_nothing(front: HttpServer) -> None:
    """They cost the server little, and others are served."""
    host, port = "127.0.0.1", int(front.url.rsplit(":", 1)[1].split("/")[0])
    silent: list[socket.socket] = []
    try:
        for _ in range(200):
            one = socket.create_connection((host, port))
            one.sendall(b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n")
            silent.append(one)
        with Door(front, "patient") as door:
            assert door.query(door.open_session()).status_code == 200
    finally:
        for one in silent:
            one.close()
