"""
Run the command line as a user does: a process of its own.

In: arguments. Out: exit code, output. I/O: a process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, read as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Command:
    """``pgmoat`` in a directory, with a database."""

    directory: Path
    dsn: str | None

    def __call__(self, *arguments: str, **environment: str) -> Answer:
        """Run ``pgmoat ARGUMENTS`` and return what came of it."""
        kept = {k: v for k, v in os.environ.items() if k not in ("PGMOAT_DSN", "DATABASE_URL")}
        dsn = {"PGMOAT_DSN": self.dsn} if self.dsn else {}
        done = subprocess.run(
            [sys.executable, "-m", "pgmoat", *arguments],
            cwd=self.directory,
            env={**kept, "COLUMNS": "120", "NO_COLOR": "1", **dsn, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def must(self, *arguments: str) -> Answer:
        """Run a command that has to succeed."""
        answer = self(*arguments)
        assert answer.code == 0, f"pgmoat {arguments}: {answer}"
        return answer
