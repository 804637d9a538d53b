"""
Speak MCP to a server over its standard streams, with as little of our own as can be.

In: a command line. Out: Client, Answer. I/O: starts the server; pipes.

Not the SDK's client: it takes longer to look at an answer than the fastest server takes to make it, so that
all would look alike. This one writes a line of JSON and waits for the line with the same id; every server is
spoken to in the same way.
"""

from __future__ import annotations

import json
import selectors
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Any, Self

from pgmoat.errors import ServerError

_CHUNK = 1 << 20
_VERSION = "2025-06-18"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said to one call."""

    size: int  # of the line, in bytes: all that comes over the pipe
    message: dict[str, Any] = field(repr=False)

    @property
    def result(self) -> dict[str, Any]:
        """The call's result; empty when the server answered by an error of the protocol."""
        result: dict[str, Any] = self.message.get("result") or {}
        return result

    @property
    def is_error(self) -> bool:
        """Whether the server says that it failed, in one of the two ways there are."""
        return "error" in self.message or bool(self.result.get("isError"))

    @property
    def text(self) -> str:
        """What a model reads: the text, or what the protocol's error says."""
        if "error" in self.message:
            return json.dumps(self.message["error"])
        return "\n".join(str(part.get("text", "")) for part in self.result.get("content", []))


class Client:
    """One session with a server."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], *, patience_s: float = 60) -> None:
        self._command, self._environ, self._patience_s = command, environ, patience_s
        self._last_id = 0
        self._buffer = bytearray()
        self._searched = 0
        self.tools_size = 0

    def __enter__(self) -> Self:
        self._said: IO[bytes] = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            self._command,
            env=dict(self._environ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            bufsize=0,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._output, selectors.EVENT_READ)
        try:
            self._begin()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._input.close()
        try:
            self._process.wait(3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._selector.close()
        self._output.close()
        self._said.close()

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    def list_tools(self) -> list[dict[str, Any]]:
        """Return the tools, page by page; ``tools_size`` is what they were in bytes."""
        tools: list[dict[str, Any]] = []
        cursor: dict[str, Any] = {}
        while True:
            answer = self.receive(self.send("tools/list", cursor))
            self.tools_size += answer.size
            tools += answer.result.get("tools", [])
            if not answer.result.get("nextCursor"):
                return tools
            cursor = {"cursor": answer.result["nextCursor"]}

    def call(self, tool: str, arguments: Mapping[str, Any]) -> Answer:
        """Call a tool and wait for its answer."""
        return self.receive(self.send_call(tool, arguments))

    def send_call(self, tool: str, arguments: Mapping[str, Any]) -> int:
        """Call a tool; return the call's id."""
        return self.send("tools/call", {"name": tool, "arguments": arguments})

    def send(self, method: str, parameters: Mapping[str, Any]) -> int:
        """Send a request; return its id."""
        self._last_id += 1
        self._write({"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": parameters})
        return self._last_id

    def receive(self, wanted: int) -> Answer:
        """Return the answer to the request *wanted*, the only one that is under way."""
        answered, answer = self.receive_any()
        if answered != wanted:
            raise ServerError(f"request {wanted} was answered as {answered}")
        return answer

    def receive_any(self) -> tuple[int, Answer]:
        """Return the next answer to any request, and its id."""
        while True:
            line = self._read_line()
            message = json.loads(line)
            if "method" not in message:
                return message["id"], Answer(len(line), message)
            if "id" in message:  # the server asks its client: we can do nothing
                refusal = {"code": -32601, "message": "not known"}
                self._write({"jsonrpc": "2.0", "id": message["id"], "error": refusal})

    def _begin(self) -> None:
        client = {"name": "pgmoat bench", "version": "1"}
        self.receive(
            self.send("initialize", {"protocolVersion": _VERSION, "capabilities": {}, "clientInfo": client})
        )
        self._write({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def _write(self, message: Mapping[str, Any]) -> None:
        data = memoryview(json.dumps(message, separators=(",", ":")).encode() + b"\n")
        try:
            while data:
                data = data[self._input.write(data) :]
        except OSError as error:
            raise self._explain("does not listen any more") from error

    def _read_line(self) -> bytes:
        """Return the next line; some servers write others than JSON among them."""
        deadline = time.monotonic() + self._patience_s
        while True:
            end = self._buffer.find(b"\n", self._searched)
            if end >= 0:
                line = bytes(self._buffer[:end])
                del self._buffer[: end + 1]
                self._searched = 0
                if line.lstrip().startswith(b"{"):
                    return line
                continue
            self._searched = len(self._buffer)
            if not self._selector.select(max(0.0, deadline - time.monotonic())):
                raise self._explain(f"did not answer within {self._patience_s:.0f} s")
            chunk = self._output.read(_CHUNK)
            if not chunk:
                raise self._explain("ended")
            self._buffer += chunk

    def _explain(self, what: str) -> ServerError:
        self._said.seek(0)
        tail = self._said.read()[-2000:].decode(errors="replace")
        return ServerError(f"{self._command[0]} {what}", detail=tail)
