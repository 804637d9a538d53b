"""
One agent over standard input and output.

In: a Server. Out: MCP on standard output, and nothing else there. I/O: standard input and output.

While it serves, file descriptor 1 is standard error: what a library prints by mistake does not get into the
protocol. Pipes are read and written by the event loop; the SDK's own transport hands each line to a thread,
and cannot be cancelled while it waits for one. Where standard input is no pipe but a file, the SDK's is used.
"""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import anyio
from anyio import AsyncFile
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

MOST_LINE_BYTES = 4 * 1024**2
"""Of a message that a client sends."""

_STDIN, _STDOUT, _STDERR = 0, 1, 2


async def serve_stdio(server: Server[Any]) -> None:
    """Serve until standard input ends, or SIGTERM or SIGINT comes."""
    running = asyncio.ensure_future(_serve(server))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, running.cancel)
    with suppress(asyncio.CancelledError):
        await running


async def _serve(server: Server[Any]) -> None:
    async with _open_streams() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


@asynccontextmanager
async def _open_streams() -> AsyncGenerator[tuple[Any, Any]]:
    if not (_is_pipe(_STDIN) and _is_pipe(_STDOUT)):
        async with stdio_server() as streams:
            yield streams
        return
    async with _divert_stdout() as wire:
        lines = await _open_lines(wire)
        # It has what the SDK uses of a file: iteration, write, flush.
        file = cast("AsyncFile[str]", lines)
        async with stdio_server(file, file) as streams:
            yield streams


class _Lines:
    """Standard input by lines, and standard output, for the event loop."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def __aiter__(self) -> _Lines:
        return self

    async def __anext__(self) -> str:
        try:
            line = await self._reader.readline()
        except ValueError:  # longer than MOST_LINE_BYTES: what is left of it is not read as a message
            return "\n"
        if not line:
            raise StopAsyncIteration
        return line.decode("utf-8", "replace")

    async def write(self, text: str) -> int:
        self._writer.write(text.encode())
        return len(text)

    async def flush(self) -> None:
        with suppress(ConnectionError):  # the client is gone; the end of standard input comes too
            await self._writer.drain()


async def _open_lines(wire: int) -> _Lines:
    loop = asyncio.get_running_loop()
    incoming, outgoing = os.fdopen(os.dup(_STDIN), "rb", 0), os.fdopen(os.dup(wire), "wb", 0)
    reader = asyncio.StreamReader(limit=MOST_LINE_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), incoming)
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), outgoing
    )
    return _Lines(reader, asyncio.StreamWriter(transport, protocol, None, loop))


@asynccontextmanager
async def _divert_stdout() -> AsyncGenerator[int]:
    """Yield what standard output was; meanwhile whatever is printed goes to standard error."""
    sys.stdout.flush()
    wire = os.dup(_STDOUT)
    os.dup2(_STDERR, _STDOUT)
    try:
        yield wire
    finally:
        await anyio.lowlevel.cancel_shielded_checkpoint()  # what was written last goes out
        sys.stdout.flush()
        os.dup2(wire, _STDOUT)
        os.close(wire)


def _is_pipe(descriptor: int) -> bool:
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
