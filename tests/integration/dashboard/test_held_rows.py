"""Held writes can be read at a glance: what changes, and what a person should know besides."""

from __future__ import annotations

import re
from collections.abc import Generator

import pytest

from tests.approval_fixtures import UPDATE, clear, hold
from tests.dashboard_fixtures import Browser, Shop
from tests.integration.dashboard.test_approvals import main_of, read_marks


@pytest.fixture(autouse=True)
def cleared(shop: Shop) -> Generator[None]:
    clear(shop.moat)
    yield
    clear(shop.moat)


def test_an_update_that_changes_nothing_says_so(operator: Browser, shop: Shop) -> None:
    idle = UPDATE | {"after": UPDATE["before"]}
    hold(shop.moat, preview=[idle])
    page = main_of(operator.get("/approvals").text)
    assert "What it would write: 1 row, and changes nothing" in page
    clear(shop.moat)
    hold(shop.moat, preview=[UPDATE, idle])
    page = main_of(operator.get("/approvals").text)
    assert "2 rows, 1 of them unchanged" in page
    assert page.count("changes nothing") == 1
    assert ", and changes nothing" not in page


def test_rows_of_many_columns_have_a_list_each(operator: Browser, shop: Shop) -> None:
    wide = {f"column_{n}": n for n in range(9)}
    rows = [
        {"entity": "orders", "operation": "insert", "before": None, "after": wide | {"id": n}} for n in (2, 1)
    ]
    hold(shop.moat, preview=rows)
    page = main_of(operator.get("/approvals").text)
    assert page.count('aria-label="Before and after"') == 2
    assert 'class="written"' not in page


def test_what_waits_at_a_glance(operator: Browser, shop: Shop) -> None:
    first = hold(shop.moat)
    assert "at a glance" not in operator.get("/approvals").text
    second = hold(
        shop.moat, preview=[UPDATE | {"operation": "delete", "after": None}], affected=40, is_cut=True
    )
    glance = main_of(operator.get("/approvals").text).partition('class="glance"')[2].partition("</table>")[0]
    lines = [" ".join(re.sub(r"<[^>]*>", " ", line).split()) for line in glance.split("<tr>")[2:]]
    assert [line.partition(" in ")[0] for line in lines] == [
        f"{first} refund_all refunds 1 update orders : note, status",
        f"{second} refund_all refunds 40 delete orders; more",
    ]
    assert f'href="#held-{first}"' in glance


def test_the_buttons_of_a_long_page_stand_at_its_end_too(operator: Browser, shop: Shop) -> None:
    short, long = hold(shop.moat), hold(shop.moat, preview=[UPDATE] * 6)
    assert operator.get(f"/approvals/{short}").text.count("/acts/approve") == 1
    page = operator.get(f"/approvals/{long}").text
    assert page.count("/acts/approve") == page.count("/acts/reject") == 2
    assert len(set(re.findall(r'<button id="([^"]+)" data-verb="Approve"', page))) == 2
    assert page.rindex("/acts/approve") > page.rindex('class="written"')


def test_the_same_request_was_rejected_before(operator: Browser, shop: Shop) -> None:
    rejected = hold(shop.moat)
    marks = read_marks(operator.get("/approvals").text, rejected)
    operator.act("reject", **marks, reason="not before <the> audit")
    again = hold(shop.moat)
    hold(shop.moat, request={"amount": 13})
    for path in ("/approvals", f"/approvals/{again}"):
        page = main_of(operator.get(path).text)
        said = " ".join(re.sub(r"</?a[^>]*>", "", page).split())
        words = (
            f"The same request was rejected as number {rejected} by Ada (dashboard): not before <the> audit"
        )
        assert said.count(words) == 1
        assert "<the>" not in operator.get(path).text


def test_an_operation_that_is_gone_is_said_to_be(operator: Browser, shop: Shop) -> None:
    number = hold(shop.moat, operation="refund_order")
    for path in ("/approvals", f"/approvals/{number}"):
        assert "is not in the database any more" not in operator.get(path).text
    gone = hold(shop.moat)
    for path in ("/approvals", f"/approvals/{gone}"):
        assert operator.get(path).text.count("is not in the database any more") == 1
