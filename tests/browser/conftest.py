"""
Chromium before a seeded shop, a real watchdog and a real dashboard.

Out: fixtures. I/O: PostgreSQL, processes, a browser.

Without Chromium these tests are skipped; in CI that is a failure (`scripts/test` installs it).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Page,
    expect,
    sync_playwright,
)

from tests.dashboard_fixtures import OPERATOR, Served, Shop, open_shop, seed, serve, watch
from tests.postgres_fixtures import PostgresServer

_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_QUIET = ("verbose", "debug", "info", "log")


@pytest.fixture(scope="session")
def chromium() -> Generator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is missing: apt-get install chromium", pytrace=False)
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def shop(server: PostgresServer) -> Generator[Shop]:
    with open_shop(server) as opened:
        seed(opened.moat, minutes=90)
        with watch(opened.dsn):
            yield opened


@pytest.fixture(scope="package")
def served(shop: Shop) -> Generator[Served]:
    with serve(shop.dsn) as running:
        yield running


@dataclass(slots=True)
class Tab:
    """A page that keeps what must not happen: dialogs, errors, what the content policy stopped."""

    page: Page
    troubles: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self._hear(message))  # noqa: PLW0108 - bound ones want slots
        self.page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: self._dismiss(dialog))  # noqa: PLW0108

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in _QUIET:
            self.troubles.append(f"{message.type}: {message.text}")

    def _dismiss(self, dialog: Dialog) -> None:
        self.troubles.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def log_in(self, name: str = "Ada") -> None:
        """Log in by the address that the start of the dashboard prints."""
        self.page.goto(f"/login#{OPERATOR}")
        self.page.get_by_label("Your name").fill(name)
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url("**/")


def open_tab(chromium: Browser, served: Served, **options: Any) -> tuple[BrowserContext, Tab]:
    """Return a new browser context, and a tab in it that is logged in."""
    context = chromium.new_context(base_url=served.url, **options)
    context.set_default_timeout(20_000)
    expect.set_options(timeout=20_000)  # two parts of a page may come by two answers, on a busy machine
    tab = Tab(context.new_page())
    tab.log_in()
    return context, tab


@pytest.fixture
def tab(chromium: Browser, served: Served) -> Generator[Tab]:
    context, opened = open_tab(chromium, served, viewport={"width": 1280, "height": 900})
    yield opened
    context.close()
    assert opened.troubles == []
