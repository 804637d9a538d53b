"""
MCP Inspector, the protocol's own tool for looking at servers, lists and calls every tool: over both ways.

I/O: PostgreSQL, processes, network. ``scripts/inspector`` installs it.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integration.mcp.desk import Desk, HttpServer

_SCRIPT = Path(__file__).parents[3] / "scripts" / "inspector"
_CALLS: dict[str, dict[str, Any]] = {
    "entities": {},
    "describe": {"entities": ["orders", "customers"]},
    "query": {"sql": "SELECT id, status FROM orders WHERE id = :id", "parameters": {"id": 7}},
    "write": {"sql": "UPDATE orders SET visits = visits + 1 WHERE id = :id", "parameters": {"id": 7}},
    "preview": {"operation": "refund_order", "arguments": {"order_id": 8, "amount": "1.50"}},
    "refund_order": {"order_id": 9, "amount": 2.5},
    "keep": {"order_id": 10, "data": {"kept": [1, 2]}},
    "history": {"rows": 5},
}
"""A call that succeeds for each tool; a new tool needs one here."""


@dataclass(frozen=True, slots=True)
class Inspector:
    """The program, and how it reaches a server."""

    folder: Path
    target: tuple[str, ...]
    environ: dict[str, str]

    def run(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """Return exit code and what it printed."""
        binaries = self.folder / "node_modules"
        done = subprocess.run(
            [
                binaries / ".bin" / "mcp-inspector",
                "--cli",
                "--format",
                "json",
                "-q",
                *arguments,
                *self.target,
            ],
            env={**self.environ, "PATH": f"{binaries / 'node' / 'bin'}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.stdout.strip(), done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return done.returncode, found.get("result", found)

    def call(self, tool: str, given: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Call a tool."""
        arguments = ("--tool-name", tool, "--tool-args-json", json.dumps(given))
        return self.run("--method", "tools/call", *arguments)


@functools.cache
def find_inspector() -> Path:
    """Return where it is; without it the tests are skipped, and fail where CI is set."""
    done = subprocess.run([_SCRIPT, "--find"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        message = "MCP Inspector is not installed: scripts/inspector installs it, with npm"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return Path(done.stdout.strip())


@pytest.fixture(scope="module")
def front(installed_desk: Desk) -> Generator[HttpServer]:
    with installed_desk.serve("robot", "reader") as server:
        yield server


@pytest.fixture(params=["stdio", "http"])
def inspector(request: pytest.FixtureRequest, desk: Desk, front: HttpServer, tmp_path: Path) -> Inspector:
    """The Inspector before agent robot, by each transport in turn."""
    home = {"HOME": str(tmp_path)}
    if request.param == "http":
        header = f"Authorization: Bearer {front.tokens['robot']}"
        target = ("--transport", "http", "--server-url", front.url, "--header", header)
        return Inspector(find_inspector(), target, home)
    # It gives a server no variables but those of its own options.
    variables = [part for name, value in desk.environ().items() for part in ("-e", f"{name}={value}")]
    return Inspector(find_inspector(), (*variables, "--", *desk.command("--agent", "robot")), home)


def test_it_drives_every_tool(inspector: Inspector) -> None:
    code, listed = inspector.run("--method", "tools/list", "--strict")
    assert code == 0, listed
    assert {tool["name"] for tool in listed["tools"]} == set(_CALLS)
    with ThreadPoolExecutor(3) as several:  # each starts Node, and over stdio a server
        answers = dict(zip(_CALLS, several.map(inspector.call, _CALLS, _CALLS.values()), strict=True))
    for tool, (code, answer) in answers.items():
        assert code == 0, (tool, answer)
        assert not answer.get("isError"), (tool, answer)
        assert json.loads(answer["content"][0]["text"]) == answer["structuredContent"]
    given = {tool: answer["structuredContent"] for tool, (_, answer) in answers.items()}
    assert given["query"]["rows"] == [[7, "pending"]]
    assert given["write"]["affected"] == 1
    assert given["refund_order"]["affected"] == 2
    assert {change["entity"] for change in given["preview"]["changes"]} == {"orders", "refunds"}


def test_it_is_told_why_a_call_is_refused(inspector: Inspector) -> None:
    """Its client is the one in TypeScript, which holds a refusal too against the tool's output schema."""
    _, answer = inspector.call("query", {"sql": "COMMIT; DROP SCHEMA public CASCADE"})
    assert answer["isError"]
    assert answer["structuredContent"]["code"] == "guard-refused"
    assert answer["structuredContent"]["hint"]
