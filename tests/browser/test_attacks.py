"""What agents write runs nowhere, and other sites' pages change nothing."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser

from tests.approval_fixtures import UPDATE, clear, hold
from tests.browser.conftest import Tab, open_tab
from tests.dashboard_fixtures import Served, Shop, run_statement, wait_for
from tests.moat_fixtures import enter

SCRIPTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "'><svg onload=alert(3)>",
    "{{ 7 * 7 }}<a href=javascript:alert(4)>x</a>",
    "</pre></td><iframe srcdoc='<script>parent.alert(5)</script>'>",
)
PAGES = (
    "/",
    "/?range=1h",
    "/agents",
    "/agents/fulfillment",
    "/agents/fulfillment?range=24h",
    "/sessions",
    "/budgets",
    "/incidents?since=",
    "/writes",
    "/writes?operation=delete",
    "/unfinished",
)


@pytest.fixture(scope="module")
def infested(shop: Shop) -> Shop:
    """The shop after an agent wrote script wherever it can write."""
    moat = shop.moat
    for number, script in enumerate(SCRIPTS):
        token = moat.open_task("fulfillment", f"task {script}")
        with moat.connect("fulfillment", application_name=script[:60]) as agent, agent.transaction():
            enter(agent, token, f"step {script}", f"reason {script}")
            agent.execute("UPDATE orders SET note = %s WHERE id = %s", (f"note {script}", 60 + number))
            agent.execute("DELETE FROM orders WHERE id = %s", (80 + number,))
        moat.run("SELECT pgmoat.freeze_task('fulfillment', %s, %s)", f"task {script}", f"frozen {script}")
        moat.run(
            "INSERT INTO pgmoat.incident (agent, task_id, step, kind, action, subject, detail) VALUES"
            " ('fulfillment', %s, %s, 'repeats', 'cancelled', 's', jsonb_build_object('query', %s::text,"
            " 'reason', %s::text, 'by', %s::text))",
            *[script] * 5,
        )
        moat.run("INSERT INTO pgmoat.statement_text VALUES (current_date, %s, %s)", 900 + number, script)
        moat.run(
            "INSERT INTO pgmoat.usage_detail VALUES"
            " (date_trunc('minute', now()), %s, 9, 9, 'fulfillment', %s, %s, 'CPU')",
            900 + number,
            f"task {script}",
            f"step {script}",
        )
        moat.run(
            "INSERT INTO pgmoat.unfinished VALUES"
            " (now(), 'fulfillment', %s, %s, 'cancelled', 'seen', '57014', 1, 2, %s)",
            script,
            script,
            900 + number,
        )
    return shop


def test_script_in_whatever_an_agent_writes_runs_nowhere(tab: Tab, infested: Shop) -> None:
    name = f"pgmoat:{SCRIPTS[0]}:{SCRIPTS[0]}"[:63]
    statement = f"SELECT pg_sleep(45) /* {' '.join(SCRIPTS)} */"
    with run_statement(infested.moat, "analyst", statement, name):
        seen = ""
        for path in (*PAGES, *list_links(tab)):
            tab.page.goto(path)
            tab.page.wait_for_load_state("load")
            assert tab.page.locator("iframe, main img, main script").count() == 0
            seen += tab.page.locator("main").inner_text()
        tab.page.goto("/sessions")
        tab.page.get_by_text("pg_sleep(45)").first.wait_for()
        seen += tab.page.locator("main").inner_text()
    for script in SCRIPTS:
        for prefix in ("step ", "reason ", "note ", "frozen ", ""):
            assert prefix + script in seen
    assert name in seen
    assert tab.troubles == []


def test_script_in_what_is_held_runs_nowhere(tab: Tab, shop: Shop) -> None:
    moat, numbers = shop.moat, list[int]()
    clear(moat)
    for script in SCRIPTS:
        rows = [UPDATE | {"after": {"note": f"value {script}", f"column {script}": [script, {script: None}]}}]
        request = {"sql": f"SELECT '{script}'", "parameters": [f"parameter {script}", {"deep": [script]}]}
        numbers.append(
            hold(
                moat,
                "fulfillment",
                step=f"step {script}",
                key=f"key {script}",
                why=f"why {script}",
                reason=f"given {script}",
                operation="write()",
                request=request,
                preview=rows,
            )
        )
        arguments = {f"name {script}": f"argument {script}"}
        numbers.append(hold(moat, task=f"held {script}", request=arguments, operation=f"operation {script}"))
    for path in ("/approvals", *(f"/approvals/{number}" for number in numbers)):
        tab.page.goto(path)
        assert tab.page.locator("iframe, main img, main script").count() == 0
        # The question that a button asks says it again.
        tab.page.get_by_role("button", name="Reject").last.click()
        assert tab.page.get_by_role("dialog").locator("iframe, img, script, svg").count() == 0
        tab.page.get_by_label("Why?").fill(f"reason {SCRIPTS[0]}")
        tab.page.keyboard.press("Escape")
    tab.page.goto("/approvals")
    seen = tab.page.locator("main").inner_text()
    for script in SCRIPTS:
        for prefix in (
            "step",
            "key",
            "why",
            "given",
            "value",
            "column",
            "parameter",
            "name",
            "argument",
            "operation",
        ):
            assert f"{prefix} {script}" in seen
    # Decided, it is in two more places: the list of what became of it, and the incidents.
    tab.page.get_by_role("button", name="Reject").last.click()
    tab.page.get_by_label("Why?").fill(f"reason {SCRIPTS[1]}")
    tab.page.get_by_role("dialog").get_by_role("button", name="Reject").click()
    tab.page.get_by_text("is rejected").first.wait_for()
    assert f"reason {SCRIPTS[1]}" in tab.page.locator("main").inner_text()
    tab.page.goto("/incidents?since=")
    assert f"reason {SCRIPTS[1]}" in tab.page.locator("main").inner_text()
    assert tab.page.locator("iframe, main img, main script").count() == 0
    clear(moat)
    assert tab.troubles == []


def list_links(tab: Tab) -> list[str]:
    """Return the pages of the tasks and steps with such names."""
    tab.page.goto("/agents/fulfillment")
    tasks = tab.page.locator('[data-part="tasks"] tbody a')
    paths = [path for link in tasks.all() if (path := link.get_attribute("href"))]
    found = list(paths)
    for path in paths:
        tab.page.goto(path)
        steps = tab.page.locator('[data-part="steps"] tbody a')
        found += [step for link in steps.all() if (step := link.get_attribute("href"))]
    assert len(found) >= 2 * len(SCRIPTS)
    return found


def test_the_content_policy_stops_what_would_have_got_through(tab: Tab) -> None:
    # As if escaping had failed: the last wall holds by itself.
    tab.page.goto("/writes")
    tab.page.evaluate(
        """() => {
            const place = document.querySelector("main");
            place.insertAdjacentHTML("beforeend", "<img src=x onerror='window.stolen = 1'>");
            const script = document.createElement("script");
            script.textContent = "window.stolen = 2";
            place.append(script);
        }"""
    )
    wait_for(lambda: len([trouble for trouble in tab.troubles if "Content Security Policy" in trouble]) >= 2)
    assert tab.page.evaluate("window.stolen") is None
    assert tab.page.evaluate("fetch('https://192.0.2.1/').then(() => 'sent', () => 'stopped')") == "stopped"
    tab.troubles.clear()


@contextmanager
def serve_page(html: str) -> Generator[str]:
    """Serve a page of another origin; yield its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that it has
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"{{host}}:{server.server_address[1]}/"
        server.shutdown()


