"""Held writes are shown as they are, and decided by who may, about what they were shown."""

from __future__ import annotations

import html
import re
from collections.abc import Generator

import pytest

from tests.approval_fixtures import UPDATE, clear, finish, hold, state_of
from tests.dashboard_fixtures import OPERATOR, Browser, Served, Shop, hire, serve, wait_for
from tests.integration.dashboard.test_acts import last_incident

Marks = dict[str, str]


@pytest.fixture(autouse=True)
def cleared(shop: Shop) -> Generator[None]:
    clear(shop.moat)
    yield
    clear(shop.moat)


def read_marks(page: str, number: int, act: str = "approve") -> Marks:
    """Return what the page's form would send."""
    forms = re.findall(rf'action="/acts/{act}".*?</form>', page, re.DOTALL)
    mine = {form.partition("<button")[0] for form in forms if f'name="approval" value="{number}"' in form}
    (form,) = mine  # at both ends of a long page, and the same
    fields = re.findall(r'name="([^"]+)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in fields if name not in ("csrf", "back")}


def main_of(page: str) -> str:
    return html.unescape(page.partition("<main")[2])


def test_what_waits_is_shown_with_all_that_it_is_about(operator: Browser, shop: Shop) -> None:
    number = hold(
        shop.moat,
        step="pay back",
        task="refund-99",
        request={"amount": 120, "note": None},
        why="amount > 100",
        key="refund-99-a",
        reason="ordered twice",
    )
    page = main_of(operator.get("/approvals").text)
    for said in (
        "refund_all",
        "refunds",
        "refund-99",
        "pay back",
        "amount > 100",
        "120",
        "refund-99-a",
        "ordered twice",
    ):
        assert said in page
    table = page.partition('class="written"')[2].partition("</table>")[0]
    assert re.findall(r'<th scope="col">(\w+)</th>', table) == ["id", "note", "status"]
    assert re.findall(r'class="was changed">(\w+)<', table) == ["pending"]
    assert re.findall(r'class="changed">([\w ]+)<', table) == ["paid back", "refunded"]
    assert "Customer 7" not in table
    assert "Customer 7" in page.partition("1 unchanged")[2]
    assert "What it would write: 1 row" in page
    assert read_marks(page, number)["fingerprint"] == shop.moat.value(
        "SELECT encode(fingerprint, 'hex') FROM pgmoat.approval WHERE id = %s", number
    )
    assert read_marks(page, number, "reject") == read_marks(page, number)
    assert f"/approvals/{number}" in page


def test_the_number_that_waits_is_on_each_page(operator: Browser, shop: Shop) -> None:
    def read_number(path: str) -> str:
        page = operator.get(path).text
        nav = page.partition('href="/approvals"')[2].partition("</a>")[0]
        return re.sub(r"<[^>]*>", "", nav.partition(">")[2])

    assert read_number("/agents") == "Approvals"
    hold(shop.moat)
    hold(shop.moat, "support")
    done = hold(shop.moat, "support", expires="-1 s")
    assert [read_number(path) for path in ("/agents", "/approvals", f"/approvals/{done}")] == [
        "Approvals2 waiting"
    ] * 3


def test_sql_of_the_agents_own_is_what_the_agent_says(operator: Browser, shop: Shop) -> None:
    request = {"sql": "UPDATE orders SET status = $1 WHERE id < $2", "parameters": ["refunded", 8]}
    number = hold(shop.moat, operation="write()", request=request)
    for path in ("/approvals", f"/approvals/{number}"):
        page = main_of(operator.get(path).text)
        assert "UPDATE orders SET status = $1 WHERE id < $2" in page
        assert re.search(r'mono">\$1</dt><dd class="mono">refunded<', page)
        assert "As the agent states it." in page


def test_approve(operator: Browser, shop: Shop) -> None:
    number = hold(shop.moat, task="refund-1")
    marks = read_marks(operator.get("/approvals").text, number)
    answer = operator.act("approve", **marks, reason=" fine by me ", back="/approvals")
    assert (answer.status_code, answer.headers["location"]) == (303, "/approvals")
    assert state_of(shop.moat, number) == "approved"
    assert shop.moat.read(
        "SELECT decided_as, decision_reason FROM pgmoat.approvals WHERE id = %s", number
    ) == [("Ada (dashboard)", "fine by me")]
    assert last_incident(shop.moat)[:4] == ("refunds", "refund-1", "approval", "approved")
    page = operator.get("/approvals").text
    assert f"Number {number} is approved." in page
    assert "not run yet" in page
    assert "/acts/approve" not in page
    whole = operator.get(f"/approvals/{number}").text
    assert "fine by me" in whole
    assert "/acts/" not in main_of(whole)
    finish(shop.moat, number)
    page = operator.get("/approvals?state=done").text
    assert f'<a href="/approvals/{number}">' in page
    assert "not run yet" not in page
    incidents = operator.get("/incidents").text
    assert f'href="/approvals/{number}"' in incidents
    assert "by Ada (dashboard)" in incidents


def test_reject_needs_a_reason(operator: Browser, shop: Shop) -> None:
    number = hold(shop.moat)
    marks = read_marks(operator.get("/approvals").text, number, "reject")
    for reason in ({}, {"reason": "  "}):
        asked = operator.act("reject", **marks, **reason)
        assert asked.status_code == 200
        assert "Reject this write?" in asked.text
        assert state_of(shop.moat, number) == "pending"
    operator.act("reject", **marks, reason="wrong customer")
    assert state_of(shop.moat, number) == "rejected"
    page = main_of(operator.get("/approvals").text)
    assert "wrong customer" in page
    assert "by Ada (dashboard), login" in page


def test_it_asks_before_it_approves_and_the_question_keeps_the_fingerprint(
    operator: Browser, shop: Shop
) -> None:
    number = hold(shop.moat)
    marks = read_marks(operator.get("/approvals").text, number)
    asked = operator.act("approve", confirmed="", **marks)
    assert asked.status_code == 200
    assert f"Number {number}: refund_all of agent refunds, rows: 1" in asked.text
    assert state_of(shop.moat, number) == "pending"
    sent = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', asked.text.partition('class="fields"')[2]))
    assert {name: sent[name] for name in marks} == marks


def test_what_has_changed_since_it_was_shown_is_not_approved(operator: Browser, shop: Shop) -> None:
    number = hold(shop.moat)
    marks = read_marks(operator.get("/approvals").text, number)
    shop.moat.run("UPDATE pgmoat.approval SET fingerprint = '\\x02', revision = 2 WHERE id = %s", number)
    for act in ("approve", "reject"):
        operator.act(act, **marks, reason="x")
        page = operator.get("/approvals").text
        assert f"{act.title()} failed: " in page
        assert "has changed since it was shown" in page
    assert state_of(shop.moat, number) == "pending"
    assert "this is look 2" in page
    operator.act("approve", **read_marks(page, number))
    assert state_of(shop.moat, number) == "approved"


def test_once_is_enough(operator: Browser, shop: Shop, served: Served) -> None:
    number = hold(shop.moat)
    marks = read_marks(operator.get("/approvals").text, number)
    operator.act("reject", **marks, reason="no")
    with served.log_in(OPERATOR, "Bob") as other:
        other.act("approve", **marks)
        assert "it is rejected already" in other.get("/approvals").text
    assert state_of(shop.moat, number) == "rejected"


def test_what_has_expired_is_not_approved(operator: Browser, shop: Shop) -> None:
    number = hold(shop.moat)
    marks = read_marks(operator.get("/approvals").text, number)
    shop.moat.run("UPDATE pgmoat.approval SET expires_at = clock_timestamp() WHERE id = %s", number)
    operator.act("approve", **marks)
    page = operator.get("/approvals").text
    assert "it is expired already" in page
    assert "Nothing waits." in page
    assert state_of(shop.moat, number) == "expired"


@pytest.mark.parametrize(
    "wrong",
    [
        {"approval": "x"},
        {"approval": ""},
        {"fingerprint": "zz"},
        {"fingerprint": "a"},
    ],
)
def test_what_is_no_mark_of_a_held_write(operator: Browser, shop: Shop, wrong: Marks) -> None:
    number = hold(shop.moat)
    marks = read_marks(operator.get("/approvals").text, number)
    assert operator.act("approve", **(marks | wrong)).status_code == 400
    del marks[next(iter(wrong))]
    assert operator.act("approve", **marks).status_code == 400
    assert state_of(shop.moat, number) == "pending"


@pytest.mark.parametrize("other", ["0", "-1", "9" * 30, "fingerprint"])
def test_another_number_or_fingerprint_decides_nothing(operator: Browser, shop: Shop, other: str) -> None:
    number = hold(shop.moat)
    marks = read_marks(operator.get("/approvals").text, number)
    wrong = {"fingerprint": "00" * 32} if other == "fingerprint" else {"approval": other}
    operator.act("approve", **(marks | wrong))
    assert "Approve failed: " in operator.get("/approvals").text
    assert state_of(shop.moat, number) == "pending"


def test_viewers_look_and_decide_nothing(viewer: Browser, operator: Browser, shop: Shop) -> None:
    number = hold(shop.moat)
    marks = read_marks(operator.get("/approvals").text, number)
    for path in ("/approvals", f"/approvals/{number}"):
        page = viewer.get(path).text
        assert "refund_all" in page
        assert "/acts/" not in page
    for act in ("approve", "reject"):
        assert viewer.act(act, **marks, reason="x").status_code == 403
    assert state_of(shop.moat, number) == "pending"


def test_other_sites_and_forms_without_a_token_decide_nothing(
    operator: Browser, served: Served, shop: Shop
) -> None:
    number = hold(shop.moat)
    marks = read_marks(operator.get("/approvals").text, number)
    assert operator.act("approve", {"Origin": "https://evil.example"}, **marks).status_code == 403
    assert operator.act("approve", {"Sec-Fetch-Site": "cross-site"}, **marks).status_code == 403
    data = {**marks, "confirmed": "1", "reason": ""}
    assert operator.client.post("/acts/approve", data=data).status_code == 403
    assert operator.client.get("/acts/approve", params=data).status_code == 405
    with served.browse() as stranger:
        assert stranger.client.post("/acts/approve", data=data).status_code == 303
        assert stranger.get(f"/approvals/{number}").status_code == 303
    with served.log_in(OPERATOR, "Bob") as other:
        assert operator.act("approve", **marks, csrf=other.csrf()).status_code == 403
    assert state_of(shop.moat, number) == "pending"


def test_a_login_that_may_not_decide_is_told_so_and_has_no_buttons(shop: Shop) -> None:
    number = hold(shop.moat)
    role = shop.moat.system_role("approver")
    with serve(hire(shop.moat, "watcher", "monitor")) as served, served.log_in() as operator:
        for path in ("/approvals", f"/approvals/{number}"):
            page = operator.get(path).text
            assert f"is no member of <code>{role}</code>" in page
            assert "/acts/" not in main_of(page)
        shown = shop.moat.value(
            "SELECT encode(fingerprint, 'hex') FROM pgmoat.approval WHERE id = %s", number
        )
        fields = {"agent": "refunds", "operation": "x", "affected": "1", "fingerprint": shown}
        operator.act("approve", **fields, approval=str(number))
        assert "Approve failed: permission denied" in operator.get("/approvals").text
        assert state_of(shop.moat, number) == "pending"
        said = f"nobody can approve or reject here: this login is no member of {role}"
        wait_for(lambda: any(said in line for line in served.lines))


def test_nothing_is_said_to_a_login_that_may(served: Served, viewer: Browser) -> None:
    assert not any("nobody can approve" in line for line in served.lines)
    assert "Nobody can approve" not in viewer.get("/approvals").text


def test_what_is_long_is_cut_and_says_so_and_is_approved_where_all_of_it_is(
    operator: Browser, shop: Shop
) -> None:
    long = "W" * 5_000
    rows = [UPDATE | {"after": {"id": n, "note": f"row {n} of many"}} for n in range(40)]
    many = hold(shop.moat, preview=rows, affected=4_000, is_cut=True)
    text = hold(shop.moat, request={"note": long})
    value = hold(shop.moat, preview=[UPDATE | {"after": {"note": long}}])
    statement = hold(shop.moat, operation="write()", request={"sql": f"SELECT '{long}'", "parameters": []})
    arguments = hold(shop.moat, request={f"argument {n}": n for n in range(30)})
    page = operator.get("/approvals").text
    assert long not in page
    assert "(cut: 5\N{NARROW NO-BREAK SPACE}000 characters)" in page
    assert "5 of 40 rows are shown here" in page
    assert "12 of 30 are shown" in page
    assert "row 4 of many" in page
    assert "row 5 of many" not in page
    assert "/acts/approve" not in page
    assert page.count("/acts/reject") == 5
    for number in (many, text, value, statement, arguments):
        whole = operator.get(f"/approvals/{number}").text
        assert "cut: " not in whole
        assert read_marks(whole, number)
    assert "row 39 of many" in operator.get(f"/approvals/{many}").text
    assert "Only the first 40 are kept." in operator.get(f"/approvals/{many}").text
    for number in (text, value, statement):
        assert long in operator.get(f"/approvals/{number}").text


def test_rows_that_are_too_large_to_be_kept(operator: Browser, shop: Shop) -> None:
    number = hold(shop.moat, preview=[], affected=3, is_cut=True)
    shop.moat.run(
        'UPDATE pgmoat.approval SET counts = \'[{"entity": "orders", "operation": "update", "rows": 2},'
        ' {"entity": "<b>", "operation": "insert", "rows": 1}]\' WHERE id = %s',
        number,
    )
    assert "/acts/approve" not in operator.get("/approvals").text
    page = operator.get(f"/approvals/{number}").text
    assert "They are too large to be kept: nobody can show them." in page
    assert "What is approved are all 3" in page
    counts = (
        'In all: updates 2 <span class="mono">orders</span>, inserts 1 <span class="mono">&lt;b&gt;</span>.'
    )
    assert counts in page
    assert read_marks(page, number)


def test_an_agents_page_says_what_of_it_waits(operator: Browser, shop: Shop) -> None:
    assert "of its writes" not in operator.get("/agents/refunds").text
    hold(shop.moat)
    hold(shop.moat)
    page = operator.get("/agents/refunds").text
    assert '<a href="/approvals?agent=refunds">2 of its writes</a> wait' in page
    assert "of its writes" not in operator.get("/agents/support").text


def test_hostile_values_are_shown_and_not_obeyed(operator: Browser, shop: Shop) -> None:
    hostile = "<b>\u202eevil\u0007\u200b{{ 7 * 7 }} ünï 漢字 \u2066</b>"
    number = hold(
        shop.moat,
        step=hostile,
        task="task <b>\u202eevil {{ 7 * 7 }}</b>",
        key=f"key {hostile}",
        why=f"why {hostile}",
        reason=f"reason {hostile}",
        request={f"name {hostile}": {"nested": [hostile, {"deep": [None, True]}]}},
        preview=[UPDATE | {"after": {"note": hostile, "tags": [hostile], "none": "NULL", "null": None}}],
    )
    shop.moat.run(
        "UPDATE pgmoat.approval SET decided_as = %s, decision_reason = %s, decision = 'rejected',"
        " decided_at = now() WHERE id = %s",
        hostile,
        hostile,
        hold(shop.moat, expires="-1 h"),
    )
    for path in ("/approvals", f"/approvals/{number}"):
        page = operator.get(path).text
        assert "<b>" not in page
        assert not any(hidden in page for hidden in ("\u202e", "\u0007", "\u200b", "\u2066"))
        assert "ünï 漢字" in page
        assert "{{ 7 * 7 }}" in page
        assert "⟨U+202E⟩evil" in page
        assert '<span class="null">NULL</span>' in page
        assert re.search(r'class="changed">NULL</span>', page)
    # To the letter, for what the buttons send.
    assert read_marks(operator.get("/approvals").text, number)["approval"] == str(number)


def test_pages_of_what_waits_and_of_what_does_not(operator: Browser, shop: Shop) -> None:
    waiting = [hold(shop.moat, "support" if n % 2 else "refunds") for n in range(12)]
    settled = [hold(shop.moat, "catalog", expires="-1 h") for _ in range(27)]

    def list_numbers(path: str, part: str) -> list[int]:
        page = operator.get(path).text
        text = page.partition(f'data-part="{part}"')[2].partition("data-part")[0]
        return [int(number) for number in re.findall(r'<a href="/approvals/(\d+)">', text)]

    def follow(path: str, label: str) -> str:
        found = re.search(rf'href="([^"]*)">{label}</a>', operator.get(path).text)
        assert found is not None
        return html.unescape(found[1])

    assert list_numbers("/approvals", "held") == waiting[:10]
    assert list_numbers(follow("/approvals", "Next"), "held") == waiting[10:]
    assert list_numbers("/approvals?agent=support", "held") == waiting[1::2]
    assert list_numbers("/approvals", "settled") == settled[:1:-1]
    assert list_numbers(follow("/approvals", "Older"), "settled") == settled[1::-1]
    assert list_numbers("/approvals?state=rejected", "settled") == []
    assert list_numbers("/approvals?state=expired&agent=catalog", "settled") == settled[:1:-1]
    for nonsense in ("after=x", "before=-1", "after=" + "9" * 40, "before=%C2%B2", "state=nonsense"):
        assert operator.get(f"/approvals?{nonsense}").status_code == 200


def test_numbers_that_there_are_not(operator: Browser) -> None:
    for number in ("0", "1x", "-1", "9" * 18, "9" * 40, "%C2%B2"):
        answer = operator.get(f"/approvals/{number}")
        assert answer.status_code == 404
        assert "Nothing here" in answer.text
