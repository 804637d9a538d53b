"""A person's word, in a real browser, on a desk and a telephone, also without JavaScript."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, Page, expect

from pgmoat.errors import ApprovalRejectedError, ApprovalRequiredError
from pgmoat.runtime import Moat
from tests.approval_fixtures import UPDATE, clear, finish, hold, state_of
from tests.browser.conftest import Tab, open_tab
from tests.browser.test_looks import WIDTHS, find_violations, keep_picture
from tests.dashboard_fixtures import VIEWER, Served, Shop

SQL = """UPDATE orders
   SET status = 'refunded', note = $1
 WHERE status = 'pending' AND id < $2"""


@pytest.fixture(autouse=True)
def cleared(shop: Shop) -> Generator[None]:
    clear(shop.moat)
    yield
    clear(shop.moat)


def fill(shop: Shop) -> list[int]:
    """Hold writes of each kind, and return the numbers of those that wait."""
    moat = shop.moat
    rows = [
        UPDATE | {"before": {"id": n, "customer": f"Customer {n}", "status": "pending", "note": None},
                  "after": {"id": n, "customer": f"Customer {n}", "status": "refunded", "note": "paid back"}}
        for n in range(30)
    ]  # fmt: skip
    wide = {f"column_{n}": n for n in range(20)}
    waiting = [
        hold(
            moat,
            "refunds",
            task="refund-77",
            step="pay back",
            request={"customer": 42, "amount": "120.00", "note": None},
            why="amount > 100",
            expires="3 hours",
        ),
        hold(
            moat,
            "fulfillment",
            task="ship-2026-11",
            operation="write()",
            request={"sql": SQL, "parameters": ["paid back", 60]},
            why="it writes 60 rows, more than 20",
            preview=rows,
            affected=60,
            is_cut=True,
        ),
        hold(
            moat,
            "support",
            task="mail-8841",
            request={"nested": {"list": [1, 2, {"deep": ["x" * 300] * 3}]}, "unbroken": "W" * 900},
            preview=[
                {"entity": "orders", "operation": "insert", "before": None, "after": wide | {"漢字": "ünï"}},
                {"entity": "orders", "operation": "delete", "before": {"id": 3}, "after": None},
                {"entity": "orders", "operation": "update", "before": wide, "after": wide | {"column_3": 99}},
            ],
        ),
    ]
    rejected, done, _ = (hold(moat, "analyst", expires=expires) for expires in ("1 h", "1 h", "-1 h"))
    for number, decision, reason in (
        (rejected, "rejected", "not before the audit"),
        (done, "approved", None),
    ):
        moat.run(
            "UPDATE pgmoat.approval SET decision = %s, decided_at = now(), decided_by = session_user,"
            " decided_as = 'Ada (dashboard)', decision_reason = %s WHERE id = %s",
            decision,
            reason,
            number,
        )
    finish(moat, done)
    return waiting


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_how_it_looks(chromium: Browser, served: Served, shop: Shop, scheme: str) -> None:
    first, *_, odd = fill(shop)
    context, tab = open_tab(chromium, served, color_scheme=scheme, reduced_motion="reduce")
    paths = {"approvals": "/approvals", "approval": f"/approvals/{odd}", "simple": f"/approvals/{first}"}
    for width, height in WIDTHS.items():
        tab.page.set_viewport_size({"width": width, "height": height})
        for name, path in paths.items():
            tab.page.goto(path)
            look(tab.page, f"{name}-{scheme}-{width}", width)
        tab.page.get_by_role("button", name="Reject").first.click()
        look(tab.page, f"reject-{scheme}-{width}", width, full_page=False)
        tab.page.keyboard.press("Escape")
    context.close()
    assert tab.troubles == []


def look(page: Page, name: str, width: int, *, full_page: bool = True) -> None:
    """Keep a picture, and find nothing that is wrong with it."""
    keep_picture(page, name, full_page=full_page)
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, f"{wider} px wider than {width}"
    assert find_violations(page) == []


def test_approve_and_reject(tab: Tab, shop: Shop) -> None:
    first, many, odd = fill(shop)
    page = tab.page
    page.goto("/approvals")
    expect(page.get_by_role("link", name="Approvals 3 waiting")).to_be_visible()
    card = page.get_by_role("region", name=f"No. {first}")
    card.get_by_role("button", name="Approve").click()
    question = page.get_by_role("dialog")
    expect(question).to_contain_text(f"Number {first}: refund_all of agent refunds, rows: 1")
    page.keyboard.press("Escape")
    assert state_of(shop.moat, first) == "pending"
    card.get_by_role("button", name="Approve").press("Enter")
    question.get_by_label("A word to the agent?").fill("fine by me")
    question.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status")).to_contain_text(f"Number {first} is approved.")
    expect(page.get_by_role("link", name="Approvals 2 waiting")).to_be_visible()
    assert state_of(shop.moat, first) == "approved"

    card = page.get_by_role("region", name=f"No. {odd}")
    card.get_by_role("button", name="Reject").click()
    question.get_by_role("button", name="Reject").click()
    expect(question).to_be_visible()  # it wants a reason
    assert state_of(shop.moat, odd) == "pending"
    question.get_by_label("Why?").fill("wrong customer")
    question.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("status")).to_contain_text(f"Number {odd} is rejected.")
    expect(page.get_by_role("region", name="What became of others").first).to_contain_text("wrong customer")

    # What is not seen whole is approved where it is.
    card = page.get_by_role("region", name=f"No. {many}")
    expect(card.get_by_role("button", name="Approve")).to_have_count(0)
    card.get_by_role("link", name="See all of it").first.click()
    expect(page.get_by_role("main")).to_contain_text("Only the first 30 are kept.")
    at_the_end = page.get_by_role("main").get_by_role("button", name="Approve").last
    at_the_end.click()
    page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status")).to_contain_text(f"Number {many} is approved.")
    assert state_of(shop.moat, many) == "approved"


def approve(page: Page, number: int) -> None:
    """Approve what stands on the page."""
    page.get_by_role("region", name=f"No. {number}").get_by_role("button", name="Approve").click()
    page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status")).to_contain_text(f"Number {number} is approved.")


def test_a_call_of_a_real_agent_is_seen_approved_and_runs_once(tab: Tab, shop: Shop) -> None:
    site, page = shop.moat, tab.page

    def read_order() -> list[tuple[object, ...]]:
        return site.read("SELECT status, note FROM orders WHERE id = 91")

    page.goto("/approvals")
    with (
        Moat(site.policy, dsns=site.dsns(), orchestrator_dsn=site.database.dsn) as moat,
        moat.task("refunds", "refund-91") as task,
        task.step("pay back"),
    ):
        call = {"order_id": 91, "note": "<b>it came broken</b>"}
        with pytest.raises(ApprovalRequiredError) as held:
            task.call("refund_order", call)
        number = held.value.approval_id
        assert number is not None
        assert read_order() == [("pending", None)]

        card = page.get_by_role("region", name=f"No. {number}")
        expect(card).to_be_visible(timeout=30_000)  # it comes by itself
        for said in (
            *("refund_order", "refund-91", "pay back", "<b>it came broken</b>", "What it would write: 1 row"),
            "the policy asks for a person's word on every call",
        ):
            expect(card).to_contain_text(said)
        expect(card.locator(".changed")).to_have_text(
            ["NULL", "<b>it came broken</b>", "pending", "refunded"]
        )
        approve(page, number)
        assert read_order() == [("pending", None)]

        found = task.outcome(number)
        assert found.state == "done"
        assert found.result is not None
        assert found.result.affected == 1
        assert read_order() == [("refunded", "<b>it came broken</b>")]
        assert task.call("refund_order", call).replayed
        page.goto("/approvals?state=done")
        expect(page.get_by_role("region", name="What became of others").first).to_contain_text("refund-91")

        # Another is rejected, and the agent is told why.
        other = {"order_id": 92}
        with pytest.raises(ApprovalRequiredError):
            task.call("refund_order", other)
        page.goto("/approvals")
        page.get_by_role("button", name="Reject").click()
        page.get_by_label("Why?").fill("it was never paid")
        page.get_by_role("dialog").get_by_role("button", name="Reject").click()
        expect(page.get_by_role("status")).to_contain_text("is rejected")
        with pytest.raises(ApprovalRejectedError) as rejected:
            task.call("refund_order", other)
        assert "it was never paid" in rejected.value.detail
    page.goto("/incidents?kind=approval")
    pills = page.locator("main tbody .pill").all_inner_texts()
    assert pills[:4] == ["rejected", "held", "approved", "held"]


def test_what_has_changed_before_it_ran_is_held_anew_and_says_so(tab: Tab, shop: Shop) -> None:
    site, page = shop.moat, tab.page
    with (
        Moat(site.policy, dsns=site.dsns(), orchestrator_dsn=site.database.dsn) as moat,
        moat.task("refunds", "refund-93") as task,
    ):
        with pytest.raises(ApprovalRequiredError) as held:
            task.call("refund_order", {"order_id": 93})
        number = held.value.approval_id
        assert number is not None
        page.goto("/approvals")
        card = page.get_by_role("region", name=f"No. {number}")
        expect(card).not_to_contain_text("this is look")
        site.run("UPDATE orders SET status = 'sent back' WHERE id = 93")
        approve(page, number)
        assert task.outcome(number).state == "pending"
        page.goto("/approvals")
        expect(card).to_contain_text("this is look 2")
        expect(card.locator(".was.changed")).to_have_text("sent back")
        approve(page, number)
        assert task.outcome(number).state == "done"
    assert site.value("SELECT status FROM orders WHERE id = 93") == "refunded"


def test_what_changed_while_it_was_looked_at_is_not_approved(tab: Tab, shop: Shop) -> None:
    number = hold(shop.moat)
    page = tab.page
    page.goto("/approvals")
    page.get_by_role("button", name="Approve").click()
    shop.moat.run("UPDATE pgmoat.approval SET fingerprint = '\\x04', revision = 2 WHERE id = %s", number)
    page.get_by_role("dialog").get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status")).to_contain_text("has changed since it was shown")
    expect(page.get_by_role("region", name=f"No. {number}")).to_contain_text("this is look 2")
    assert state_of(shop.moat, number) == "pending"


def test_what_comes_to_wait_appears_by_itself(tab: Tab, shop: Shop) -> None:
    page = tab.page
    page.goto("/approvals")
    expect(page.get_by_text("Nothing waits.")).to_be_visible()
    number = hold(shop.moat)
    expect(page.get_by_role("region", name=f"No. {number}")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("link", name="Approvals 1 waiting")).to_be_visible()


def test_without_javascript(chromium: Browser, served: Served, shop: Shop) -> None:
    number, other = hold(shop.moat), hold(shop.moat)
    context = chromium.new_context(base_url=served.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("Token").fill("operator-token-for-tests-0123")
    page.get_by_label("Your name").fill("Ada")
    page.get_by_role("button", name="Log in").click()
    page.goto("/approvals")
    page.get_by_role("region", name=f"No. {number}").get_by_role("button", name="Approve").click()
    expect(page.get_by_role("heading", name="Approve this write?")).to_be_visible()
    assert state_of(shop.moat, number) == "pending"
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status")).to_contain_text(f"Number {number} is approved.")
    page.get_by_role("region", name=f"No. {other}").get_by_role("button", name="Reject").click()
    page.get_by_role("button", name="Reject").click()
    assert state_of(shop.moat, other) == "pending"
    page.get_by_label("Why?").fill("no")
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("status")).to_contain_text(f"Number {other} is rejected.")
    assert (state_of(shop.moat, number), state_of(shop.moat, other)) == ("approved", "rejected")
    context.close()


def test_a_viewer_sees_no_buttons(chromium: Browser, served: Served, shop: Shop) -> None:
    number = hold(shop.moat)
    context = chromium.new_context(base_url=served.url)
    page = context.new_page()
    page.goto(f"/login#{VIEWER}")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/")
    page.goto("/approvals")
    card = page.get_by_role("region", name=f"No. {number}")
    expect(card).to_contain_text("refund_all")
    expect(card.get_by_role("button")).to_have_count(0)
    context.close()
