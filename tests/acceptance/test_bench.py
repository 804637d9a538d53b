"""The bench runs from end to end. No time is asserted: `--quick` shows that it works, not how fast."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

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
    *(
        "overhead",
        "parts",
        "fleet",
        "sampling",
        "record",
        "scale",
        "guard",
        "mcp",
        "explain",
        "naming",
        "cold_start",
    ),
)


def test_quick_run_measures_everything(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    server = os.environ.get("PGMOAT_TEST_SERVER", "wheel18")
    code, output, errors = _run(
        tmp_path, "--quick", "--server", server, "--json", str(figures), timeout_s=600
    )
    assert code == 0, errors
    assert "| filter | rows | entity |" in output

    measurements: dict[str, Any] = json.loads(figures.read_text(encoding="utf-8"))["measurements"]
    assert tuple(measurements) == _NAMES
    for name, report in measurements.items():
        for table in report["tables"]:
            assert table["rows"], name
            assert all(len(row) == len(table["columns"]) for row in table["rows"]), name

    exactness = measurements["commits"]["tables"][-1]["rows"]
    for limit, allowed, *found in exactness:
        assert found == [allowed] * 4, limit


def test_unknown_server_is_an_error(tmp_path: Path) -> None:
    code, _, errors = _run(tmp_path, "--server", "system1", timeout_s=60)
    assert code == 1
    assert "server-failed" in errors
    assert "Traceback" not in errors


def test_one_that_hangs_says_where(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        dsn = f"host=127.0.0.1 port={mute.getsockname()[1]} user=nobody"
        with pytest.raises(pytest.fail.Exception, match="most recent call first"):
            _run(tmp_path, "--quick", "--server", dsn, timeout_s=3)


def _run(folder: Path, *arguments: str, timeout_s: float) -> tuple[int, str, str]:
    """Return exit code and output of the bench; of one that hangs, fail with what it said and its stack."""
    command = [sys.executable, "-X", "faulthandler", "-m", "bench", *arguments]
    output, errors = folder / "output", folder / "errors"  # no pipes, which its servers may keep open
    with (
        output.open("wb") as first,
        errors.open("wb") as second,
        subprocess.Popen(command, cwd=_PROJECT, stdout=first, stderr=second) as process,
    ):
        try:
            code = process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            process.wait(10)
            pytest.fail(f"the bench took longer than {timeout_s:g} s\n{errors.read_text(encoding='utf-8')}")
        finally:
            process.kill()
    return code, output.read_text(encoding="utf-8"), errors.read_text(encoding="utf-8")
