"""Who gets in, by what name the dashboard goes, and what its answers forbid browsers."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie

import httpx
import pytest

from tests.dashboard_fixtures import OPERATOR, VIEWER, Browser, Served, Shop, serve

PAGES = (
    "/",
    "/agents",
    "/agents/analyst",
    "/agents/analyst/task",
    "/agents/analyst/step",
    "/sessions",
    "/budgets",
    "/incidents",
    "/writes",
    "/unfinished",
)


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_for_those_who_are_logged_in(served: Served, path: str) -> None:
    with served.browse() as browser:
        answer = browser.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")
    assert "analyst" not in answer.text


@pytest.mark.parametrize("path", ["/api/series", "/api/live"])
def test_so_are_the_figures(served: Served, path: str) -> None:
    with served.browse() as browser:
        assert browser.get(path).status_code == 401


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(served: Served) -> None:
    with served.browse() as browser:
        answer = browser.client.post("/login", data={"token": VIEWER})
    (cookie,) = SimpleCookie(answer.headers["set-cookie"]).values()
    assert cookie["httponly"]
    assert cookie["samesite"] == "strict"
    assert not cookie["secure"]
    assert cookie["path"] == "/"
    assert len(cookie.value) >= 40


def test_another_token_opens_nothing_and_who_guesses_has_to_wait(shop: Shop) -> None:
    guesses = ["", "x", OPERATOR[:-1], OPERATOR + "x", OPERATOR.upper(), "\u00e9", *"abcdef"]
    with serve(shop.dsn) as served, served.browse() as browser:
        answers = [browser.client.post("/login", data={"token": token}) for token in guesses]
        assert [answer.status_code for answer in answers] == [403] * 10 + [429] * 2
        assert not any("set-cookie" in answer.headers for answer in answers)
        assert browser.get("/").status_code == 303
        right = browser.client.post("/login", data={"token": OPERATOR})
        assert right.status_code == 429
        assert 0 < int(right.headers["retry-after"]) <= 60


def test_logging_out_ends_the_session_for_whoever_has_its_cookie(served: Served) -> None:
    with served.log_in() as browser, served.browse(cookies=browser.client.cookies) as thief:
        assert thief.get("/").status_code == 200
        assert browser.client.post("/logout", data={"csrf": "wrong"}).status_code == 403
        assert thief.get("/").status_code == 200
        assert browser.client.post("/logout", data={"csrf": browser.csrf()}).status_code == 303
        assert thief.get("/").status_code == 303


def test_a_made_up_cookie_is_nobody(served: Served) -> None:
    with served.browse(cookies={f"pgmoat_{served.port}": "a" * 43}) as browser:
        assert browser.get("/").status_code == 303


def test_viewers_throw_no_operator_out(shop: Shop) -> None:
    with serve(shop.dsn) as served, served.log_in() as operator, served.browse() as viewer:
        for _ in range(1_001):
            assert viewer.client.post("/login", data={"token": VIEWER}).status_code == 303
        assert operator.get("/healthz").status_code == 200
        assert operator.get("/budgets").status_code == 200


@pytest.mark.parametrize(
    ("back", "leads_to"),
    [
        ("/writes?agent=x", "/writes?agent=x"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_a_login_leads_to_no_other_site(served: Served, back: str, leads_to: str) -> None:
    with served.browse() as browser:
        answer = browser.client.post("/login", data={"token": VIEWER, "back": back})
    assert answer.headers["location"] == leads_to


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8642", "127.0.0.1.evil.example", "", "localhost@evil"]
)
def test_it_goes_by_no_other_name(served: Served, operator: Browser, host: str) -> None:
    for path in ("/", "/login", "/healthz", "/static/style.css"):
        answer = httpx.get(served.url + path, headers={"Host": host}, cookies=operator.client.cookies)
        assert answer.status_code in (400, 421)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "[::1]:9"])
def test_it_goes_by_loopback_names(served: Served, host: str) -> None:
    assert httpx.get(f"{served.url}/healthz", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "path", [*PAGES, "/login", "/nothing", "/static/style.css", "/healthz", "/api/series"]
)
def test_each_answer_forbids_what_browsers_need_not_do(operator: Browser, path: str) -> None:
    headers = operator.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    for part in ("form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert part in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")
    assert "server" not in headers


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_a_script_or_style_of_its_own(operator: Browser, path: str) -> None:
    text = operator.get(path).text
    assert re.findall(r"<script(?![^>]* src=\"/static/)[^>]*>", text) == []
    assert re.findall(r"\sstyle=|\son[a-z]+=|<style|javascript:|https?://(?!www\.w3\.org)", text) == []


def test_nothing_but_forms_changes_anything(operator: Browser, served: Served) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = operator.client.request(method, "/acts/freeze?agent=analyst&confirmed=1")
        assert answer.status_code == 405
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert operator.client.request(method, "/writes").status_code == 405
    assert operator.client.get("/logout").status_code == 405
    with served.browse() as browser:
        assert browser.client.get("/acts/freeze").status_code == 405


def test_what_is_no_text_is_refused(operator: Browser) -> None:
    assert operator.get("/writes?agent=a%00b").status_code == 400
    assert operator.get("/agents/a%00b").status_code == 400
    assert operator.get("/writes?agent=%ff%fe").status_code == 200
    assert operator.client.post("/login", data={"token": "x" * 70_000}).status_code == 413
    assert operator.client.post("/login", json={"token": OPERATOR}).status_code == 415
    assert operator.client.post("/login", content=b"token=%00", headers=_FORM).status_code == 400
    assert operator.client.post("/login", content=b"token=%ff", headers=_FORM).status_code == 400
    assert operator.client.post("/login", content=b"a=1&" * 40, headers=_FORM).status_code == 400


_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
