"""
Spans and metrics of what agents do, through OpenTelemetry's API alone: without an SDK nothing is recorded.

In: agent, operation, task. Out: a span around the block, a duration. I/O: whatever SDK the program has.

Names follow https://opentelemetry.io/docs/specs/semconv/database/. Metrics carry no task and no text: their
number of series stays small.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from time import monotonic

from opentelemetry import metrics, trace
from opentelemetry.trace import SpanKind, StatusCode

from pgmoat.errors import AgentError
from pgmoat.runtime.result import Result

_TRACER = trace.get_tracer("pgmoat")
_METER = metrics.get_meter("pgmoat")
_DURATION = _METER.create_histogram(
    "db.client.operation.duration", unit="s", description="Time of an agent's call, attempts and pauses too."
)
_ATTEMPTS = _METER.create_counter(
    "pgmoat.client.retries", unit="{attempt}", description="Attempts that failed and were made again."
)
_REPLAYS = _METER.create_counter(
    "pgmoat.client.replays", unit="{write}", description="Writes that had been done before with the same key."
)


@contextmanager
def observe(agent: str, operation: str, task_id: str, step: str) -> Generator[None]:
    """Put a span around the block, and record how long it took and whether it failed."""
    labels = {"db.system.name": "postgresql", "db.operation.name": operation, "pgmoat.agent": agent}
    own = {**labels, "pgmoat.task": task_id} | ({"pgmoat.step": step} if step else {})
    started = monotonic()
    try:
        # Without the exception's text and trace: PostgreSQL's own error behind it quotes values.
        with _TRACER.start_as_current_span(
            f"pgmoat {operation}",
            kind=SpanKind.CLIENT,
            attributes=own,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except BaseException as error:  # whatever it is, the span says so; raised again
                code = error.code if isinstance(error, AgentError) else type(error).__name__
                labels = {**labels, "error.type": code}
                span.set_attribute("error.type", code)
                span.set_status(StatusCode.ERROR, code)
                raise
    finally:
        _DURATION.record(monotonic() - started, labels)


def count_retry(code: str) -> None:
    """Count an attempt that failed for the reason *code* and is made again."""
    _ATTEMPTS.add(1, {"error.type": code})


def count_replay(agent: str, result: Result) -> Result:
    """Count *result* if it is a replay, and return it."""
    if result.replayed:
        _REPLAYS.add(1, {"pgmoat.agent": agent})
    return result


def render_traceparent() -> str:
    """Return the current span as https://www.w3.org/TR/trace-context/ writes it; empty without one."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return ""
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
