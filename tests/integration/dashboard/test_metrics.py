"""What /metrics says of real agents, to whom, and that its counters only grow."""

from __future__ import annotations

from collections.abc import Generator, Mapping

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from pgmoat.dashboard.exposition import METRICS
from tests.approval_fixtures import clear, hold
from tests.dashboard_fixtures import (
    OPERATOR,
    VIEWER,
    Browser,
    Served,
    Shop,
    beat,
    find_port,
    hire,
    open_shop,
    run_statement,
    serve,
    wait_for,
    watch,
)
from tests.integration.dashboard.test_start import block
from tests.moat_fixtures import enter
from tests.postgres_fixtures import PostgresServer

SCRAPER = "metrics-secret-for-tests-89ab"
WITH_TOKEN = {
    "PGMOAT_DASHBOARD_OPERATOR_TOKEN": OPERATOR,
    "PGMOAT_DASHBOARD_VIEWER_TOKEN": VIEWER,
    "PGMOAT_METRICS_TOKEN": SCRAPER,
}
Samples = Mapping[tuple[str, ...], float]


def scrape(browser: Browser) -> Samples:
    """Return the values by metric and labels."""
    answer = browser.get("/metrics")
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_on_loopback_they_are_open_and_nothing_else_is(served: Served) -> None:
    with served.browse() as browser:
        answer = browser.get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert browser.client.post("/metrics").status_code == 405
        assert browser.get("/metrics", headers={"Host": "evil.example"}).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        bearer(SCRAPER[:-1]),
        bearer(SCRAPER + "x"),
        bearer(OPERATOR),
        bearer(VIEWER),
        {"Authorization": f"Basic {SCRAPER}"},
        {"Authorization": SCRAPER},
    ],
)
def test_with_a_token_they_are_for_who_has_it(with_token: Served, headers: dict[str, str]) -> None:
    with with_token.browse() as browser:
        answer = browser.get("/metrics", headers=headers)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert "pgmoat_" not in answer.text
        assert browser.get("/metrics", headers=bearer(SCRAPER)).status_code == 200
        assert browser.get("/", headers=bearer(SCRAPER)).status_code == 303


def test_a_viewer_who_is_logged_in_sees_them_too(with_token: Served) -> None:
    with with_token.log_in(VIEWER) as viewer:
        assert scrape(viewer)["pgmoat_up",] == 1


@pytest.fixture(scope="module")
def with_token(shop: Shop) -> Generator[Served]:
    with serve(shop.dsn, environ=WITH_TOKEN) as served:
        yield served


def test_behind_a_proxy_loopback_is_no_reason_to_trust(shop: Shop) -> None:
    with serve(shop.dsn, "--behind-tls-proxy") as served, served.browse() as browser:
        answer = browser.get("/metrics")
    assert answer.status_code == 403
    assert "PGMOAT_METRICS_TOKEN" in answer.text


def test_openmetrics_is_given_to_who_asks(served: Served) -> None:
    with served.browse() as browser:
        answer = browser.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.text.endswith("# EOF\n")


def test_a_seeded_day_is_shown_as_it_stands(shop: Shop, served: Served) -> None:
    with served.browse() as browser:
        found = scrape(browser)
    assert found["pgmoat_up",] == 1
    assert found["pgmoat_watchdog_up",] == 1
    assert found["pgmoat_connections_max", "analyst"] == 8
    assert found["pgmoat_hour_writes_limit", "support"] == 500
    assert found["pgmoat_agent_frozen", "analyst"] == 0
    assert found["pgmoat_sampling_coverage_ratio",] > 0.5
    assert found["pgmoat_open_tasks", "fulfillment"] == 2
    assert found["pgmoat_connections", "everybody else"] >= 1
    # What happened before the first scrape is not counted.
    assert found["pgmoat_database_seconds_total", "analyst", "CPU"] == 0
    assert not any("ship-2026" in part or "monthly" in part for key in found for part in key)


def test_an_agent_at_work_is_counted_by_a_real_watchdog(server: PostgresServer) -> None:
    with (
        open_shop(server) as shop,
        watch(shop.dsn),
        serve(hire(shop.moat, "scrape", "monitor")) as served,
        served.browse() as browser,
    ):
        wait_for(lambda: scrape(browser)["pgmoat_watchdog_up",] == 1, 60)
        moat = shop.moat
        with run_statement(moat, "analyst", "SELECT pg_sleep(300) /* secret-step */"):
            key = ("pgmoat_database_seconds_total", "analyst", "Timeout")
            wait_for(lambda: scrape(browser).get(key, 0) >= 3, 60)
            assert scrape(browser)["pgmoat_connections", "analyst"] == 1
        with moat.connect("support") as connection, connection.transaction():
            enter(connection, moat.open_task("support", "mail-1"), "replying")
            connection.execute("UPDATE orders SET note = 'x' WHERE id <= 7")
        with moat.connect("support") as connection:
            for _ in range(5):
                with pytest.raises(psycopg.Error, match="task"):
                    connection.execute("UPDATE orders SET note = 'x' WHERE id = 1")
        moat.run("SELECT pgmoat.freeze_agent('support', 'for the test')")

        def is_counted() -> bool:
            found = scrape(browser)
            return (
                found["pgmoat_rows_written_total", "support"] == 7
                and found["pgmoat_unfinished_statements_total", "support", "refused"] == 5
            )

        wait_for(is_counted, 60)
        found = scrape(browser)
        assert found["pgmoat_hour_writes_used", "support"] == 7
        assert found["pgmoat_agent_frozen", "support"] == 1
        assert found["pgmoat_sampled_seconds_total",] > 0
        assert ("pgmoat_refusals_total", "support", "PM001") in found
        text = browser.get("/metrics").text
        assert not any(word in text for word in ("secret", "mail-1", "replying"))


