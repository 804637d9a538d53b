"""What an operator does, in a real browser: look, freeze, kill, thaw."""

from __future__ import annotations

import threading
from collections.abc import Generator

import psycopg
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Tab
from tests.dashboard_fixtures import OPERATOR, Served, Shop, run_statement, wait_for
from tests.moat_fixtures import enter, refused


@pytest.fixture(autouse=True)
def thawed(shop: Shop) -> Generator[None]:
    yield
    shop.moat.run("UPDATE pgmoat.agent SET frozen_at = NULL, frozen_by = NULL, frozen_reason = NULL")


def test_logging_in_leaves_the_token_in_no_address(chromium: Browser, served: Served) -> None:
    context = chromium.new_context(base_url=served.url)
    addresses: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: addresses.append(request.url))
    page.goto(f"/login#{OPERATOR}")
    expect(page.get_by_label("Token")).to_have_value(OPERATOR)
    assert "#" not in page.url
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/")
    assert not any(OPERATOR in address for address in addresses)
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login")
    page.goto("/")
    expect(page).to_have_title("Log in · pgmoat")
    context.close()


def test_live_shares_move(tab: Tab, shop: Shop) -> None:
    row = tab.page.locator('[data-now] li[data-agent="analyst"]')
    expect(row).to_contain_text("0 %", timeout=30_000)
    assert tab.page.locator("canvas").count() == 1
    with run_statement(shop.moat, "analyst", "SELECT pg_sleep(50)"):
        expect(row).to_contain_text("100 %", timeout=30_000)
        expect(tab.page.locator("[data-spoken]")).to_contain_text("analyst", timeout=30_000)
    expect(row).to_contain_text("0 %", timeout=40_000)


def test_freeze_is_felt_at_once_and_thaw_too(tab: Tab, shop: Shop) -> None:
    token = shop.moat.open_task("support")
    page = tab.page
    page.goto("/agents/support")
    freeze = page.get_by_role("button", name="Freeze", exact=True)
    freeze.click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text("agent support")
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    expect(freeze).to_be_focused()
    with shop.moat.connect("support") as agent:
        with agent.transaction():
            enter(agent, token)
            agent.execute("SELECT * FROM orders")
        freeze.press("Enter")
        expect(question).to_contain_text("The agent is told")
        question.get_by_label("Why?").fill("wrong prices since noon")
        question.get_by_role("button", name="Freeze").click()
        expect(page.get_by_role("status")).to_contain_text("Agent support is frozen.")
        with refused("PM005") as caught, agent.transaction():
            enter(agent, token)
            agent.execute("SELECT * FROM orders")
        assert "wrong prices since noon" in str(caught.value)
        page.goto("/")
        expect(page.locator('[data-part="frozen"]')).to_contain_text("wrong prices since noon")
        page.get_by_role("button", name="Thaw", exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name="Thaw").click()
        expect(page.get_by_role("status")).to_contain_text("Agent support may go on.")
        with agent.transaction():
            enter(agent, token)
            agent.execute("SELECT * FROM orders")
    page.goto("/incidents?agent=support")
    rows = page.locator("tbody tr")
    expect(rows.nth(0)).to_contain_text("thawed")
    expect(rows.nth(1)).to_contain_text("by Ada (dashboard)")


def test_a_running_session_is_killed(tab: Tab, shop: Shop) -> None:
    page = tab.page
    page.goto("/sessions")
    with shop.moat.connect("analyst") as agent:
        ended = threading.Event()

        def run() -> None:
            with pytest.raises(psycopg.Error):
                agent.execute("SELECT pg_sleep(60)")
            ended.set()

        threading.Thread(target=run, daemon=True).start()
        row = page.locator("tbody tr", has_text=str(agent.info.backend_pid))
        row.get_by_role("button", name="Kill").click(timeout=30_000)
        question = page.get_by_role("dialog")
        question.get_by_role("button", name="Kill").click()
        expect(page.get_by_role("status")).to_contain_text("Ended session")
        assert ended.wait(20)
        wait_for(lambda: agent.closed)
        expect(row).to_have_count(0, timeout=30_000)


def test_without_javascript_everything_is_there_too(chromium: Browser, served: Served, shop: Shop) -> None:
    context = chromium.new_context(base_url=served.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/agents/refunds")
    page.get_by_label("Token").fill(OPERATOR)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="refunds")).to_be_visible()
    expect(page.get_by_role("region", name="Tasks", exact=True)).to_contain_text("refund-77")
    page.get_by_role("button", name="Freeze", exact=True).click()
    expect(page.get_by_role("heading", name="Freeze this agent?")).to_be_visible()
    form = page.locator("main form")
    form.get_by_label("Why?").fill("by hand")
    form.get_by_role("button", name="Freeze").click()
    expect(page.get_by_role("status")).to_contain_text("Agent refunds is frozen.")
    assert page.url.endswith("/agents/refunds")
    assert shop.moat.value("SELECT frozen_reason FROM pgmoat.agent WHERE name = 'refunds'") == "by hand"
    context.close()


def test_the_theme_is_chosen_and_stays(tab: Tab) -> None:
    page = tab.page
    page.emulate_media(color_scheme="light")
    page.goto("/")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Change between light and dark").click()
    after = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert before != after
    page.goto("/writes")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == after


def test_by_keyboard_the_page_is_one_key_away(tab: Tab) -> None:
    page = tab.page
    page.goto("/writes")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the page")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
