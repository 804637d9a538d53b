"""
Run the command line as a user does, in this process: to start one takes longer than most verbs do.

In: arguments. Out: exit code, output. I/O: what the verb does; a process where one is asked for.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from pgmoat.cli.main import run


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
        with _stand_in(self.directory, self._make_environment(environment)) as (out, err):
            code = run(list(arguments))
        return Answer(code, out.getvalue(), err.getvalue())

    def in_a_process(self, *arguments: str, **environment: str) -> Answer:
        """Run ``python -m pgmoat ARGUMENTS``, for what a process of its own is needed for."""
        done = subprocess.run(
            [sys.executable, "-m", "pgmoat", *arguments],
            cwd=self.directory,
            env=self._make_environment(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def _make_environment(self, more: Mapping[str, str]) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in ("PGMOAT_DSN", "DATABASE_URL")}
        dsn = {"PGMOAT_DSN": self.dsn} if self.dsn else {}
        return {**kept, "COLUMNS": "120", "NO_COLOR": "1", **dsn, **more}

    def must(self, *arguments: str) -> Answer:
        """Run a command that has to succeed."""
        answer = self(*arguments)
        assert answer.code == 0, f"pgmoat {arguments}: {answer}"
        return answer


@contextlib.contextmanager
def _stand_in(directory: Path, environment: Mapping[str, str]) -> Generator[tuple[io.StringIO, io.StringIO]]:
    """Give this process another directory, environment, input and output inside of the block."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(directory),
        mock.patch.dict(os.environ, environment, clear=True),
        Path(os.devnull).open(encoding="utf-8") as nothing,
        mock.patch.object(sys, "stdin", nothing),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        yield out, err
