"""Figures are written as Prometheus and OpenMetrics read them, and labels hold nothing that agents choose."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

import pytest
from prometheus_client import parser as plain
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.openmetrics import parser as openmetrics

from pgmoat.dashboard.exposition import METRICS, Kind, render

FIGURES = {
    "pgmoat_up": {(): 1.0},
    "pgmoat_database_seconds_total": {("clerk", "CPU"): 1.5, ("", "IO"): 2.0},
    "pgmoat_unfinished_statements_total": {("clerk", "timed out"): 2},
    "pgmoat_connections_max": {},
}
OPENMETRICS = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"


@pytest.mark.parametrize(
    "accept", ["", "*/*", "text/plain", OPENMETRICS, "application/openmetrics-text;version=x"]
)
def test_each_format_holds_the_same(accept: str) -> None:
    body, content_type = render(FIGURES, accept)
    is_openmetrics = "openmetrics" in accept
    assert content_type.startswith(
        "application/openmetrics-text; version=1.0.0" if is_openmetrics else "text/plain; version=0.0.4"
    )
    parse = cast(
        "Callable[[str], Iterable[Family]]",
        (openmetrics if is_openmetrics else plain).text_string_to_metric_families,  # pyright: ignore[reportUnknownMemberType]
    )
    samples = {
        (sample.name, tuple(sample.labels.items())): sample.value
        for family in parse(body.decode())
        for sample in family.samples
    }
    assert samples == {
        ("pgmoat_up", ()): 1,
        ("pgmoat_database_seconds_total", (("agent", "clerk"), ("wait_class", "CPU"))): 1.5,
        ("pgmoat_database_seconds_total", (("agent", "everybody else"), ("wait_class", "IO"))): 2,
        ("pgmoat_unfinished_statements_total", (("agent", "clerk"), ("how", "timed out"))): 2,
    }


def test_a_figure_without_a_metric_is_a_fault() -> None:
    with pytest.raises(KeyError, match="pgmoat_other"):
        render({"pgmoat_other": {(): 1}}, "")


def test_names_are_those_that_prometheus_asks_for() -> None:
    for metric in METRICS:
        assert metric.name.startswith("pgmoat_")
        assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
        assert set(metric.labels) <= {
            "agent",
            "wait_class",
            "how",
            "code",
            "kind",
            "action",
            "version",
            "webhook",
        }
