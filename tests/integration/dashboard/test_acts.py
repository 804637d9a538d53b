"""What operators do takes effect and is recorded; what viewers, other sites and old pages send does not."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any

import pytest

from tests.dashboard_fixtures import (
    OPERATOR,
    Browser,
    Served,
    Shop,
    hire,
    run_statement,
    serve,
    wait_for,
)
from tests.moat_fixtures import Moat, enter, new_task_id, refused


@pytest.fixture(autouse=True)
def thawed(shop: Shop) -> Generator[None]:
    yield
    shop.moat.run("UPDATE pgmoat.agent SET frozen_at = NULL, frozen_by = NULL, frozen_reason = NULL")


def is_frozen(moat: Moat, agent: str) -> bool:
    return bool(moat.value("SELECT frozen_at IS NOT NULL FROM pgmoat.agent WHERE name = %s", agent))


def last_incident(moat: Moat) -> tuple[Any, ...]:
    (row,) = moat.read(
        "SELECT agent, task_id, kind, action, detail ->> 'by', detail ->> 'reason' FROM pgmoat.incident"
        " ORDER BY id DESC LIMIT 1"
    )
    return row


def test_freeze_and_thaw(operator: Browser, shop: Shop) -> None:
    token = shop.moat.open_task("support")
    with shop.moat.connect("support") as agent:
        answer = operator.act("freeze", agent="support", reason="wrong prices", back="/agents/support")
        assert (answer.status_code, answer.headers["location"]) == (303, "/agents/support")
        with refused("PM005") as caught, agent.transaction():
            enter(agent, token)
            agent.execute("SELECT * FROM orders")
        assert "wrong prices" in str(caught.value.diag.message_detail or caught.value)
        assert last_incident(shop.moat) == (
            "support",
            None,
            "by-hand",
            "frozen",
            "Ada (dashboard)",
            "wrong prices",
        )
        page = operator.get("/agents/support").text
        assert "Agent support is frozen." in page
        assert "wrong prices" in page
        assert re.search(r" by login \S+_desk: wrong prices", page)
        assert "Agent support is frozen." not in operator.get("/agents/support").text
        operator.act("thaw", agent="support")
        with agent.transaction():
            enter(agent, token)
            agent.execute("SELECT * FROM orders")
    assert last_incident(shop.moat)[3:5] == ("thawed", "Ada (dashboard)")


def test_freeze_hard_takes_the_login(shop: Shop) -> None:
    # As who applied: it may alter the agents' roles.
    with serve(shop.moat.database.dsn) as served, served.log_in() as operator:
        operator.act("freeze-hard", agent="catalog", reason="")
        assert "login and all" in operator.get("/").text
        role = shop.moat.role("catalog")
        assert shop.moat.value("SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", role) is False
        operator.act("thaw", agent="catalog")
        assert shop.moat.value("SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", role) is True


def test_a_task_whatever_it_is_called(operator: Browser, shop: Shop) -> None:
    name = "a b/c?&<i>\u202e"
    token = shop.moat.open_task("support", name)
    operator.act("freeze-task", agent="support", task=name, reason="look first")
    with shop.moat.connect("support") as agent, refused("PM004"), agent.transaction():
        enter(agent, token)
        agent.execute("SELECT * FROM orders")
    # The form on the page names it to the letter, although the page shows what is hidden in it.
    page = operator.get("/budgets").text
    form = re.search(r'action="/acts/thaw-task".*?name="task" value="([^"]*)"', page, re.DOTALL)
    assert form is not None
    assert form[1] == "a b/c?&amp;&lt;i&gt;\u202e"
    operator.act("thaw-task", agent="support", task=name)
    assert last_incident(shop.moat)[:4] == ("support", name, "by-hand", "thawed")


def test_a_task_of_a_frozen_agent_has_nothing_to_thaw(operator: Browser, shop: Shop) -> None:
    free, held = new_task_id(), new_task_id()
    for name in (free, held):
        shop.moat.open_task("catalog", name)
    operator.act("freeze-task", agent="catalog", task=held, reason="")
    operator.act("freeze", agent="catalog", reason="")
    rows = operator.get("/budgets?agent=catalog").text.split("<tr>")
    (free_row,), (held_row,) = ([row for row in rows if name in row] for name in (free, held))
    assert "its agent is frozen" in free_row
    assert "/acts/" not in free_row
    assert ">frozen</span>" in held_row
    assert "/acts/thaw-task" in held_row
    operator.act("thaw", agent="catalog")
    operator.act("thaw-task", agent="catalog", task=held)


def test_whoever_cancels_or_kills_is_asked_why_for_the_record_alone(operator: Browser) -> None:
    session = {"pid": "1", "agent": "analyst", "backend_start": "", "query_start": "", "xact_start": ""}
    for act, told in (("freeze", True), ("cancel", False), ("kill", False)):
        asked = operator.act(act, confirmed="", **session).text
        assert ("The agent is told" in asked) is told
        assert ("the agent is not told" in asked) is not told


def test_it_asks_before_it_acts(operator: Browser, shop: Shop) -> None:
    answer = operator.act("freeze", agent="analyst", confirmed="", back="/agents/analyst")
    assert answer.status_code == 200
    assert "Freeze this agent?" in answer.text
    assert 'name="confirmed" value="1"' in answer.text
    assert not is_frozen(shop.moat, "analyst")


def read_marks(operator: Browser, pid: int) -> dict[str, str]:
    """Return what the page would send to end the session."""
    page = operator.get("/sessions").text
    forms = re.findall(r'action="/acts/kill".*?</form>', page, re.DOTALL)
    (form,) = (form for form in forms if f'name="pid" value="{pid}"' in form)
    return {
        name: value
        for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', form)
        if name not in ("csrf", "back")
    }


def is_running(shop: Shop, pid: int) -> bool:
    query = "SELECT state = 'active' FROM pg_stat_activity WHERE pid = %s"
    return any(active for (active,) in shop.moat.read(query, pid))


def test_cancel_and_kill(operator: Browser, shop: Shop) -> None:
    name = "pgmoat:T-9:look"
    with run_statement(shop.moat, "analyst", "SELECT pg_sleep(60)", name) as agent:
        pid = agent.info.backend_pid
        wait_for(lambda: is_running(shop, pid))
        marks = read_marks(operator, pid)
        operator.act("cancel", **marks, reason="in the way")
        wait_for(lambda: not is_running(shop, pid))
        assert last_incident(shop.moat) == (
            "analyst",
            "T-9",
            "by-hand",
            "cancelled",
            "Ada (dashboard)",
            "in the way",
        )
    with run_statement(shop.moat, "analyst", "SELECT pg_sleep(60)", name) as agent:
        pid = agent.info.backend_pid
        wait_for(lambda: is_running(shop, pid))
        operator.act("kill", **read_marks(operator, pid))
        wait_for(lambda: not shop.moat.read("SELECT FROM pg_stat_activity WHERE pid = %s", pid))
        assert last_incident(shop.moat)[3] == "terminated"
        assert f"Ended session {pid}." in operator.get("/").text


def test_another_statement_of_the_same_pid_goes_on(operator: Browser, shop: Shop) -> None:
    with run_statement(shop.moat, "analyst", "SELECT pg_sleep(60)") as agent:
        pid = agent.info.backend_pid
        wait_for(lambda: is_running(shop, pid))
        marks = read_marks(operator, pid)
        old = marks | {"query_start": "2020-01-01T00:00:00+00:00", "xact_start": "2020-01-01T00:00:00+00:00"}
        other = marks | {"backend_start": "2020-01-01T00:00:00+00:00"}
        for fields in (old, other):
            for act in ("cancel", "kill"):
                operator.act(act, **fields)
                assert "nothing was done" in operator.get("/").text
        assert is_running(shop, pid)
        assert operator.act("kill", **(marks | {"pid": "nonsense"})).status_code == 400
        assert operator.act("kill", **(marks | {"query_start": "yesterday"})).status_code == 400


def test_people_are_not_ended(operator: Browser, shop: Shop) -> None:
    with shop.moat.superuser() as person:
        pid = person.info.backend_pid
        person.execute("BEGIN")
        (started,) = shop.moat.read(
            "SELECT backend_start, query_start FROM pg_stat_activity WHERE pid = %s", pid
        )
        marks = {"pid": str(pid), "agent": "analyst", "backend_start": started[0].isoformat()}
        operator.act("kill", **marks, query_start=started[1].isoformat(), xact_start="")
        person.execute("SELECT 1")


@pytest.mark.parametrize("act", ["freeze", "freeze-hard", "thaw", "freeze-task", "cancel", "kill"])
def test_viewers_change_nothing(viewer: Browser, shop: Shop, act: str) -> None:
    answer = viewer.act(act, agent="analyst", task="T-1", reason="")
    assert answer.status_code == 403
    assert not is_frozen(shop.moat, "analyst")


def test_who_is_not_logged_in_changes_nothing(served: Served, shop: Shop) -> None:
    with served.browse() as browser:
        answer = browser.client.post("/acts/freeze", data={"agent": "analyst", "confirmed": "1"})
    assert answer.status_code == 303
    assert not is_frozen(shop.moat, "analyst")


@pytest.mark.parametrize("csrf", ["", "x", None])
def test_a_form_without_the_sessions_token_changes_nothing(
    operator: Browser, shop: Shop, csrf: str | None
) -> None:
    fields = {"agent": "analyst", "confirmed": "1", "reason": "", **({} if csrf is None else {"csrf": csrf})}
    assert operator.client.post("/acts/freeze", data=fields).status_code == 403
    assert not is_frozen(shop.moat, "analyst")


def test_nor_one_with_another_sessions_token(operator: Browser, served: Served, shop: Shop) -> None:
    with served.log_in(OPERATOR, "Bob") as other:
        assert operator.act("freeze", agent="analyst", csrf=other.csrf()).status_code == 403
    assert not is_frozen(shop.moat, "analyst")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_another_sites_page_changes_nothing(operator: Browser, shop: Shop, headers: dict[str, str]) -> None:
    assert operator.act("freeze", headers, agent="analyst").status_code == 403
    assert not is_frozen(shop.moat, "analyst")


def test_what_the_login_may_not_do_is_said(shop: Shop) -> None:
    dsn = hire(shop.moat, "looker", "monitor")
    with serve(dsn) as served, served.log_in() as operator:
        operator.act("freeze", agent="refunds", reason="")
        assert is_frozen(shop.moat, "refunds")
        operator.act("thaw", agent="refunds")
        assert "Thaw failed: permission denied" in operator.get("/").text
        operator.act("freeze-hard", agent="support", reason="")
        said = operator.get("/").text
        assert "Agent support is frozen; its login could not be taken: permission denied" in said
        assert "failed" not in said
        assert is_frozen(shop.moat, "support")
        assert is_frozen(shop.moat, "refunds")
        with run_statement(shop.moat, "analyst", "SELECT pg_sleep(60)") as agent:
            pid = agent.info.backend_pid
            wait_for(lambda: is_running(shop, pid))
            operator.act("kill", **read_marks(operator, pid))
            assert "Kill failed: " in operator.get("/").text
            assert is_running(shop, pid)


def test_an_act_that_there_is_not(operator: Browser) -> None:
    assert operator.act("drop", agent="analyst").status_code == 404
    assert operator.act("freeze").status_code == 400
    operator.act("freeze", agent="nobody", reason="")
    assert "Freeze failed: " in operator.get("/").text
