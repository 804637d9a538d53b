"""
How a server begins and ends, and what it writes besides answers: nothing.

I/O: PostgreSQL, processes.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time
from typing import Any

import pytest

from tests.integration.mcp.desk import Desk
from tests.integration.mcp.wire import Wire, open_wire

SLEEP = "SELECT id FROM orders WHERE id = 1 AND public.nap(18)"


def sleepers(desk: Desk, agent: str) -> int:
    """Return how many of an agent's sessions sleep."""
    return desk.site.value(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = %s AND wait_event = 'PgSleep'",
        desk.site.role(agent),
    )


def wait_for(desk: Desk, agent: str, wanted: int) -> None:
    """Wait until so many of an agent's sessions sleep."""
    for _ in range(150):
        if sleepers(desk, agent) == wanted:
            return
        time.sleep(0.1)
    pytest.fail(f"{sleepers(desk, agent)} sessions sleep, not {wanted}")


@pytest.mark.parametrize("number", [None, signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_order(desk: Desk, number: signal.Signals | None) -> None:
    with open_wire(desk, "robot") as wire:
        wire.greet()
        wire.ask(1, "query", sql="SELECT id FROM orders WHERE id = 1")
        assert wire.read()["result"]["structuredContent"]["rows"] == [[1]]
        if number is not None:
            wire.process.send_signal(number)
        code, written, logged = wire.end()
        assert (code, written, logged) == (0, "", "")


def test_what_runs_ends_with_it(desk: Desk) -> None:
    with open_wire(desk, "robot") as wire:
        wire.greet()
        wire.ask(1, "query", sql=SLEEP)
        wait_for(desk, "robot", 1)
        wire.process.terminate()
        code, written, logged = wire.end()
        assert (code, logged) == (0, "")
        assert json.loads(written)["error"]["message"] == "Connection closed"
    wait_for(desk, "robot", 0)


def test_a_cancelled_call_is_cancelled_on_the_server(desk: Desk, route: str) -> None:
    with open_wire(desk, "robot", route=route) as wire:
        wire.greet()
        wire.ask(1, "query", sql=SLEEP)
        wait_for(desk, "robot", 1)
        wire.send("notifications/cancelled", {"requestId": 1, "reason": "changed my mind"})
        wait_for(desk, "robot", 0)
        wire.ask(2, "query", sql="SELECT id FROM orders WHERE id = 1")
        answer = wire.read()
        assert answer["id"] == 2
        assert answer["result"]["structuredContent"]["rows"] == [[1]]


def test_calls_of_one_session_run_side_by_side(desk: Desk) -> None:
    with open_wire(desk, "robot") as wire:
        wire.greet()
        wire.ask(1, "query", sql=SLEEP)
        wait_for(desk, "robot", 1)
        wire.ask(2, "query", sql="SELECT id FROM orders WHERE id = 2")
        assert wire.read()["id"] == 2


def test_an_exhausted_pool_is_an_error_and_no_empty_answer(desk: Desk) -> None:
    with open_wire(desk, "tight") as wire:
        wire.greet()
        wire.ask(1, "query", sql=SLEEP)
        wait_for(desk, "tight", 1)
        wire.ask(2, "query", sql="SELECT id FROM orders WHERE id = 2")
        answer = wire.read()
        assert answer["id"] == 2
        assert answer["result"]["isError"] is True
        error = answer["result"]["structuredContent"]
        assert error["code"] == "pool-exhausted"
        assert error["retry_after_s"] > 0


def test_lines_that_are_no_messages_do_not_end_it(desk: Desk) -> None:
    with open_wire(desk, "robot") as wire:
        wire.greet()
        assert wire.process.stdin is not None
        wire.process.stdin.write('no json\n{"jsonrpc": "2.0"}\n[]\n' + "x" * 5_000_000 + "\n")
        wire.process.stdin.flush()
        wire.ask(2, "query", sql="SELECT id FROM orders WHERE id = 2")
        assert _read_answer(wire, 2)["result"]["structuredContent"]["rows"] == [[2]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--agent", "nobody"], "the policy has no agent 'nobody'"),
        ([], "--agent is missing"),
        (["--agent", "robot", "--credentials", "/nonexistent"], "cannot read /nonexistent"),
        (["--http"], "there is no bearer token"),
        (["--http", "--host", "192.0.2.1"], "others than this machine reach 192.0.2.1"),
    ],
)
def test_what_cannot_work_is_said_before_it_begins(desk: Desk, arguments: list[str], said: str) -> None:
    done = subprocess.run(
        desk.command(*arguments), capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    assert done.returncode == 1
    assert said in " ".join(done.stderr.split())
    assert done.stdout == ""


def _read_answer(wire: Wire, number: int) -> dict[str, Any]:
    for _ in range(10):
        message = wire.read()
        if message.get("id") == number:
            return message
    pytest.fail("no answer")
