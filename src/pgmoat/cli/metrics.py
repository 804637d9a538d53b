"""
``pgmoat metrics``: what Prometheus and Grafana are given to make something of ``/metrics``.

In: which of the two. Out: a file of the package. I/O: the terminal.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from importlib.resources import files
from typing import Annotated

import typer


class What(StrEnum):
    """Which file."""

    GRAFANA = "grafana"
    ALERTS = "alerts"


_FILES = {What.GRAFANA: "grafana/pgmoat.json", What.ALERTS: "prometheus/pgmoat-alerts.yaml"}


def metrics(
    what: Annotated[
        What,
        typer.Argument(help="grafana: a dashboard, to import. alerts: rules for Prometheus."),
    ],
) -> None:
    """
    Print a Grafana dashboard or alert rules for the metrics of pgmoat serve.

    They are at /metrics of pgmoat serve.
    """
    sys.stdout.write((files("pgmoat.dashboard") / _FILES[what]).read_text(encoding="utf-8"))