@pytest.mark.parametrize("host", ["http://127.0.0.1", "http://localhost"])
@pytest.mark.parametrize("way", ["form", "fetch", "frame"])
def test_a_page_of_another_origin_changes_nothing(
    chromium: Browser, served: Served, shop: Shop, host: str, way: str
) -> None:
    fields = {"agent": "catalog", "confirmed": "1", "reason": "csrf", "csrf": "guess"}
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
    body = "&".join(f"{name}={value}" for name, value in fields.items())
    target = f"{served.url}/acts/freeze"
    options = "{method: 'POST', credentials: 'include', mode: 'no-cors', body}"
    sent = "document.title = 'sent'"
    pages = {
        "form": f'<form method="post" action="{target}">{inputs}</form>'
        "<script>document.forms[0].submit()</script>",
        "fetch": f"<script>const body = new URLSearchParams('{body}');"
        f"fetch('{target}', {options}).finally(() => {{ {sent} }})</script>",
        "frame": f'<iframe src="{served.url}/agents/catalog" onload="{sent}"></iframe>',
    }
    context, tab = open_tab(chromium, served)
    page = context.new_page()
    sent_there: list[str] = []
    page.on("request", lambda request: sent_there.append(request.url) if served.url in request.url else None)
    with serve_page(pages[way]) as address:
        page.goto(address.format(host=host))
        if way == "form":
            page.wait_for_url(f"{served.url}/**")
        else:
            page.wait_for_function("document.title === 'sent'")
        if way == "frame":
            assert page.frames[-1].locator("main").count() == 0
    assert sent_there
    assert shop.moat.value("SELECT frozen_at FROM pgmoat.agent WHERE name = 'catalog'") is None
    assert tab.troubles == []
    context.close()
