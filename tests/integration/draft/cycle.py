"""
The way of a new user: init, plan, apply, plan --check, init again.

In: a database, a prefix for roles, a folder. Out: Run. I/O: the command line, PostgreSQL.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pgmoat.cli.main import run


@dataclass(frozen=True, slots=True)
class Cli:
    """The command line against one database, with a policy in a folder."""

    dsn: str
    prefix: str
    folder: Path
    capsys: pytest.CaptureFixture[str]

    @property
    def policy(self) -> Path:
        """The policy file."""
        return self.folder / "moat.yaml"

    @property
    def memory(self) -> Path:
        """What init remembers."""
        return self.folder / "moat.init.json"

    def init(self, *options: str, code: int = 0) -> dict[str, Any]:
        """Draft, and return what --json says."""
        self.capsys.readouterr()
        assert run(["init", "--output", str(self.policy), "--dsn", self.dsn, "--json", *options]) == code
        printed = self.capsys.readouterr().out
        return json.loads(printed) if code == 0 else {}

    def draft(self, *options: str) -> dict[str, Any]:
        """Draft for the first time, with names of roles that nobody else on the server has."""
        found = self.init(*options)
        # A server with other policies on it has init write settings of its own.
        text = re.sub(r"^settings:\n(?:  .*\n)+", "", self.policy.read_text(), flags=re.MULTILINE)
        names = f"{{agent_role_prefix: {self.prefix}a_, system_role_prefix: {self.prefix}m_}}"
        self.policy.write_text(text.replace("\nversion: 1\n", f"\nversion: 1\nsettings: {names}\n", 1))
        return found

    def run(self, verb: str, *options: str) -> tuple[int, str, str]:
        """Run another verb; return its code and what it printed."""
        self.capsys.readouterr()
        extra = ["--credentials", str(self.folder / "agents.env"), "--yes"] if verb == "apply" else []
        code = run([verb, str(self.policy), "--dsn", self.dsn, *extra, *options])
        printed = self.capsys.readouterr()
        return code, printed.out, printed.err

    def expect(self, verb: str, *options: str, code: int = 0) -> str:
        """Run another verb that must end with *code*."""
        found, out, err = self.run(verb, *options)
        assert found == code, f"{verb}: {found}\n{out[-3000:]}\n{err[-3000:]}"
        return out


def run_cycle(cli: Cli) -> float:
    """Run the whole way; return the seconds that the first init took."""
    start = time.perf_counter()
    found = cli.draft()
    seconds = time.perf_counter() - start
    assert found["plan_errors"] == []
    assert found["written"]
    cli.expect("plan")
    cli.expect("apply")
    cli.expect("plan", "--check")
    before = cli.policy.read_bytes(), cli.memory.read_bytes()
    again = cli.init()
    assert not again["written"]
    assert again["added"] == again["not_added"] == again["vanished"] == []
    assert (cli.policy.read_bytes(), cli.memory.read_bytes()) == before
    cli.expect("plan", "--check")
    return seconds
