"""What `import pgmoat.runtime` loads: nothing of the owner's side, no optional library."""

from __future__ import annotations

import subprocess
import sys

OWNERS = ("catalog", "cli", "compiler", "devpg", "doctor", "ledger", "plan", "pooler")
NOT_LOADED = {
    "langchain_core",
    "numpy",
    "opentelemetry.sdk",
    "pandas",
    "pyarrow",
    "rich",
    "sqlalchemy",
    "typer",
    *(f"pgmoat.{part}" for part in OWNERS),
}


def test_only_what_agents_need_is_loaded() -> None:
    code = "import sys, pgmoat.runtime; print('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    loaded = set(run.stdout.splitlines())
    assert "pgmoat.runtime.tag" in loaded
    assert not loaded & NOT_LOADED
