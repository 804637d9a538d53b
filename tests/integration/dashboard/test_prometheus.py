"""The real Prometheus scrapes a dashboard, alert rules load and fire, each panel's query has an answer."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from pgmoat.dashboard.exposition import METRICS
from tests.approval_fixtures import hold
from tests.dashboard_fixtures import (
    OPERATOR,
    VIEWER,
    find_port,
    hire,
    open_shop,
    run_statement,
    serve,
    wait_for,
    watch,
)
from tests.moat_fixtures import Moat, enter
from tests.postgres_fixtures import PostgresServer

FOLDER = Path(__file__).parents[3] / "src" / "pgmoat" / "dashboard"
RULES = FOLDER / "prometheus" / "pgmoat-alerts.yaml"
GRAFANA = FOLDER / "grafana" / "pgmoat.json"
SCRAPER = "metrics-secret-for-tests-89ab"
# Nothing of the kind happened: no webhook, nothing but what was refused did not finish.
EMPTY = {
    "Unfinished statements",
    "Incidents that webhooks still wait for",
    "Frozen tasks and agents",
    "Time of a scrape",
}
CONFIGURATION = """
global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
rule_files: [rules.yaml]
scrape_configs:
  - job_name: pgmoat
    authorization: {credentials_file: token}
    static_configs: [{targets: ['127.0.0.1:%d']}]
"""


@pytest.fixture(scope="module", autouse=True)
def programs() -> None:
    if not (shutil.which("promtool") and shutil.which("prometheus")):
        message = "Prometheus is not installed: apt-get install --no-install-recommends prometheus"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)


def run_promtool(*arguments: str, cwd: Path, text: str = "") -> str:
    """Return what promtool said, which was all right."""
    done = subprocess.run(
        ["promtool", *arguments], cwd=cwd, input=text, capture_output=True, text=True, timeout=60, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def test_alert_rules_fire_when_they_are_to(tmp_path: Path) -> None:
    shutil.copy(RULES, tmp_path)
    shutil.copy(Path(__file__).with_name("alerts.yaml"), tmp_path)
    run_promtool("check", "rules", RULES.name, cwd=tmp_path)
    assert "SUCCESS" in run_promtool("test", "rules", "alerts.yaml", cwd=tmp_path)


def test_each_alert_is_tried() -> None:
    defined = re.findall(r"- alert: (\w+)", RULES.read_text())
    tried = re.findall(r"alertname: (\w+)", Path(__file__).with_name("alerts.yaml").read_text())
    assert set(defined) == set(tried)


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running Prometheus."""

    url: str

    def ask(self, path: str, **parameters: str) -> Any:
        """Return what its HTTP API answers."""
        answer = httpx.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=20).json()
        assert answer["status"] == "success", (parameters, answer)
        return answer["data"]

    def query(self, expression: str) -> list[Any]:
        """Return an instant vector."""
        return self.ask("query", query=expression)["result"]


