"""Spans, metrics and the traceparent that PostgreSQL sees, through OpenTelemetry's SDK."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from pgmoat import errors
from pgmoat.runtime import AsyncMoat, Backoff, Moat
from tests.integration.runtime.conftest import QUICK, Opener
from tests.moat_fixtures import Moat as Site

READ = "SELECT id FROM orders WHERE id = 1"
WRITE = "UPDATE orders SET visits = visits + 1 WHERE id = 7"
Attributes = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sdk:
    """What an SDK in memory has recorded."""

    exporter: InMemorySpanExporter
    reader: InMemoryMetricReader

    def spans(self) -> list[ReadableSpan]:
        """Return the spans of pgmoat, in the order of their ends."""
        return [span for span in self.exporter.get_finished_spans() if span.name.startswith("pgmoat ")]

    def points(self) -> Iterator[tuple[str, Attributes, float]]:
        """Yield each series of pgmoat: name, labels, how often or how much."""
        data = self.reader.get_metrics_data()
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                for metric in scope.metrics if scope.scope.name == "pgmoat" else ():
                    for point in metric.data.data_points:
                        found: Any = point
                        yield (
                            metric.name,
                            dict(found.attributes),
                            getattr(found, "count", None) or found.value,
                        )

    def count(self, name: str, **labels: str) -> float:
        """Return the sum of the series of *name* that have *labels*, dots written as underscores."""
        wanted = {key.replace("_", "."): value for key, value in labels.items()}
        return sum(
            value for found, own, value in self.points() if found == name and wanted.items() <= own.items()
        )


@pytest.fixture(scope="session")
def recording() -> Generator[Sdk]:
    """The SDK, which a process can be given once; what it has recorded stays until a test clears it."""
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracers, meters = TracerProvider(shutdown_on_exit=False), MeterProvider([reader], shutdown_on_exit=False)
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(tracers)
    metrics.set_meter_provider(meters)
    yield Sdk(exporter, reader)
    tracers.shutdown()
    meters.shutdown()


@pytest.fixture
def sdk(recording: Sdk) -> Sdk:
    """The SDK without the spans of earlier tests; metrics go on counting."""
    recording.exporter.clear()
    return recording


def test_every_call_has_a_span(sdk: Sdk, moat: Moat) -> None:
    with moat.task("support", "T-1") as task:
        task.query(READ)
        with task.step("look up"):
            task.write(WRITE)
            task.call("bump", {"order_id": 7})
        task.preview(WRITE)
        task.preview_call("bump", {"order_id": 7})
        with task.transaction() as transaction:
            transaction.query(READ)
    spans = sdk.spans()
    assert [span.name for span in spans] == [
        "pgmoat query",
        "pgmoat write",
        "pgmoat bump",
        "pgmoat preview",
        "pgmoat preview",
        "pgmoat transaction",
    ]
    assert {span.kind for span in spans} == {SpanKind.CLIENT}
    assert {span.status.status_code for span in spans} == {StatusCode.UNSET}
    assert dict(spans[0].attributes or {}) == {
        "db.system.name": "postgresql",
        "db.operation.name": "query",
        "pgmoat.agent": "support",
        "pgmoat.task": "T-1",
    }
    assert [(span.attributes or {}).get("pgmoat.step") for span in spans[:4]] == [
        None,
        "look up",
        "look up",
        None,
    ]


def test_a_failure_stands_in_span_and_metric(sdk: Sdk, moat: Moat) -> None:
    labels = {"db_operation_name": "refund_order", "error_type": "state-conflict"}
    before = sdk.count("db.client.operation.duration", **labels)
    with moat.task("support", "T-1") as task, pytest.raises(errors.StateConflictError):
        task.call("refund_order", {"order_id": 7, "amount": -1})
    (span,) = sdk.spans()
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "state-conflict"
    assert (span.status.description, list(span.events)) == ("state-conflict", [])  # which would quote values
    assert sdk.count("db.client.operation.duration", **labels) == before + 1


def test_a_failure_within_a_transaction_stands_in_its_span(sdk: Sdk, moat: Moat) -> None:
    with (
        moat.task("support", "T-1") as task,
        pytest.raises(errors.ValueRefusedError),
        task.transaction() as transaction,
    ):
        transaction.query("SELECT 1 / 0 AS x")
    (span,) = sdk.spans()
    assert (span.attributes or {})["error.type"] == "value-refused"


def test_a_span_nests_and_the_current_one_is_the_callers_again(sdk: Sdk, moat: Moat) -> None:
    tracer = trace.get_tracer("a program")
    with moat.task("support", "T-1") as task, tracer.start_as_current_span("think") as outer:
        task.query(READ)
        assert trace.get_current_span() is outer
    (span,) = sdk.spans()
    assert span.parent is not None
    assert span.parent.span_id == outer.get_span_context().span_id
    assert span.context is not None
    assert span.context.trace_id == outer.get_span_context().trace_id


def test_postgresql_sees_the_span_in_the_comment(sdk: Sdk, moat: Moat, shop: Site) -> None:
    tracer = trace.get_tracer("a program")
    with (
        moat.task("support", "T-1") as task,
        tracer.start_as_current_span("think") as outer,
        task.step("look up"),
        task.transaction() as transaction,
    ):
        transaction.query(READ)
        seen = shop.value(
            "SELECT query FROM pg_stat_activity WHERE usename = %s AND state = 'idle in transaction'",
            shop.role("support"),
        )
    (span,) = sdk.spans()
    assert span.context is not None
    match = re.match(r"/\*([^*]*)\*/ SELECT", seen)
    assert match is not None
    trace_id, flags = outer.get_span_context().trace_id, outer.get_span_context().trace_flags
    assert flags & 1  # sampled
    assert dict(pair.split("=", 1) for pair in unquote(match[1]).split(",")) == {
        "agent_id": "'support-v1'",
        "step": "'look up'",
        "task_id": "'T-1'",
        "traceparent": f"'00-{trace_id:032x}-{span.context.span_id:016x}-{flags:02x}'",
    }


def test_metrics_have_no_label_of_a_task_and_no_text(sdk: Sdk, moat: Moat) -> None:
    with moat.task("support", "T-secret") as task, task.step("S-secret"):
        task.query(READ)
        task.write(WRITE)
        task.write(WRITE)
    points = list(sdk.points())
    assert {"db.client.operation.duration", "pgmoat.client.replays"} <= {name for name, _, _ in points}
    labels = {key for _, found, _ in points for key in found}
    assert labels <= {"db.system.name", "db.operation.name", "pgmoat.agent", "error.type"}
    assert not any("secret" in str(found) or "SELECT" in str(found) for _, found, _ in points)


def test_replays_and_durations_are_counted(sdk: Sdk, moat: Moat) -> None:
    labels = {"db_operation_name": "write", "pgmoat_agent": "support"}
    replays = sdk.count("pgmoat.client.replays", pgmoat_agent="support")
    writes = sdk.count("db.client.operation.duration", **labels)
    with moat.task("support", "T-1") as task:
        task.write(WRITE)
        assert sdk.count("pgmoat.client.replays", pgmoat_agent="support") == replays
        task.write(WRITE)
    assert sdk.count("pgmoat.client.replays", pgmoat_agent="support") == replays + 1
    assert sdk.count("db.client.operation.duration", **labels) == writes + 2


def test_retries_are_counted_by_their_reason_in_one_span(sdk: Sdk, make_runtime: Opener, route: str) -> None:
    before = sdk.count("pgmoat.client.retries", error_type="pool-exhausted")
    moat = make_runtime(route, backoff=Backoff(deadline_s=0.7, first_s=0.01, most_s=0.02))
    with (
        moat.task("narrow", "T-1") as task,
        task.transaction(),  # the agent's one connection
        pytest.raises(errors.PoolExhaustedError),
    ):
        task.query(READ)
    assert sdk.count("pgmoat.client.retries", error_type="pool-exhausted") > before
    assert [(span.name, (span.attributes or {}).get("error.type")) for span in sdk.spans()] == [
        ("pgmoat query", "pool-exhausted"),
        ("pgmoat transaction", None),
    ]


def test_asyncio_tasks_have_spans_of_their_own(sdk: Sdk, shop: Site) -> None:
    tracer = trace.get_tracer("a program")

    async def work(moat: AsyncMoat, task_id: str) -> int:
        with tracer.start_as_current_span(task_id) as outer:
            async with moat.task("support", task_id) as task:
                await task.query(READ)
        return outer.get_span_context().span_id

    async def run() -> tuple[int, int]:
        async with AsyncMoat(
            shop.policy, dsns=shop.dsns(), orchestrator_dsn=shop.database.dsn, backoff=QUICK
        ) as moat:
            return await asyncio.gather(work(moat, "T-1"), work(moat, "T-2"))

    parents = asyncio.run(run())
    found = {
        str((span.attributes or {})["pgmoat.task"]): span.parent.span_id
        for span in sdk.spans()
        if span.parent
    }
    assert found == dict(zip(("T-1", "T-2"), parents, strict=True))
