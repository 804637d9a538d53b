"""A webhook's address, what is sent there, and when it is tried again."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
from datetime import UTC, datetime

import pytest

from pgmoat.errors import Error
from pgmoat.watchdog.courier import find_pause
from pgmoat.watchdog.hook import Answer, describe_line, make_body, parse_hook, parse_retry_after, send, sign

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
INCIDENT = {
    "id": 7,
    "at": NOW,
    "agent": "clerk",
    "task_id": "T-1",
    "step": "<!channel> @here http://evil.example/\n[x](y)",
    "kind": "statement-timeout",
    "action": "cancelled",
    "subject": "s:1",
    "detail": {"limit": 1000, "found": 1500, "query": "SELECT '…'"},
    "recorded_by": "watchdog",
}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://hooks.example/T0/secret", "https://hooks.example"),
        ("https://user:word@hooks.example:8443/x?y=z", "https://hooks.example:8443"),
        ("http://127.0.0.1:9/x", "http://127.0.0.1:9"),
        ("http://[::1]:9/x", "http://[::1]:9"),
        ("http://localhost/x", "http://localhost"),
    ],
)
def test_only_the_host_is_shown(url: str, shown: str) -> None:
    hook = parse_hook(url, "key")
    assert hook.shown == shown
    for secret in ("word", "secret", "key", "/x"):
        assert secret not in repr(hook)
    assert "@" not in hook.url


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a/b",
        "hooks.example",
        "https://",
        "https://a:b:c/",
        "https://a b/",
        "https://a/\nX: y",
        "http://hooks.example/x",
        "http://127.0.0.1.evil.example/x",
        "http://localhost@evil.example/",
    ],
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(Error) as caught:
        parse_hook(url, "")
    assert "evil" not in str(caught.value)


def test_without_tls_on_demand() -> None:
    assert parse_hook("http://hooks.example/x", "", without_tls=True).url == "http://hooks.example/x"


def test_user_and_password_go_into_a_header() -> None:
    hook = parse_hook("https://us%20er:w%40rd@hooks.example/x", "")
    assert (hook.url, hook.authorization) == ("https://hooks.example/x", "Basic dXMgZXI6d0ByZA==")


def test_the_line_holds_no_markup() -> None:
    line = describe_line(INCIDENT)
    assert line == (
        "pgmoat: clerk/T-1/??channel? ?here http?evil.example/??x?(y) statement-timeout cancelled:"
        " ran 1.5 s, 1.0 s are allowed"
    )


def test_the_body() -> None:
    body = json.loads(make_body(INCIDENT))
    assert body["id"] == 7
    assert body["text"] == describe_line(INCIDENT)
    assert body["incident"] == {**INCIDENT, "at": NOW.isoformat()}


@pytest.mark.parametrize(
    "more",
    [
        {"query": "\N{SNOWMAN}" * 60_000},
        {"found": "x" * 1_000_000, "query": ["y" * 1_000_000]},
        {str(number): "z" * 500 for number in range(5000)},
    ],
    ids=["escapes", "long texts", "many keys"],
)
def test_a_body_of_any_length_is_cut(more: dict[str, object]) -> None:
    incident = {**INCIDENT, "subject": "s" * 100_000, "detail": {"limit": 1000, **more}}
    body = make_body(incident)
    assert len(body) <= 64_000
    sent = json.loads(body)
    assert sent["truncated"] is True
    assert sent["incident"].keys() == INCIDENT.keys()
    assert [sent["incident"][key] for key in ("id", "at", "agent")] == [7, NOW.isoformat(), "clerk"]


def test_who_answers_before_it_has_read_all_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgmoat.watchdog.hook._MOST_BODY", 100_000_000)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> None:
            client, _ = server.accept()
            with client:
                client.recv(100)
                client.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

        thread = threading.Thread(target=refuse)
        thread.start()
        hook = parse_hook(f"http://127.0.0.1:{server.getsockname()[1]}/x", "")
        answer = send(hook, {**INCIDENT, "detail": {"found": "x" * 30_000_000}}, NOW)
        thread.join()
    assert (answer.problem, answer.is_refused) == ("HTTP 413", True)


def test_the_signature() -> None:
    expected = hmac.new(b"key", b"17.{}", hashlib.sha256).hexdigest()
    assert sign("key", "17", b"{}") == f"sha256={expected}"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("7", 7),
        ("999999", 3600),
        ("soon", None),
        ("Thu, 01 Jan 2026 12:00:09 GMT", 9),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, NOW) == seconds


@pytest.mark.parametrize(("attempts", "longest"), [(1, 1), (4, 8), (9, 256), (10, 300), (10_000, 300)])
def test_pauses_grow(attempts: int, longest: float) -> None:
    pauses = [find_pause(Answer("x"), attempts) for _ in range(50)]
    assert longest / 2 <= min(pauses) < max(pauses) <= longest
    assert find_pause(Answer("x", retry_after_s=1000), attempts) == 1000