def test_what_waits_for_a_persons_word(shop: Shop, served: Served) -> None:
    clear(shop.moat)
    for agent in ("refunds", "refunds", "support"):
        hold(shop.moat, agent)
    oldest = hold(shop.moat, "refunds", expires="2 h", task="secret-task", key="secret-key")
    shop.moat.run("UPDATE pgmoat.approval SET asked_at = now() - interval '90 min' WHERE id = %s", oldest)
    hold(shop.moat, "analyst", expires="-1 s")
    with served.browse() as browser:
        found = scrape(browser)
        assert "secret" not in browser.get("/metrics").text
    assert {
        agent: found["pgmoat_approvals_pending", agent] for agent in ("refunds", "support", "analyst")
    } == {
        "refunds": 3,
        "support": 1,
        "analyst": 0,
    }
    assert 5_400 <= found["pgmoat_approvals_oldest_age_seconds", "refunds"] < 7_200
    assert found["pgmoat_approvals_oldest_age_seconds", "support"] < 600
    assert ("pgmoat_approvals_oldest_age_seconds", "analyst") not in found
    clear(shop.moat)


def test_counters_only_grow_when_days_are_dropped(server: PostgresServer) -> None:
    with open_shop(server) as shop, serve(shop.dsn) as served, served.browse() as browser:
        key = ("pgmoat_database_seconds_total", "analyst", "CPU")
        add = (
            "SELECT pgmoat.make_days();"
            " INSERT INTO pgmoat.usage VALUES (date_trunc('minute', now()), 'analyst', 'CPU', 5, 5)"
            " ON CONFLICT (minute, agent, wait_class) DO UPDATE SET seconds = usage.seconds + 5"
        )
        scrape(browser)
        shop.moat.run(add)
        assert scrape(browser)[key] == 5
        shop.moat.run(add)
        assert scrape(browser)[key] == 10
        shop.moat.run("TRUNCATE pgmoat.usage")
        assert scrape(browser)[key] == 10
        shop.moat.run(add)
        assert scrape(browser)[key] == 15


def test_a_database_that_is_away_is_a_figure_and_comes_back(server: PostgresServer) -> None:
    with open_shop(server) as shop:
        beat(shop.moat)
        with serve(shop.dsn, port=find_port()) as served, served.browse() as browser:
            assert scrape(browser)["pgmoat_up",] == 1
            block(shop.moat.database, allow=False)
            found = scrape(browser)
            block(shop.moat.database, allow=True)
            assert found["pgmoat_up",] == 0
            assert {name for name, *_ in found} == {
                "pgmoat_up",
                "pgmoat_build_info",
                "pgmoat_scrape_duration_seconds",
            }
            wait_for(lambda: scrape(browser)["pgmoat_up",] == 1)


def test_a_database_that_does_not_answer_in_time_is_away(server: PostgresServer) -> None:
    with open_shop(server) as shop, serve(shop.dsn) as served, served.browse() as browser:
        assert scrape(browser)["pgmoat_up",] == 1
        with psycopg.connect(shop.moat.database.dsn) as connection:
            connection.execute("LOCK TABLE pgmoat.usage IN ACCESS EXCLUSIVE MODE")
            assert scrape(browser)["pgmoat_up",] == 0
        assert scrape(browser)["pgmoat_up",] == 1


def test_budgets_that_take_too_long_are_left_out(server: PostgresServer) -> None:
    with open_shop(server) as shop, serve(shop.dsn) as served, served.browse() as browser:
        with psycopg.connect(shop.moat.database.dsn) as connection:
            connection.execute("LOCK TABLE pgmoat.task IN ACCESS EXCLUSIVE MODE")
            found = scrape(browser)
        assert found["pgmoat_up",] == 1
        assert ("pgmoat_hour_writes_limit", "support") in found
        assert ("pgmoat_hour_writes_used", "support") not in found
        # It took so long that it is not tried again at once.
        assert ("pgmoat_open_tasks", "support") not in scrape(browser)


def test_each_metric_that_is_shown_is_one_of_the_list(served: Served) -> None:
    with served.browse() as browser:
        names = {name for name, *_ in scrape(browser)}
    assert names <= {metric.name for metric in METRICS}
