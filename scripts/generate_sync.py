"""
Make the runtime's synchronous files from the asynchronous ones.

In: src/pgmoat/runtime/asynchronous. Out: src/pgmoat/runtime/synchronous, or the folder given. I/O: files.

    .venv/bin/python scripts/generate_sync.py

Token by token (https://github.com/python-trio/unasync), then formatted by ruff. A test compares the result
with what is there.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import unasync

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "pgmoat" / "runtime" / "asynchronous"
TARGET = SOURCE.with_name("synchronous")
HEADER = "# Made from asynchronous/{name} by scripts/generate_sync.py: change that one.\n"
REPLACEMENTS = {
    "AsyncAgentPool": "AgentPool",
    "AsyncAttempt": "Attempt",
    "AsyncConnection": "Connection",
    "AsyncConnectionPool": "ConnectionPool",
    "AsyncCursor": "Cursor",
    "AsyncMoat": "Moat",
    "AsyncOrchestrator": "Orchestrator",
    "AsyncPipeline": "Pipeline",
    "AsyncRawCursor": "RawCursor",
    "AsyncReplica": "Replica",
    "AsyncSession": "Session",
    "AsyncTask": "Task",
    "AsyncTransaction": "Transaction",
    "asynchronous": "synchronous",
    "asyncio": "time",
}


def generate(target: Path) -> None:
    """Write the synchronous files to *target*."""
    target.mkdir(parents=True, exist_ok=True)
    sources = sorted(str(path) for path in SOURCE.glob("*.py") if path.name != "__init__.py")
    rule = unasync.Rule(str(SOURCE), str(target), additional_replacements=REPLACEMENTS)
    unasync.unasync_files(sources, [rule])
    for source in sources:
        file = target / Path(source).name
        text = file.read_text(encoding="utf-8")
        for name, replacement in REPLACEMENTS.items():
            text = text.replace(f"`{name}", f"`{replacement}")  # in docstrings
        file.write_text(HEADER.format(name=file.name) + text, encoding="utf-8")
    ruff = Path(sys.executable).with_name("ruff")
    config = ["--config", str(ROOT / "pyproject.toml")]
    for command in (["check", "--select", "I", "--fix"], ["format"]):
        arguments = [ruff, command[0], "--quiet", *command[1:], *config, target]
        subprocess.run(arguments, check=True)  # noqa: S603 - no shell, and our own ruff


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET)