@contextlib.contextmanager
def run_prometheus(target: int, folder: Path) -> Generator[Prometheus]:
    """Run Prometheus before the dashboard at port *target*."""
    port = find_port()
    (folder / "token").write_text(SCRAPER)
    (folder / "prometheus.yaml").write_text(CONFIGURATION % target)
    shutil.copy(RULES, folder / "rules.yaml")
    run_promtool("check", "config", "prometheus.yaml", cwd=folder)
    log = (folder / "log").open("w")
    process = subprocess.Popen(
        [
            "prometheus",
            "--config.file=prometheus.yaml",
            "--storage.tsdb.path=data",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        cwd=folder,
        stdout=log,
        stderr=log,
    )
    prometheus = Prometheus(f"http://127.0.0.1:{port}")

    def is_ready() -> bool:
        assert process.poll() is None, (folder / "log").read_text()
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{prometheus.url}/-/ready", timeout=5).status_code == 200
        return False

    try:
        wait_for(is_ready, 60)
        yield prometheus
    finally:
        process.terminate()
        process.wait(20)
        log.close()


@pytest.fixture(scope="module")
def scraped(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Generator[Prometheus]:
    """A dashboard with a watchdog and agents at work, scraped each second until there is something to see."""
    environ = {
        "PGMOAT_DASHBOARD_OPERATOR_TOKEN": OPERATOR,
        "PGMOAT_DASHBOARD_VIEWER_TOKEN": VIEWER,
        "PGMOAT_METRICS_TOKEN": SCRAPER,
    }
    with open_shop(server) as shop, watch(shop.dsn):
        # Once before the first scrape: what is new after it would stand at 0 for a minute.
        _do_wrong(shop.moat)
        hold(shop.moat, "refunds")
        wait_for(lambda: shop.moat.value("SELECT count(*) FROM pgmoat.unfinished"), 60)
        with (
            serve(hire(shop.moat, "scrape", "monitor"), environ=environ) as served,
            run_prometheus(served.port, tmp_path_factory.mktemp("prometheus")) as prometheus,
            run_statement(shop.moat, "analyst", "SELECT pg_sleep(600)"),
        ):
            wait_for(lambda: prometheus.query("pgmoat_up == 1"), 60)
            _do_wrong(shop.moat)
            shop.moat.run("SELECT pgmoat.freeze_agent('support', 'for the test')")

            def is_counted() -> bool:
                # Not every server under test has pg_stat_statements: this is what the watchdog stores of it.
                shop.moat.run(_COUNT_STATEMENTS)
                return all(prometheus.query(f"sum(increase({name}[5m])) > 0") for name in _GROWING)

            wait_for(is_counted, 90)
            yield prometheus


_GROWING = (
    "pgmoat_database_seconds_total",
    "pgmoat_statements_total",
    "pgmoat_rows_written_total",
    "pgmoat_refusals_total",
    "pgmoat_incidents_total",
)
_COUNT_STATEMENTS = """
INSERT INTO pgmoat.activity VALUES (date_trunc('minute', now()), 'catalog', 1, 10, 10, 0.5, 0.1, 0)
    ON CONFLICT (minute, agent) DO UPDATE
   SET statements = activity.statements + 10, execution_seconds = activity.execution_seconds + 0.5
"""


def _do_wrong(moat: Moat) -> None:
    with moat.connect("support") as connection, connection.transaction():
        enter(connection, moat.open_task("support", "mail-1"), "reply")
        connection.execute("UPDATE orders SET note = 'x' WHERE id <= 7")
    with moat.connect("support") as connection:
        for _ in range(40):
            with pytest.raises(psycopg.Error, match="task"):
                connection.execute("UPDATE orders SET note = 'x' WHERE id = 1")
    moat.run(
        "INSERT INTO pgmoat.incident (agent, kind, action, subject)"
        " VALUES ('support', 'by-hand', 'frozen', 'for the test')"
    )


def list_queries() -> Iterator[tuple[str, str]]:
    """Yield each panel's title with each of its queries, as Grafana sends them."""
    values = {"$__rate_interval": "5m", "$instance": "INSTANCE", "$agent": ".*"}
    for panel in json.loads(GRAFANA.read_text())["panels"]:
        for target in panel.get("targets", []):
            text = target["expr"]
            for name, value in values.items():
                text = text.replace(name, value)
            assert "$" not in text
            yield panel["title"], text


def test_prometheus_scrapes_without_a_complaint(scraped: Prometheus) -> None:
    (target,) = scraped.ask("targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")
    metadata: Mapping[str, list[dict[str, str]]] = scraped.ask("metadata")
    for metric in METRICS:
        if not metric.name.startswith("pgmoat_webhook"):
            # Of OpenMetrics it keeps a counter's name without _total.
            known = metadata.get(metric.name) or metadata.get(metric.name.removesuffix("_total"))
            assert known is not None, metric.name
            assert known[0]["type"] == metric.kind


def test_each_query_of_the_grafana_dashboard_has_an_answer(scraped: Prometheus) -> None:
    (up,) = scraped.query("pgmoat_up")
    instance = up["metric"]["instance"]
    empty: set[str] = set()
    for title, query in list_queries():
        if not scraped.query(query.replace("INSTANCE", instance)):
            empty.add(title)
    assert empty <= EMPTY
    assert len(list(list_queries())) > 20


def test_shares_come_out_as_they_are(scraped: Prometheus) -> None:
    """The analyst sleeps in one statement all the time."""
    for title, query in list_queries():
        if title == "Sessions at work, by agent":
            (up,) = scraped.query("pgmoat_up")
            found = {
                row["metric"]["agent"]: float(row["value"][1])
                for row in scraped.query(query.replace("INSTANCE", up["metric"]["instance"]))
            }
            assert found["analyst"] == pytest.approx(1, abs=0.25)
            assert found["refunds"] == 0


def test_the_rules_are_evaluated_and_fire(scraped: Prometheus) -> None:
    def find_firing() -> set[str]:
        return {
            alert["labels"]["alertname"]
            for alert in scraped.ask("alerts")["alerts"]
            if alert["state"] == "firing"
        }

    wait_for(lambda: {"PgmoatAgentFrozen", "PgmoatRefusalBurst"} <= find_firing(), 60)
    assert "PgmoatWatchdogDown" not in find_firing()
    (group,) = scraped.ask("rules")["groups"]
    assert {(rule["health"], rule.get("lastError")) for rule in group["rules"]} == {("ok", None)}


def test_promtool_finds_nothing_wrong_with_a_scrape(scraped: Prometheus, tmp_path: Path) -> None:
    (target,) = scraped.ask("targets")["activeTargets"]
    answer = httpx.get(target["scrapeUrl"], headers={"Authorization": f"Bearer {SCRAPER}"}, timeout=20)
    assert answer.status_code == 200
    assert run_promtool("check", "metrics", cwd=tmp_path, text=answer.text) == ""


def test_the_dashboard_names_no_datasource_of_its_own() -> None:
    dashboard = json.loads(GRAFANA.read_text())
    variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    uids = set(re.findall(r'"uid": "([^"]+)"', GRAFANA.read_text()))
    assert uids == {"${datasource}", "-- Grafana --", "pgmoat"}
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
    shown = {name for _, query in list_queries() for name in re.findall(r"pgmoat_\w+", query)}
    shown |= set(re.findall(r"pgmoat_\w+", RULES.read_text()))
    known = {metric.name for metric in METRICS}
    assert shown <= known
