"""
What the demo found, as data.

I/O: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pgmoat.demo.scenario import ScenarioResult


@dataclass(frozen=True, slots=True)
class AgentLogin:
    """What one needs to play an agent: its DSN, and the token of a task that is open for it."""

    agent: str
    dsn: str = field(repr=False)
    token: str = field(repr=False)
    psql: str = field(repr=False)  # a shell command that enters the task without the token in a query

    def to_json(self) -> dict[str, str]:
        """Return all fields."""
        return {"agent": self.agent, "dsn": self.dsn, "token": self.token, "psql": self.psql}


@dataclass(frozen=True, slots=True)
class Playground:
    """The server that ``--keep`` leaves running. It holds passwords: its ``repr`` does not show them."""

    dsn: str = field(repr=False)  # superuser
    psql: str = field(repr=False)  # a shell command, as superuser
    agents: tuple[AgentLogin, ...]
    credentials: Path  # the agents' DSNs, as apply writes them
    data_dir: Path
    stop_command: str

    def to_json(self) -> dict[str, Any]:
        """Return all fields."""
        return {
            "dsn": self.dsn,
            "psql": self.psql,
            "agents": [login.to_json() for login in self.agents],
            "credentials": str(self.credentials),
            "data_dir": str(self.data_dir),
            "stop": self.stop_command,
        }


@dataclass(frozen=True, slots=True)
class DemoReport:
    """The results, how long each phase took, and with ``--keep`` where to go on."""

    server_version: int  # as libpq writes it: 180001 for 18.1
    results: tuple[ScenarioResult, ...]
    seconds: Mapping[str, float]  # phase to seconds, in order
    policy_file: Path  # the example policy, to read and copy
    playground: Playground | None = None

    @property
    def all_held(self) -> bool:
        """Whether every scenario was played and held."""
        return bool(self.results) and all(result.held for result in self.results)

    @property
    def not_held(self) -> tuple[ScenarioResult, ...]:
        """The results to worry about."""
        return tuple(result for result in self.results if not result.held)

    @property
    def total_seconds(self) -> float:
        """All phases together."""
        return sum(self.seconds.values())

    def to_json(self) -> dict[str, Any]:
        """Return what ``pgmoat demo --json`` prints."""
        version = f"{self.server_version // 10_000}.{self.server_version % 10_000}"
        data: dict[str, Any] = {
            "scenarios": [result.to_json() for result in self.results],
            "all_held": self.all_held,
            "server_version": version,
            "policy_file": str(self.policy_file),
            "seconds": {phase: round(seconds, 2) for phase, seconds in self.seconds.items()},
        }
        if self.playground is not None:
            data["playground"] = self.playground.to_json()
        return data
