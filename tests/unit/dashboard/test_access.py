"""Sessions end, tokens are compared whole, and guessing takes time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import pytest
from starlette.types import Message, Receive, Scope, Send

from pgmoat.dashboard.access import IDLE_S, LONGEST_S, Role, Sessions, Throttle, match_token
from pgmoat.dashboard.gate import Gate, is_allowed_host, is_from_here
from pgmoat.dashboard.settings import Settings, Tokens, parse_address, read_tokens
from pgmoat.errors import Error
from pgmoat.model.address import Address, list_hosts

TOKENS = Tokens("operator-0123456789-abcdef", "viewer-0123456789-abcdef")


@dataclass(slots=True)
class Clock:
    """A clock that is moved by hand."""

    now: float = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def test_a_session_ends_after_an_hour_without_use_and_after_half_a_day_anyway() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    idle, _ = sessions.begin(Role.VIEWER, "")
    clock.now += IDLE_S - 1
    assert sessions.find(idle, is_use=False) is not None  # what a page does by itself is no use
    clock.now += 2
    assert sessions.find(idle) is None
    used, _ = sessions.begin(Role.OPERATOR, "Ada")
    for _ in range(LONGEST_S // 1800):
        clock.now += 1800
        assert sessions.find(used) is not None
    clock.now += 1
    assert sessions.find(used) is None


def test_a_session_is_found_by_its_own_id_alone() -> None:
    sessions = Sessions(Clock())
    first, ada = sessions.begin(Role.OPERATOR, "Ada")
    second, bob = sessions.begin(Role.VIEWER, "Bob")
    assert sessions.find(first) is ada
    assert sessions.find(second) is bob
    assert ada.csrf_token != bob.csrf_token
    assert first not in repr(sessions)
    sessions.end(first)
    assert sessions.find(first) is None
    assert sessions.find("") is None


def test_sessions_do_not_pile_up() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    oldest, _ = sessions.begin(Role.VIEWER, "")
    for _ in range(999):
        clock.now += 0.001
        sessions.begin(Role.VIEWER, "")
    newest, _ = sessions.begin(Role.VIEWER, "")
    assert sessions.find(oldest) is None
    assert sessions.find(newest) is not None


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_a_session_ends_for_one_of_its_own_role_alone(role: Role) -> None:
    clock = Clock()
    sessions = Sessions(clock)
    (other,) = set(Role) - {role}
    kept, _ = sessions.begin(other, "")
    ids: list[str] = []
    for _ in range(1_001):
        clock.now += 0.001
        ids.append(sessions.begin(role, "")[0])
    assert sessions.find(kept) is not None
    assert [found for found in ids if sessions.find(found) is None] == ids[:1]


def test_a_page_that_stays_open_does_not_keep_its_session_awake() -> None:
    clock = Clock()
    settings, sessions = Settings(Address("127.0.0.1", 1), TOKENS), Sessions(clock)
    session_id, _ = sessions.begin(Role.VIEWER, "")
    passed: list[Scope] = []

    async def note(scope: Scope, receive: Receive, send: Send) -> None:
        passed.append(scope)

    gate = Gate(note, replace(settings, allowed_hosts=frozenset(["h"])), sessions)
    asked = [("/api/live", ()), ("/", ((b"x-pgmoat-refresh", b"1"),))]
    for path, more in asked:
        clock.now += IDLE_S / 2 + 1
        headers = [(b"host", b"h"), (b"cookie", f"{settings.cookie_name}={session_id}".encode()), *more]
        scope = {"type": "http", "path": path, "query_string": b"", "headers": headers, "method": "GET"}
        asyncio.run(gate(scope, _receive, _send))
    assert [scope["pgmoat_session"] is not None for scope in passed] == [True, False]


async def _receive() -> Message:
    return {"type": "http.disconnect"}


async def _send(message: Message) -> None: ...


def test_tokens_open_their_own_role() -> None:
    assert match_token(TOKENS, TOKENS.operator) is Role.OPERATOR
    assert match_token(TOKENS, TOKENS.viewer) is Role.VIEWER
    for other in ("", "operator", TOKENS.operator + " ", TOKENS.viewer[:-1], "\ud800"):
        assert match_token(TOKENS, other) is None
    assert TOKENS.operator not in repr(TOKENS)


def test_ten_wrong_tokens_a_minute_are_all() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(10):
        assert throttle.wait_s("a") == 0
        throttle.fail("a")
    assert throttle.wait_s("a") == 60
    assert throttle.wait_s("b") == 0
    clock.now += 60
    assert throttle.wait_s("a") == 0


def test_tokens_are_drawn_anew_each_time() -> None:
    first, second = read_tokens({}), read_tokens({})
    assert len({first.operator, first.viewer, second.operator, second.viewer}) == 4
    assert min(map(len, (first.operator, first.viewer))) >= 32
    assert first.is_drawn
    assert not read_tokens({"PGMOAT_DASHBOARD_OPERATOR_TOKEN": TOKENS.operator}).is_drawn


@pytest.mark.parametrize(
    ("text", "host", "port", "is_loopback"),
    [
        ("127.0.0.1:8642", "127.0.0.1", 8642, True),
        ("127.9.9.9:1", "127.9.9.9", 1, True),
        ("localhost:80", "localhost", 80, True),
        ("[::1]:80", "::1", 80, True),
        ("0.0.0.0:80", "0.0.0.0", 80, False),  # noqa: S104
        ("10.1.1.1:80", "10.1.1.1", 80, False),
        ("[::]:80", "::", 80, False),
        ("[::ffff:10.0.0.1]:80", "::ffff:10.0.0.1", 80, False),
        ("localhost.example:80", "localhost.example", 80, False),
    ],
)
def test_addresses(text: str, host: str, port: int, is_loopback: bool) -> None:
    address = parse_address(text)
    assert (address.host, address.port, address.is_loopback) == (host, port, is_loopback)


@pytest.mark.parametrize(
    "text", ["", "8642", "host", "host:", ":80", "::1:80", "a b:80", "host:99999", "host:8o"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(Error, match="HOST:PORT"):
        parse_address(text)


def test_names_of_a_dashboard() -> None:
    own = list_hosts(Address("127.0.0.1", 8642), ["Moat.example", "other.example:8443"])
    for host in ("127.0.0.1:8642", "localhost", "[::1]:1", "moat.EXAMPLE:443", "other.example:8443"):
        assert is_allowed_host(host, own)
    for host in (
        "",
        "other.example",
        "evil.example",
        "127.0.0.1.evil.example",
        "moat.example@evil",
        "moat.example:x",
    ):
        assert not is_allowed_host(host, own)
    assert "localhost" not in list_hosts(Address("10.0.0.5", 8642), [])


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({"host": "h:1"}, True),
        ({"host": "h:1", "origin": "http://h:1"}, True),
        ({"host": "h:1", "origin": "http://H:1", "sec-fetch-site": "same-origin"}, True),
        ({"host": "h:1", "origin": "null", "sec-fetch-site": "same-origin"}, True),
        ({"host": "h:1", "origin": "null"}, False),
        ({"host": "h:1", "origin": "http://h:2"}, False),
        ({"host": "h:1", "origin": "http://h:1.evil"}, False),
        ({"host": "h:1", "origin": "http://h:1", "sec-fetch-site": "same-site"}, False),
        ({"host": "h:1", "sec-fetch-site": "none"}, False),
    ],
)
def test_requests_of_its_own_pages(headers: dict[str, str], is_ours: bool) -> None:
    assert is_from_here(headers) == is_ours


def test_dashboards_on_one_machine_have_cookies_of_their_own() -> None:
    names = {Settings(Address("127.0.0.1", port), TOKENS).cookie_name for port in (8642, 8643)}
    assert len(names) == 2
    assert Settings(Address("127.0.0.1", 1), TOKENS, is_secure=True).cookie_name.startswith("__Host-")
