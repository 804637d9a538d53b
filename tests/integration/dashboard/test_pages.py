"""Each page is there, says what the record says, and shows what agents write without obeying it."""

from __future__ import annotations

import contextlib
import re

import httpx
import pytest

from pgmoat.dashboard.feed import MOST_SEATS_OF_ONE, MOST_SEATS_OF_VIEWERS
from tests.dashboard_fixtures import OPERATOR, VIEWER, Browser, Served, Shop, beat, serve, wait_for
from tests.moat_fixtures import new_task_id

PAGES = {
    "/": "Agent fulfillment took",
    "/?range=1h": "the last hour",
    "/?range=24h": "the last day",
    "/?range=nonsense": "the last 10 minutes",
    "/agents": "analyst",
    "/agents/fulfillment": "ship-2026-11",
    "/agents/fulfillment?range=24h": "Freeze hard",
    "/agents/fulfillment/task?task=ship-2026-11": "UPDATE orders SET status = ?, note = ? WHERE id = ?",
    "/agents/fulfillment/task": "SELECT count(*) FROM orders WHERE note LIKE ?",
    "/agents/fulfillment/step?task=ship-2026-11&step=ship": "UPDATE orders SET",
    "/agents/fulfillment/task?task=no+such+task": "no such task was opened",
    "/sessions": "Sessions at work",
    "/budgets": "Rows written this hour",
    "/budgets?agent=support": "mail-8841",
    "/incidents": "blocks the nightly job",
    "/incidents?action=frozen": "24 of 20",
    "/writes": "asked for the invoice again",
    "/writes?operation=delete": "ordered twice",
    "/unfinished": "PM006",
}


@pytest.mark.parametrize("path", PAGES)
def test_each_page_says_what_the_record_says(operator: Browser, path: str) -> None:
    answer = operator.get(path)
    assert answer.status_code == 200
    assert PAGES[path] in answer.text.replace("&amp;", "&")
    assert "No watchdog goes round" not in answer.text


@pytest.mark.parametrize("path", [path for path in PAGES if "no+such" not in path])
def test_viewers_see_the_same_pages_without_buttons(viewer: Browser, path: str) -> None:
    answer = viewer.get(path)
    assert answer.status_code == 200
    assert 'action="/acts/' not in answer.text


def test_an_agent_that_there_is_not(operator: Browser) -> None:
    for path in ("/agents/nobody", "/agents/nobody/task?task=x", "/agents/%3Cscript%3E", "/nothing"):
        answer = operator.get(path)
        assert answer.status_code == 404
        assert "Nothing here" in answer.text
        assert "<script>" not in answer.text.replace('<script src="/static/theme.js">', "")


def test_the_incidents_are_filtered(operator: Browser) -> None:
    text = operator.get("/incidents?agent=analyst&kind=statement-timeout&action=terminated").text
    assert "61 s, 60 s allowed" in text
    assert "60.2 s" not in text
    assert "61012" not in text
    assert "by hand" in operator.get("/incidents?since=").text


def test_refusals_that_nobody_counts_are_not_none(operator: Browser) -> None:
    for path, count in (("/agents/analyst", 1), ("/agents/support", 0), ("/agents", 2)):
        text = operator.get(path).text
        assert text.count('title="not counted for agents that only read"') == count


def test_writes_come_page_by_page(operator: Browser, shop: Shop) -> None:
    token = shop.moat.open_task("support", "long-letter")
    for number in range(100, 170):
        with shop.moat.task("support", token) as agent:
            agent.execute("UPDATE orders SET note = %s WHERE id = %s", (f"letter {number}", number))
    first = operator.get("/writes?task=long-letter").text
    older = re.search(r'href="(/writes\?[^"]*before=[^"]*)">Older', first)
    assert older is not None
    second = operator.get(older[1].replace("&amp;", "&")).text
    seen = [re.findall(r"letter (\d+)", text) for text in (first, second)]
    assert [len(page) for page in seen] == [50, 20]
    assert sorted(map(int, seen[0] + seen[1])) == list(range(100, 170))
    assert ">Older<" not in second


def test_an_update_shows_what_changed(operator: Browser) -> None:
    text = operator.get("/writes?agent=refunds").text
    assert re.search(r'was changed">pending</span>\s*<span class="mono changed">refunded', text)
    assert 'was changed">Customer 30' not in text
    shown, _, folded = text.partition("<summary>3 unchanged</summary>")
    assert "Customer 3" not in shown
    assert "Customer 3" in folded.partition("</details>")[0]
    assert "unchanged</summary>" not in operator.get("/writes?operation=delete").text


