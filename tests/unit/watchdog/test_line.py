"""An incident in one line, as a chat shows it."""

from __future__ import annotations

from typing import Any

import pytest

from pgmoat.watchdog.line import describe_incident


def describe(kind: str, action: str, task: str | None = None, **detail: Any) -> str:
    return describe_incident(
        {
            "agent": "clerk",
            "task_id": task,
            "step": None,
            "kind": kind,
            "action": action,
            "subject": "approval:12",
            "detail": detail,
            "recorded_by": "dashboard",
        }
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            describe("by-hand", "frozen", by="Ada", reason="wrong prices", hard=False),
            "clerk frozen by hand by Ada: wrong prices",
        ),
        (describe("by-hand", "thawed", "T-1"), "clerk/T-1 thawed by hand by dashboard"),
        (
            describe("statement-timeout", "cancelled", "T-1", limit=5000, found=6025),
            "clerk/T-1 statement-timeout cancelled: ran 6.0 s, 5.0 s are allowed",
        ),
        (
            describe("agent-frozen", "terminated", limit=None, found=800),
            "clerk agent-frozen terminated: 0.8 s after that",
        ),
        (
            describe("repeats", "frozen", "T-1", limit=20, found=21),
            "clerk/T-1 repeats frozen: 21 times the same statement within a minute, 20 are allowed",
        ),
        (
            describe("surge", "frozen", limit=5000, found=9000, signal="rows written", why="no right"),
            "clerk surge frozen: 9000 rows written within a minute, 5000 are allowed; no right",
        ),
        (
            describe("connections", "terminated", limit=7, found=9),
            "clerk connections terminated: 9 sessions, 7 are allowed",
        ),
        (
            describe(
                "role-changed", "failed", setting="work_mem", limit=None, found="1GB", wanted="repaired"
            ),
            "clerk role-changed failed (to be repaired): work_mem was 1GB",
        ),
        (
            describe("approval", "held", "T-1", operation="refund_all", affected=1, why="amount > 100"),
            "clerk/T-1 refund_all held: number 12, 1 row; amount > 100",
        ),
        (
            describe("approval", "rejected", operation="write()", affected=60, who="Ada", reason="not today"),
            "clerk write() rejected by Ada: number 12, 60 rows; not today",
        ),
        (describe("approval", "held"), "clerk write held: number 12"),
        (
            describe("statement-timeout", "cancelled", limit="odd", found=None),
            "clerk statement-timeout cancelled",
        ),
    ],
)
def test_it_says_who_what_and_how_much(line: str, said: str) -> None:
    assert line == said
