"""The bench runs from end to end. No time is asserted: `--quick` shows that it works, not how fast."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

_PROJECT = Path(__file__).resolve().parents[2]
_NAMES = (
    *(
        "people",
        "point_read",
        "scoped",
        "decode",
        "writes",
        "logs",
        "operations",
        "sqlalchemy",
        "history",
        "parallel",
        "commits",
    ),
    *("overhead", "fleet", "sampling", "scale", "guard", "cold_start"),
)


def test_quick_run_measures_everything(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    server = os.environ.get("PGMOAT_TEST_SERVER", "wheel18")
    process = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", "--server", server, "--json", str(figures)],
        cwd=_PROJECT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert "| filter | rows | entity |" in process.stdout

    measurements: dict[str, Any] = json.loads(figures.read_text(encoding="utf-8"))["measurements"]
    assert tuple(measurements) == _NAMES
    for name, report in measurements.items():
        for table in report["tables"]:
            assert table["rows"], name
            assert all(len(row) == len(table["columns"]) for row in table["rows"]), name

    exactness = measurements["commits"]["tables"][-1]["rows"]
    for limit, allowed, *found in exactness:
        assert found == [allowed] * 4, limit


def test_unknown_server_is_an_error() -> None:
    process = subprocess.run(
        [sys.executable, "-m", "bench", "--server", "system1"],
        cwd=_PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert process.returncode == 1
    assert "server-failed" in process.stderr
    assert "Traceback" not in process.stderr
