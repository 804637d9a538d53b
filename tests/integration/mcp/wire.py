"""
A server over standard input and output, spoken to line by line.

In: a desk. Out: what it wrote. I/O: processes.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.integration.mcp.desk import Desk

_HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "wire", "version": "0"},
}


@dataclass(slots=True)
class Wire:
    """A running server."""

    process: subprocess.Popen[str]

    def send(self, method: str, params: dict[str, Any] | None = None, number: int | None = None) -> None:
        """Send a request, or without *number* a notification."""
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params or {}}
        if number is not None:
            message["id"] = number
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        """Return the next message."""
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def ask(self, number: int, tool: str, **given: Any) -> None:
        """Send a call of a tool."""
        self.send("tools/call", {"name": tool, "arguments": given}, number)

    def greet(self) -> None:
        """Shake hands."""
        self.send("initialize", _HELLO, 0)
        assert self.read()["result"]["serverInfo"]["name"] == "pgmoat"
        self.send("notifications/initialized")

    def end(self) -> tuple[int, str, str]:
        """Close standard input; return the exit code, and what was written since."""
        written, logged = self.process.communicate(timeout=30)
        return self.process.returncode, written, logged


@contextmanager
def open_wire(desk: Desk, agent: str, *, route: str = "direct", **environ: str) -> Generator[Wire]:
    """Yield a server of its own; it is killed at the end if it still runs."""
    process = subprocess.Popen(
        desk.command("--agent", agent),
        env=os.environ | desk.environ(route) | environ,
        cwd=desk.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield Wire(process)
        finally:
            process.kill()
