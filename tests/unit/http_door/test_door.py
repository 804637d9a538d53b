"""Who has to go for the next one, and how long somebody may take."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import Generator
from typing import Any, cast

import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from uvicorn.server import ServerState

from pgmoat.http_door import connection
from pgmoat.http_door.connection import REQUEST_S, STALL_S, Connection
from pgmoat.http_door.door import Caller, Door, Doorway, group_address, open_door


@contextlib.contextmanager
def open_doorway(door: Door) -> Generator[Doorway]:
    with Doorway(socket.create_server(("127.0.0.1", 0)), door) as doorway:
        yield doorway


def call(stack: contextlib.ExitStack, doorway: Doorway) -> tuple[socket.socket, Caller]:
    """Return both ends of a new connection."""
    client = stack.enter_context(socket.create_connection(doorway.getsockname(), timeout=20))
    caller, _ = doorway.accept()
    assert isinstance(caller, Caller)
    return client, stack.enter_context(caller)


@pytest.mark.parametrize("door", [Door(most=3), Door(most_of_one=3)], ids=["all", "one"])
def test_whoever_waits_longest_goes_for_the_next_and_who_is_answered_stays(door: Door) -> None:
    with open_doorway(door) as doorway, contextlib.ExitStack() as stack:
        answered, first = call(stack, doorway)
        door.mark(first.peer, is_answered=True)
        oldest, second = call(stack, doorway)
        call(stack, doorway)
        call(stack, doorway)
        assert oldest.recv(1) == b""
        answered.setblocking(False)
        with pytest.raises(BlockingIOError):
            answered.recv(1)
        assert door.let_go == 1
        second.close()  # as the event loop will: it counts once
        door.mark(first.peer, is_answered=False)
        call(stack, doorway)
        answered.setblocking(True)
        assert answered.recv(1) == b""


def test_where_all_are_answered_the_next_one_is_refused_and_room_comes_back() -> None:
    door = Door(most=2)
    with open_doorway(door) as doorway, contextlib.ExitStack() as stack:
        callers = [call(stack, doorway)[1] for _ in range(2)]
        for caller in callers:
            door.mark(caller.peer, is_answered=True)
        with (
            socket.create_connection(doorway.getsockname(), timeout=20) as refused,
            pytest.raises(ConnectionAbortedError),
        ):
            doorway.accept()
        assert door.let_go == 1
        assert refused.fileno() == -1
        callers[0].close()
        call(stack, doorway)


def test_a_network_of_ipv6_is_one_address() -> None:
    assert group_address("2001:db8::1") == group_address("2001:db8::ffff:1") == "2001:db8::/64"
    assert group_address("2001:db8:0:1::1") != group_address("2001:db8::1")
    assert group_address("fe80::1%eth0") == "fe80::/64"
    assert group_address("192.0.2.1") == "192.0.2.1"


@pytest.mark.parametrize(
    ("limits", "is_one_address", "most", "most_of_one"),
    [
        ((1_024, 1_024), False, 540, 135),
        ((1_024, 1_024), True, 540, 540),
        ((256, 1_048_576), False, 1_000, 250),
        ((65_536, 65_536), False, 1_000, 250),
        ((64, 64), False, 16, 16),
    ],
)
def test_there_are_files_for_all(
    monkeypatch: pytest.MonkeyPatch,
    limits: tuple[int, int],
    is_one_address: bool,
    most: int,
    most_of_one: int,
) -> None:
    def tell(_what: int) -> tuple[int, int]:
        return limits

    def agree(_what: int, _limits: tuple[int, int]) -> None:
        return None

    monkeypatch.setattr(resource, "getrlimit", tell)
    monkeypatch.setattr(resource, "setrlimit", agree)
    door = open_door(is_one_address=is_one_address)
    assert (door.most, door.most_of_one) == (most, most_of_one)


class Transport(asyncio.Transport):
    """A transport that nobody reads from; *left* is what was not taken of it."""

    left = 0

    def get_write_buffer_size(self) -> int:
        """Return what was not taken."""
        return self.left

    def write(self, data: Any) -> None:
        """Send nothing."""

    def close(self) -> None:
        """Stay open."""

    def is_closing(self) -> bool:
        """Stay open."""
        return False

    def pause_reading(self) -> None:
        """Read nothing."""

    def resume_reading(self) -> None:
        """Read nothing."""


class Clock:
    """A clock that is moved by hand."""

    now = 1_000.0

    def monotonic(self) -> float:
        """Return the time."""
        return self.now


def test_a_request_has_to_arrive_and_an_answer_to_be_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(connection, "time", clock)
    head, tail = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nab", b"cd"

    async def check() -> None:
        config = uvicorn.Config(PlainTextResponse("answer"), http="h11", lifespan="off", log_config=None)
        made, transport = Connection(Door(), config, ServerState(), {}), Transport()

        def is_overdue(after_s: float) -> bool:
            clock.now += after_s
            return made.is_overdue(clock.now)

        async def answer() -> None:
            await asyncio.gather(*made.server_state.tasks)

        made.connection_made(transport)
        assert [is_overdue(REQUEST_S), is_overdue(0.1)] == [False, True]  # not a byte of it
        made.data_received(head[:20])
        assert is_overdue(0)  # a byte now and then does not help
        made.data_received(head[20:])
        assert is_overdue(0)  # nor do whole headers
        made.data_received(tail)
        await answer()
        assert not is_overdue(4 * REQUEST_S)  # that it is idle is for uvicorn to see
        made.data_received(head)
        await answer()
        assert [is_overdue(REQUEST_S), is_overdue(0.1)] == [False, True]  # answered before it was whole
        made.data_received(tail)
        transport.left = 100
        is_overdue(0)
        assert not is_overdue(STALL_S)
        transport.left = 99
        assert [is_overdue(1), is_overdue(STALL_S), is_overdue(0.1)] == [False, False, True]

    asyncio.run(cast("Any", check()))
