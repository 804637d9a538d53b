"""Without an SDK nothing is recorded and nothing fails."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

CODE = """
import sys
from opentelemetry import trace
from pgmoat.errors import BusyError
from pgmoat.runtime.result import Result
from pgmoat.runtime.telemetry import count_replay, count_retry, observe, render_traceparent

with observe("support", "query", "T-1", "look up"):
    assert not trace.get_current_span().is_recording()
    assert render_traceparent() == ""
try:
    with observe("support", "query", "T-1", ""):
        raise BusyError("busy")
except BusyError as error:
    count_retry(error.code)
result = Result((), (), 1, replayed=True)
assert count_replay("support", result) is result
assert "opentelemetry.sdk" not in sys.modules
print("fine")
"""


def test_without_an_sdk() -> None:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", dedent(CODE)], check=True, capture_output=True, text=True
    )
    assert (run.stdout, run.stderr) == ("fine\n", "")
