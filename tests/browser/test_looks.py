"""
Each page in light and dark, on a desk and on a telephone: nothing that axe-core finds serious, nothing wider
than the screen. With PGMOAT_SCREENSHOTS=folder the pages are kept as pictures, to be looked at.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any, Literal, cast

import pytest
from axe_playwright_python.sync_playwright import Axe  # pyright: ignore[reportMissingTypeStubs]
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.conftest import Tab, open_tab
from tests.dashboard_fixtures import Served, Shop, run_statement

PAGES = {
    "overview": "/",
    "hour": "/?range=1h",
    "day": "/?range=24h",
    "agents": "/agents",
    "agent": "/agents/fulfillment",
    "task": "/agents/fulfillment/task?task=ship-2026-11",
    "step": "/agents/fulfillment/step?task=ship-2026-11&step=ship",
    "sessions": "/sessions",
    "budgets": "/budgets",
    "incidents": "/incidents",
    "writes": "/writes",
    "unfinished": "/unfinished",
    "missing": "/agents/nobody",
}
WIDTHS = {1280: 900, 390: 844}
Scheme = Literal["light", "dark"]


@pytest.fixture(scope="module", params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> Scheme:
    return request.param


@pytest.fixture(scope="module")
def opened(
    chromium: Browser, served: Served, shop: Shop, scheme: str
) -> Generator[tuple[BrowserContext, Tab]]:
    # One agent is frozen, so that banners and pills of that kind are looked at as well.
    shop.moat.run("SELECT pgmoat.freeze_agent('refunds', 'pays back twice')")
    with run_statement(shop.moat, "analyst", "SELECT pg_sleep(600)", "pgmoat:monthly report:aggregate"):
        context, tab = open_tab(chromium, served, color_scheme=scheme, reduced_motion="reduce")
        yield context, tab
        context.close()
    shop.moat.run("SELECT pgmoat.thaw_agent('refunds')")


@pytest.mark.parametrize("name", PAGES)
def test_each_page(opened: tuple[BrowserContext, Tab], scheme: Scheme, name: str) -> None:
    _, tab = opened
    for width, height in WIDTHS.items():
        tab.page.set_viewport_size({"width": width, "height": height})
        tab.page.goto(PAGES[name])
        if tab.page.locator("[data-chart]").count():
            tab.page.locator("canvas").wait_for()
        keep_picture(tab.page, f"{name}-{scheme}-{width}")
        wider = tab.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wider <= 0, f"{wider} px wider than {width}"
        assert find_violations(tab.page) == []
    tab.troubles = [trouble for trouble in tab.troubles if "404" not in trouble]
    assert tab.troubles == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_question_and_the_login(
    chromium: Browser, opened: tuple[BrowserContext, Tab], served: Served, scheme: Scheme, width: int
) -> None:
    _, tab = opened
    tab.page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    tab.page.goto("/agents/support")
    tab.page.get_by_role("button", name="Freeze", exact=True).click()
    keep_picture(tab.page, f"question-{scheme}-{width}", full_page=False)
    assert find_violations(tab.page) == []
    tab.page.keyboard.press("Escape")
    context = chromium.new_context(
        base_url=served.url, color_scheme=scheme, viewport={"width": width, "height": WIDTHS[width]}
    )
    page = context.new_page()
    page.goto("/login")
    keep_picture(page, f"login-{scheme}-{width}")
    assert find_violations(page) == []
    context.close()


def find_violations(page: Page) -> list[Any]:
    """Return what axe-core finds serious or worse."""
    run = cast("Any", Axe()).run
    found: list[dict[str, Any]] = run(page).response["violations"]
    return [
        (violation["id"], [node["html"][:200] for node in violation["nodes"]][:5])
        for violation in found
        if violation["impact"] in ("serious", "critical")
    ]


def keep_picture(page: Page, name: str, *, full_page: bool = True) -> None:
    """Keep what is seen, if somebody wants to look."""
    folder = os.environ.get("PGMOAT_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=full_page)
