"""Whose tasks the server keeps in mind."""

from __future__ import annotations

from typing import Any, cast

import pytest

from pgmoat.mcp_server import sessions
from pgmoat.mcp_server.sessions import Sessions


def test_what_one_agent_does_makes_no_other_agents_session_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_MOST", 3)
    kept = Sessions(cast("Any", None))
    own, first = kept.find("reader", "session"), kept.find("robot", 0)
    for number in range(1, 4):
        kept.find("robot", number)
    assert kept.find("reader", "session") is own
    assert kept.find("robot", 0) is not first  # there is a bound