def test_a_task_may_have_any_name(operator: Browser, shop: Shop) -> None:
    name = f"a/b?c=d&e #1 <b>%2e</b> \u202etxt\x07 {new_task_id()}"
    shop.moat.run(
        "INSERT INTO pgmoat.usage_detail"
        " VALUES (date_trunc('minute', now()), 99, 5, 5, 'catalog', %s, %s, 'CPU')",
        name,
        '"><script>alert(1)</script>',
    )
    page = operator.get("/agents/catalog").text
    assert "<b>" not in page
    assert "\u202e" not in page
    assert "⟨U+202E⟩" in page
    assert "␇" in page
    link = re.search(r'href="(/agents/catalog/task\?task=a[^"]*)"', page)
    assert link is not None
    task = operator.get(link[1].replace("&amp;", "&"))
    assert task.status_code == 200
    assert "<script>alert" not in task.text
    step = re.search(r'href="(/agents/catalog/step\?[^"]*)"', task.text)
    assert step is not None
    found = operator.get(step[1].replace("&amp;", "&"))
    assert found.status_code == 200
    assert "fingerprint 99" in found.text


def test_the_api_has_the_figures_of_the_chart(operator: Browser) -> None:
    figures = operator.get("/api/series?range=1h").json()
    assert figures["bucket"] == 60
    assert set(figures["lines"]) >= {"", "fulfillment", "analyst"}
    lengths = {len(line) for line in figures["lines"].values()}
    assert lengths == {len(figures["times"])}
    assert figures["labels"][""] == "everybody else"
    assert len(set(figures["colours"].values())) == 6
    waits = operator.get("/api/series?range=1h&agent=fulfillment").json()
    assert set(waits["lines"]) == {"CPU", "IO", "Lock"}


def test_without_a_watchdog_each_page_says_so(operator: Browser, shop: Shop) -> None:
    shop.moat.run("UPDATE pgmoat.heartbeat SET at = now() - interval '1 hour', good_until = '-infinity'")
    try:
        assert "No watchdog goes round" in operator.get("/budgets").text
        assert operator.get("/readyz").json() == {"status": "ok", "watchdog": "stale"}
    finally:
        beat(shop.moat)


def test_health_needs_no_login(served: Served) -> None:
    with served.browse() as browser:
        assert browser.get("/healthz").json() == {"status": "ok"}
        assert browser.get("/readyz").json() == {"status": "ok", "watchdog": "ok"}


def test_the_live_feed_begins_with_what_has_been(operator: Browser) -> None:
    with operator.client.stream("GET", "/api/live") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        first = next(answer.iter_text())
    assert first == "retry: 2000\nevent: past\ndata: []\n\n"


def test_static_files_are_those_of_the_folder(served: Served) -> None:
    with served.browse() as browser:
        assert browser.get("/static/style.css").headers["content-type"].startswith("text/css")
        script = browser.get("/static/vendor/uplot/uPlot.iife.min.js")
        assert script.status_code == 200
        unchanged: httpx.Response = browser.get(
            "/static/style.css", headers={"If-None-Match": browser.get("/static/style.css").headers["etag"]}
        )
        assert unchanged.status_code == 304
        for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/", "/static/..%2fapp.py"):
            assert browser.get(path).status_code in (404, 405)


def test_only_so_many_may_follow_the_live_feed_and_viewers_leave_room_for_operators(shop: Shop) -> None:
    with serve(shop.dsn) as served, contextlib.ExitStack() as open_until_the_end:

        def follow(browser: Browser) -> httpx.Response:
            return open_until_the_end.enter_context(browser.client.stream("GET", "/api/live"))

        def log_in(token: str) -> Browser:
            return open_until_the_end.enter_context(served.log_in(token))

        viewers = [log_in(VIEWER) for _ in range(MOST_SEATS_OF_VIEWERS // MOST_SEATS_OF_ONE)]
        feeds = [follow(viewer) for viewer in viewers for _ in range(MOST_SEATS_OF_ONE)]
        texts = [feed.iter_text() for feed in feeds]  # kept: one that is thrown away closes its feed
        for text in texts:
            assert next(text).startswith("retry:")
        assert viewers[0].get("/api/live").status_code == 503
        assert log_in(VIEWER).get("/api/live").status_code == 503
        operator = log_in(OPERATOR)
        for _ in range(MOST_SEATS_OF_ONE):
            feeds.append(follow(operator))
            assert feeds[-1].status_code == 200
        assert operator.get("/api/live").status_code == 503
        assert operator.get("/budgets").status_code == 200
        for feed in feeds:
            feed.close()

        def has_room() -> bool:
            with operator.client.stream("GET", "/api/live") as answer:
                return answer.status_code == 200

        wait_for(has_room)


def test_an_incident_of_any_length_is_cut(operator: Browser, shop: Shop) -> None:
    long = "W" * 60_000
    row = shop.moat.value(
        "INSERT INTO pgmoat.incident (agent, kind, action, subject, detail)"
        " VALUES ('analyst', 'role-changed', 'repaired', 'long',"
        " jsonb_build_object('limit', 1, 'found', %s::text)) RETURNING id",
        long,
    )
    try:
        assert "W" * 100 in operator.get("/incidents").text
        assert "W" * 300 not in operator.get("/incidents").text
    finally:
        shop.moat.run("DELETE FROM pgmoat.incident WHERE id = %s", row)
