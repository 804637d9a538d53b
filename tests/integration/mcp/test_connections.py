"""
Neither connections that are held open nor sessions that nobody ends keep others out.

I/O: PostgreSQL, processes, network.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Generator
from urllib.parse import urlsplit

import httpx2
import pytest

from pgmoat.http_door.door import raise_file_limit
from pgmoat.mcp_server.admission import MOST_SESSIONS
from tests.integration.mcp.desk import Desk, HttpServer, call
from tests.integration.mcp.test_ends import wait_for
from tests.integration.mcp.test_http import ACCEPT, ASK, HELLO, open_session, post

HALF_HEAD = b"POST /mcp HTTP/1.1\r\n"
LONGEST_S = 45.0  # for limits of 10 s, on a busy machine
SLOW = "SELECT id FROM orders WHERE id = 1 AND public.nap(14)"


@pytest.fixture
def front(installed_desk: Desk) -> Generator[HttpServer]:
    """A server for two agents."""
    with installed_desk.serve("robot", "reader") as running:
        yield running


def test_more_half_requests_than_may_stand_open_stop_nobody(desk: Desk, front: HttpServer) -> None:
    del desk
    raise_file_limit()  # for this end of them
    with contextlib.ExitStack() as held:
        for number in range(2_100):
            connection = connect(front, held)
            with contextlib.suppress(ConnectionError):  # let go already
                connection.sendall(HALF_HEAD)
            if number % 525 == 524:
                session_id = open_session(front, front.tokens["reader"])
                answer = post(front, ASK, front.tokens["reader"], **{"mcp-session-id": session_id})
                assert answer.status_code == 200


def test_half_a_request_is_not_waited_for_but_a_call_and_a_listener_are(
    desk: Desk, front: HttpServer
) -> None:
    token = front.tokens["reader"]
    session_id = open_session(front, token)
    shown = f"Host: localhost\r\nAuthorization: Bearer {token}\r\nAccept: {ACCEPT['Accept']}\r\n"
    listening = f"GET /mcp HTTP/1.1\r\n{shown}Mcp-Session-Id: {session_id}\r\n\r\n"

    length = "Content-Type: application/json\r\nContent-Length: 100"
    body = f"POST /mcp HTTP/1.1\r\n{shown}{length}\r\n\r\n{{"

    async def ask() -> None:
        async with front.client("robot") as client:
            asking = asyncio.create_task(call(client, "query", sql=SLOW))
            await asyncio.to_thread(wait_for, desk, "robot", 1)
            await asyncio.to_thread(wait_until_ended, half)
            assert (await asking)["row_count"] == 1

    with contextlib.ExitStack() as held:
        listener = connect(front, held)
        listener.sendall(listening.encode())
        assert listener.recv(12) == b"HTTP/1.1 200"
        sent = (b"", HALF_HEAD, body.encode())
        half = [connect(front, held) for _ in sent]
        for connection, some in zip(half, sent, strict=True):
            connection.sendall(some)
        asyncio.run(ask())
        drain(listener)
        assert post(front, ASK, token, **{"mcp-session-id": session_id}).status_code == 200
    assert not any("Traceback" in line for line in front.log), front.log


def test_the_sessions_of_one_token_keep_no_other_out_and_the_one_unused_longest_goes(
    desk: Desk, front: HttpServer
) -> None:
    del desk
    robot, reader = front.tokens["robot"], front.tokens["reader"]
    others = open_session(front, reader)
    with httpx2.Client(headers=ACCEPT | {"Authorization": f"Bearer {robot}"}, timeout=30) as client:

        def is_open(session_id: str) -> bool:
            answer = client.post(front.url, json=ASK, headers={"mcp-session-id": session_id})
            assert answer.status_code in {200, 404}
            return answer.status_code == 200

        def open_one() -> str:
            return client.post(front.url, json=HELLO).headers["mcp-session-id"]

        first, second = open_one(), open_one()
        more = [open_one() for _ in range(MOST_SESSIONS - 2)]
        assert is_open(first)
        latest = open_one()
        assert [is_open(name) for name in (second, first, more[0], latest)] == [False, True, True, True]
        assert client.delete(front.url, headers={"mcp-session-id": first}).status_code == 200
        open_one()
        assert is_open(more[1])  # there was room
        # Who shows a name that is none of the server's ends nothing, and opens nothing.
        refused = client.post(front.url, json=HELLO, headers={"Origin": "https://evil.example"})
        assert refused.status_code == 403
    assert post(front, ASK, reader, **{"mcp-session-id": others}).status_code == 200


def connect(front: HttpServer, held: contextlib.ExitStack) -> socket.socket:
    """Return a connection over which nothing went."""
    port = urlsplit(front.url).port
    return held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))


def wait_until_ended(connections: list[socket.socket]) -> None:
    """Wait until the server has ended all of them."""
    deadline = time.monotonic() + LONGEST_S
    for connection in connections:
        connection.settimeout(max(0.1, deadline - time.monotonic()))
        with contextlib.suppress(ConnectionError):
            while connection.recv(4096):
                pass


def drain(listener: socket.socket) -> None:
    """Read what has come; the connection has to stand."""
    listener.setblocking(False)
    with pytest.raises(BlockingIOError):
        while True:
            assert listener.recv(4096) != b""
