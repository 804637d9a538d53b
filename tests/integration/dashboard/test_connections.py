"""Connections that are held open keep nobody out."""

from __future__ import annotations

import contextlib
import resource
import socket
import time
from pathlib import Path

import httpx

from pgmoat.http_door.door import raise_file_limit
from tests.dashboard_fixtures import Served, Shop, make_certificate, serve, wait_for

HALF_HEADER = b"GET / HTTP/1.1\r\nHost: localhost\r\nX: "
HALF_BODY = (
    b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\ntoken=x"
)
LONGEST_S = 45.0  # for limits of 10 s, on a busy machine; without them it takes a minute, or for ever


def test_more_half_requests_than_it_may_have_files_stop_nothing(shop: Shop) -> None:
    raise_file_limit()  # for this end of them
    with serve(shop.dsn) as served, contextlib.ExitStack() as held:
        resource.prlimit(served.process.pid, resource.RLIMIT_NOFILE, (1_024, 1_024))
        for number in range(1_100):
            connection = held.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=20))
            with contextlib.suppress(ConnectionError):  # let go already
                connection.sendall(HALF_HEADER)
            if number % 275 == 274:
                assert httpx.get(f"{served.url}/healthz", timeout=20).status_code == 200
        with served.log_in() as operator:
            assert operator.get("/budgets").status_code == 200
        wait_for(lambda: any("too many connections" in line for line in served.lines))


def test_half_a_request_is_not_waited_for(shop: Shop) -> None:
    with serve(shop.dsn) as served, contextlib.ExitStack() as held:
        half = [open_connection(served, held, sent) for sent in (b"", HALF_HEADER, HALF_BODY)]
        slow = open_connection(served, held, HALF_HEADER)
        deadline = time.monotonic() + LONGEST_S
        while not is_ended(slow):  # a byte now and then does not help
            assert time.monotonic() < deadline
            with contextlib.suppress(ConnectionError):
                slow.sendall(b"x")
        for connection in half:
            while not is_ended(connection):
                assert time.monotonic() < deadline
        with served.log_in() as operator:
            assert operator.get("/healthz").status_code == 200
    assert not any("Traceback" in line for line in served.lines), served.lines


def test_nor_is_half_a_tls_handshake(shop: Shop, tmp_path: Path) -> None:
    options = make_certificate(tmp_path)
    with serve(shop.dsn, *options, scheme="https") as served, contextlib.ExitStack() as held:
        connection = open_connection(served, held, b"")
        deadline = time.monotonic() + LONGEST_S
        while not is_ended(connection):
            assert time.monotonic() < deadline


def open_connection(served: Served, held: contextlib.ExitStack, sent: bytes) -> socket.socket:
    """Return a connection over which *sent* went."""
    connection = held.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=1))
    connection.sendall(sent)
    return connection


def is_ended(connection: socket.socket) -> bool:
    """Whether the server ended it; waits for a second."""
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True
