"""
The page of a blast radius in a browser: nothing runs in it and nothing is loaded, whatever things are called;
nothing that axe-core finds serious, nothing wider than a telephone, and all of it by keyboard.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import psycopg
import pytest
from playwright.sync_api import Browser, Page
from psycopg import sql

from pgmoat.report.blast.measure import measure_blast
from pgmoat.report.blast.model import Blast
from pgmoat.report.blast.page import render_page
from tests.browser.conftest import Tab
from tests.browser.test_looks import find_violations
from tests.postgres_fixtures import PostgresServer, create_database, draw_role_prefix

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=https://example.invalid/x onerror=alert(2)>',
    "</style></title><script>alert(3)</script>",
    "a\u202egnp.exe",
    "' onmouseover='alert(4)",
    "line\nbreak; DROP TABLE x; --",
    "w" * 63,
    "&lt;b&gt;",
)
Scheme = Literal["light", "dark"]


@pytest.fixture(scope="module")
def blast(server: PostgresServer) -> Generator[Blast]:
    """A role with every severity of claim, in a database whose names attack whoever shows them."""
    with draw_role_prefix(server) as prefix, create_database(server) as database:
        me, boss = sql.Identifier(f"{prefix}<b>me"), sql.Identifier(f"{prefix}</style>boss")
        with psycopg.connect(database.dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(me))
            connection.execute(sql.SQL("CREATE ROLE {} CREATEROLE").format(boss))
            connection.execute(sql.SQL("GRANT {}, pg_read_server_files TO {}").format(boss, me))
            for name in HOSTILE:
                table = sql.Identifier(name)
                connection.execute(
                    sql.SQL("CREATE TABLE {} ({} text, email text)").format(table, sql.Identifier(name))
                )
                connection.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(table, boss))
                connection.execute(
                    sql.SQL(
                        "CREATE FUNCTION {}() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'"
                    ).format(sql.Identifier(name))
                )
            yield measure_blast(connection, f"{prefix}<b>me", any_role=True)


def _open(browser: Browser, text: str, place: Path, **options: Any) -> tuple[Page, Tab, list[str]]:
    """Return the page of a file in a browser, what went wrong in it, and what it asked for."""
    file = place / "blast.html"
    file.write_text(text, encoding="utf-8")
    page = browser.new_context(**options).new_page()
    tab, asked = Tab(page), list[str]()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    return page, tab, asked


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_it_shows_hostile_names_and_does_nothing(
    chromium: Browser, blast: Blast, tmp_path: Path, scheme: Scheme, width: int
) -> None:
    page, tab, asked = _open(
        chromium,
        render_page(blast),
        tmp_path,
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    text = page.inner_text("main")
    assert all(name in text for name in HOSTILE if name.isprintable())
    assert "\u202e" not in text
    assert "a\\u202egnp.exe" in text
    assert page.evaluate("document.querySelectorAll('script, img, iframe, link, object').length") == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert find_violations(page) == []
    assert tab.troubles == []
    assert asked == [page.url]
    page.context.close()


def test_every_claim_opens_by_keyboard(chromium: Browser, blast: Blast, tmp_path: Path) -> None:
    page, tab, _ = _open(chromium, render_page(blast), tmp_path)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    claim = page.locator("details.claim").first
    for _ in range(200):
        page.keyboard.press("Tab")
        if claim.evaluate("one => one.firstElementChild === document.activeElement"):
            break
    page.keyboard.press("Enter")
    assert claim.evaluate("one => one.open")
    assert tab.troubles == []
    page.context.close()


def test_ten_thousand_claims_are_still_a_page(chromium: Browser, blast: Blast, tmp_path: Path) -> None:
    claim = next(claim for claim in blast.beyond if claim.code == "definer-function")
    base = next(claim for claim in blast.claims if not claim.is_beyond)
    many = [
        replace(one, subject=replace(one.subject, name=f"public.f{number}()"), message=f"f{number}")
        for one, count in ((claim, 10_000), (base, 1_000))
        for number in range(count)
    ]
    text = render_page(replace(blast, claims=tuple(many)))
    assert len(text.encode()) < 2_000_000
    page, tab, _ = _open(chromium, text, tmp_path)
    assert "9,800 more" in page.inner_text("main")
    assert tab.troubles == []
    page.context.close()
