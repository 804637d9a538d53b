"""The database goes away below open pages: each says so, in grey and red, until it is there again."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Generator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, expect
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.browser.conftest import open_tab
from tests.dashboard_fixtures import Served, Shop, serve

_SOON_MS = 25_000


@dataclass(slots=True)
class Line:
    """A TCP line to the server, that can be cut: connections end, and new ones are closed at once."""

    to: tuple[str, int]
    listener: socket.socket
    is_cut: bool = False
    _open: list[socket.socket] = field(default_factory=list[socket.socket])

    def run(self) -> None:
        """Pass on what comes, until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                if self.is_cut:
                    client.close()
                    continue
                server = socket.create_connection(self.to)
                self._open += [client, server]
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=_pass_on, args=(source, target), daemon=True).start()

    def cut(self) -> None:
        """End all connections, and let no new one through."""
        self.is_cut = True
        for end in self._open:
            _shut(end)
        self._open.clear()

    def mend(self) -> None:
        """Let connections through again."""
        self.is_cut = False


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    _shut(source)
    _shut(target)


def _shut(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@pytest.fixture(scope="module")
def line(shop: Shop) -> Generator[Line]:
    fields = conninfo_to_dict(shop.dsn)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        opened = Line((str(fields["host"]), int(fields["port"] or 5432)), listener)
        threading.Thread(target=opened.run, daemon=True).start()
        yield opened
        opened.cut()


@pytest.fixture(scope="module")
def served_by_line(shop: Shop, line: Line) -> Generator[Served]:
    dsn = make_conninfo(shop.dsn, host="127.0.0.1", port=line.listener.getsockname()[1])
    with serve(dsn) as running:
        yield running


def expect_away(page: Page) -> None:
    banner = page.locator("#away")
    expect(banner).to_be_visible(timeout=_SOON_MS)
    expect(banner).to_contain_text("The database is away; what you see is from ")
    expect(page.get_by_text("watchdog is on")).to_be_hidden()
    expect(page.get_by_text("watchdog not known")).to_be_visible()


def expect_back(page: Page) -> None:
    expect(page.locator("#away")).to_be_hidden(timeout=_SOON_MS)
    expect(page.get_by_text("watchdog is on")).to_be_visible()
    assert page.locator(".panel").first.evaluate(_OPACITY) == "1"


_OPACITY = "panel => getComputedStyle(panel.closest('.main > *')).opacity"


@pytest.mark.parametrize("path", ["/", "/agents/fulfillment", "/budgets"])
def test_an_open_page_says_that_the_database_is_away(
    chromium: Browser, served_by_line: Served, line: Line, path: str
) -> None:
    context, tab = open_tab(chromium, served_by_line)
    page = tab.page
    page.goto(path)
    if path == "/":
        expect(page.locator("[data-now-age]")).to_have_text("live", timeout=_SOON_MS)
    line.cut()
    try:
        expect_away(page)
        assert page.locator(".panel").first.evaluate(_OPACITY) == "0.5"
        if path == "/":
            expect(page.locator("[data-now-age]")).to_have_text("not live: the database is away")
    finally:
        line.mend()
    expect_back(page)
    if path == "/":
        expect(page.locator("[data-now-age]")).to_have_text("live", timeout=_SOON_MS)
    # A browser writes answers of 503 to its console; nothing else is wrong.
    assert [text for text in tab.troubles if "503" not in text] == []
    context.close()


def test_it_says_so_whatever_the_reader_has_in_hand(
    chromium: Browser, served_by_line: Served, line: Line
) -> None:
    context, tab = open_tab(chromium, served_by_line)
    page = tab.page
    page.goto("/incidents")
    page.get_by_label("When").focus()  # no part is replaced while somebody chooses
    line.cut()
    try:
        expect_away(page)
    finally:
        line.mend()
    expect_back(page)
    context.close()
