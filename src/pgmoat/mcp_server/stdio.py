"""
One agent over standard input and output.

In: a Server. Out: MCP on standard output, and nothing else there. I/O: standard input and output.

Pipes and sockets are watched by the event loop: the SDK's own transport hands each line to a thread and back,
which takes as long as the rest of its work. And a line that it cannot read it passes over, so that the client
waits for ever; here it is answered.
"""

from __future__ import annotations

import asyncio
import os
import signal
import stat
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, cast

import anyio
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage

from pgmoat.mcp_server.lines import Lines, TooLongLine, read_message, write_fault, write_message

_FLUSH_S = 2.0
_ENOUGH_WAITING = 64  # lines that are read ahead; the pipe keeps the rest, and then the client waits


async def serve_stdio(server: Server[Any]) -> None:
    """Serve until standard input ends, or SIGTERM or SIGINT comes."""
    running = asyncio.ensure_future(_serve(server))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.cancel)
    with suppress(asyncio.CancelledError):
        await running


async def _serve(server: Server[Any]) -> None:
    options = server.create_initialization_options()
    if not (_is_watchable(0) and _is_watchable(1)):
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, options)
        return
    loop = asyncio.get_running_loop()
    source, sink = _take_over()
    writer = _Writer()
    reader = _Reader(writer)
    await loop.connect_write_pipe(lambda: writer, sink)
    await loop.connect_read_pipe(lambda: reader, source)
    await server.run(reader, writer, options)


def _is_watchable(descriptor: int) -> bool:
    """Whether the event loop can wait for it: not so for a file, and a terminal is shared with others."""
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _take_over() -> tuple[Any, Any]:
    """Return input and output for MCP alone; what anything else prints goes to standard error."""
    source, sink = os.fdopen(os.dup(0), "rb", buffering=0), os.fdopen(os.dup(1), "wb", buffering=0)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return source, sink


class _End(asyncio.Protocol):
    """One end of the SDK's streams: a block closes it."""

    async def aclose(self) -> None:
        """Close it."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.aclose()


class _Writer(_End):
    """Messages to lines of standard output; the SDK's WriteStream."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._is_open = asyncio.Event()  # for more: not full
        self._is_lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._is_open.set()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._is_lost.set()
        self._is_open.set()

    def pause_writing(self) -> None:
        self._is_open.clear()

    def resume_writing(self) -> None:
        self._is_open.set()

    async def send(self, item: SessionMessage, /) -> None:
        """Write a message, and wait while the client does not read."""
        await self.send_line(write_message(item))

    async def send_line(self, line: bytes) -> None:
        """Write a line, and wait while the client does not read."""
        if self._transport is None or self._is_lost.is_set() or self._transport.is_closing():
            raise anyio.BrokenResourceError
        self._transport.write(line)
        if not self._is_open.is_set():
            await self._is_open.wait()

    async def aclose(self) -> None:
        """Write what is left, but wait for no client that does not read."""
        if self._transport is None or self._transport.is_closing():
            return
        self._transport.close()
        with anyio.move_on_after(_FLUSH_S, shield=True):
            await self._is_lost.wait()
        if not self._is_lost.is_set():
            self._transport.abort()


class _Reader(_End):
    """Lines of standard input to messages; the SDK's ReadStream."""

    def __init__(self, writer: _Writer) -> None:
        self._writer = writer
        self._lines = Lines()
        self._transport: asyncio.ReadTransport | None = None
        self._is_paused = False
        self._is_ended = False
        self._came = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.ReadTransport", transport)

    def data_received(self, data: bytes) -> None:
        self._lines.feed(data)
        if len(self._lines) > _ENOUGH_WAITING and self._transport is not None and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()
        self._came.set()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._is_ended = True
        self._came.set()

    async def receive(self) -> SessionMessage | Exception:
        """Return the next message; lines that are none are answered on the way."""
        while True:
            line = await self._receive_line()
            message = read_message(line)
            if isinstance(message, SessionMessage):
                return message
            if message is not None:
                await self._writer.send_line(write_fault(message))

    async def _receive_line(self) -> bytes | TooLongLine:
        while not self._lines:
            if self._is_ended:
                raise anyio.EndOfStream
            self._came.clear()
            await self._came.wait()
        line = self._lines.pop()
        if self._is_paused and not self._lines and self._transport is not None and not self._is_ended:
            self._is_paused = False
            self._transport.resume_reading()
        return line

    async def aclose(self) -> None:
        """Read no more."""
        if self._transport is not None:
            self._transport.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            raise StopAsyncIteration from None
