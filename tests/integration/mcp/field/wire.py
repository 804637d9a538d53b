"""
A client that sends what the SDK's client would not: any bytes, over standard input and output.

In: a command line. Out: RawClient. I/O: starts the server; pipes.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import tempfile
import threading
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.integration.mcp.desk import Desk

_PATIENCE_S = 60


@dataclass(slots=True)
class RawClient:
    """One session, in the protocol of 2025."""

    process: subprocess.Popen[bytes]
    lines: queue.Queue[bytes | None] = field(default_factory=queue.Queue[bytes | None])
    last_id: int = 0

    def send_bytes(self, data: bytes) -> None:
        """Send *data* as it is."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message."""
        self.send_bytes(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")

    def request(self, method: str, **parameters: Any) -> int:
        """Send a request under the next id; return the id."""
        self.last_id += 1
        self.send({"id": self.last_id, "method": method, "params": parameters})
        return self.last_id

    def receive(self) -> dict[str, Any]:
        """Return the next message of the server."""
        line = self.lines.get(timeout=_PATIENCE_S)
        assert line is not None, "the server has ended"
        message: dict[str, Any] = json.loads(line)
        assert message["jsonrpc"] == "2.0"
        return message

    def wait_for(self, wanted: int | str) -> dict[str, Any]:
        """Return the answer to a request; others are passed over."""
        while True:
            message = self.receive()
            if message.get("id") == wanted:
                return message

    def call(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a tool; return the whole answer."""
        return self.wait_for(self.request("tools/call", name=tool, arguments=arguments))

    def ping(self) -> None:
        """See that the server is in order."""
        assert "result" in self.wait_for(self.request("ping"))

    def read_resident_kb(self) -> int:
        """Return how much memory the server has."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))


@contextlib.contextmanager
def open_raw(desk: Desk, agent: str, *, route: str = "direct", **environ: str) -> Generator[RawClient]:
    """Yield a session with a server of its own, which must not have met a fault at the end."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            desk.command("--agent", agent),
            env={**os.environ, **desk.environ(route), **environ},
            cwd=desk.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        client = RawClient(process)
        reader = threading.Thread(target=_read, args=(client,), daemon=True)
        reader.start()
        try:
            hello = {"name": "raw", "version": "1"}
            client.wait_for(
                client.request("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo=hello)
            )
            client.send({"method": "notifications/initialized"})
            yield client
        finally:
            with contextlib.suppress(OSError):
                assert process.stdin is not None
                process.stdin.close()
            try:
                process.wait(20)
            finally:
                process.kill()
                process.wait()
                reader.join(5)
                assert process.stdout is not None
                process.stdout.close()
        log.seek(0)
        said = log.read().decode(errors="replace")
        assert "Traceback" not in said, said[-3000:]


def _read(client: RawClient) -> None:
    assert client.process.stdout is not None
    with contextlib.suppress(ValueError, OSError):
        for line in client.process.stdout:
            client.lines.put(line)
    client.lines.put(None)
