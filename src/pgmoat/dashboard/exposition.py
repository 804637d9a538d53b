"""
Figures as Prometheus reads them.

In: Figures. Out: text, in the format of Prometheus or of OpenMetrics. I/O: none.

Few labels, and none that an agent chooses: no task, no step, no statement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from prometheus_client import CollectorRegistry, exposition
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from pgmoat.dashboard.text import PEOPLE

_OPENMETRICS = "application/openmetrics-text"

Figures = Mapping[str, Mapping[tuple[str, ...], float]]
"""By a metric's name, values by its labels; what is missing is not known."""


class Kind(StrEnum):
    """Counters only grow, and begin anew with the process; gauges come and go."""

    COUNTER = "counter"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: the name that queries use, its labels, what it says."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    meaning: str


_C, _G, _A = Kind.COUNTER, Kind.GAUGE, ("agent",)
METRICS: tuple[Metric, ...] = (
    Metric("pgmoat_up", _G, (), "1: the database answered in time, with a pgmoat of this version."),
    Metric("pgmoat_build_info", _G, ("version",), "Always 1; the version of pgmoat serve."),
    Metric("pgmoat_scrape_duration_seconds", _G, (), "How long reading the database took this time."),
    Metric("pgmoat_database_seconds_total", _C, ("agent", "wait_class"), "Time that statements ran."),
    Metric("pgmoat_idle_in_transaction_seconds_total", _C, _A, "Time that transactions were open and idle."),
    Metric("pgmoat_sampled_seconds_total", _C, (), "Time during which the watchdog looked."),
    Metric("pgmoat_statements_total", _C, _A, "Statements that finished (pg_stat_statements)."),
    Metric("pgmoat_statement_seconds_total", _C, _A, "How long these took, planning included."),
    Metric("pgmoat_rows_written_total", _C, _A, "Rows that agents wrote."),
    Metric("pgmoat_unfinished_statements_total", _C, ("agent", "how"), "Statements that did not finish."),
    Metric("pgmoat_refusals_total", _C, ("agent", "code"), "Statements that pgmoat refused, by SQLSTATE."),
    Metric("pgmoat_incidents_total", _C, ("agent", "kind", "action"), "What the watchdog and people did."),
    Metric("pgmoat_connections", _G, _A, "Clients that are connected."),
    Metric("pgmoat_connections_max", _G, _A, "How many the agent may have; none where there is no limit."),
    Metric("pgmoat_agent_frozen", _G, _A, "1: the agent is frozen."),
    Metric("pgmoat_open_tasks", _G, _A, "Tasks that are neither closed nor past their deadline."),
    Metric("pgmoat_frozen_tasks", _G, _A, "Those of them that are frozen by themselves."),
    Metric("pgmoat_hour_writes_used", _G, _A, "Rows written in the present clock hour (UTC)."),
    Metric("pgmoat_hour_writes_limit", _G, _A, "How many the agent may write in a clock hour."),
    Metric("pgmoat_approvals_pending", _G, _A, "Writes that wait for a person's word."),
    Metric("pgmoat_approvals_oldest_age_seconds", _G, _A, "How long the oldest of them has waited."),
    Metric("pgmoat_watchdog_up", _G, (), "1: the heartbeat of the watchdog counts."),
    Metric("pgmoat_watchdog_heartbeat_age_seconds", _G, (), "How old that is; none before the first."),
    Metric("pgmoat_sampling_coverage_ratio", _G, (), "For which part of the last 5 minutes it looked."),
    Metric("pgmoat_hidden_sessions", _G, (), "Sessions that it could not see into then, at most."),
    Metric("pgmoat_webhook_delivered_incidents_total", _C, ("webhook",), "Incidents a webhook was told of."),
    Metric("pgmoat_webhook_dropped_incidents_total", _C, ("webhook",), "Incidents that it gave up."),
    Metric("pgmoat_webhook_pending_incidents", _G, ("webhook",), "Incidents still to be told."),
    Metric("pgmoat_webhook_failing", _G, ("webhook",), "1: the last delivery failed."),
)  # fmt: skip


class _Scrape(Collector):
    """One answer; each has a registry of its own, so that nothing is left over from the last."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Family]:
        """Yield a family for each metric that has values."""
        unknown = self._figures.keys() - {metric.name for metric in METRICS}
        if unknown:
            raise KeyError(*sorted(unknown))
        for metric in METRICS:
            values = self._figures.get(metric.name, {})
            if values:
                yield _make_family(metric, values)


def _make_family(metric: Metric, values: Mapping[tuple[str, ...], float]) -> Family:
    # No _created: Prometheus stores it as one more series for each counter.
    if metric.kind is Kind.COUNTER:
        name = metric.name.removesuffix("_total")
        family = CounterMetricFamily(name, metric.meaning, labels=metric.labels)
    else:
        family = GaugeMetricFamily(metric.name, metric.meaning, labels=metric.labels)
    has_agent = "agent" in metric.labels[:1]
    for labels, value in values.items():
        family.add_metric((labels[0] or PEOPLE, *labels[1:]) if has_agent else labels, value)
    return family


def render(figures: Figures, accept: str) -> tuple[bytes, str]:
    """Return the answer and its content type, as OpenMetrics where *accept* takes that."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Scrape(figures))
    if any(part.partition(";")[0].strip() == _OPENMETRICS for part in accept.split(",")):
        # The library's function has no types.
        text = openmetrics.generate_latest(registry)  # pyright: ignore[reportUnknownMemberType,reportUnknownVariableType]
        return cast("bytes", text), openmetrics.CONTENT_TYPE_LATEST
    return exposition.generate_latest(registry), exposition.CONTENT_TYPE_PLAIN_0_0_4
