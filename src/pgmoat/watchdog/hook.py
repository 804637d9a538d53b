"""
A webhook's address, and what is sent there.

In: a URL, a secret, incidents. Out: requests, Answers. I/O: HTTP.

The URL may be a secret itself: only its scheme, host and port are ever shown.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import http.client
import ipaddress
import json
import re
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.error import HTTPError
from urllib.parse import SplitResult, unquote, urlsplit

from pgmoat.errors import Error
from pgmoat.watchdog.line import describe_incident

_TIMEOUT_S = 10
_MOST_WAIT_S = 3600
_ODD = re.compile(r"[^\w .,:;=/()+%'-]")
_MOST_TEXT = 500
_MOST_BODY = 64_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request: None where it was accepted, else what went wrong."""

    problem: str | None = None
    is_refused: bool = False  # the receiver says that the same again will not do either
    is_busy: bool = False  # the receiver says that the same again will do later
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Hook:
    """Where incidents are sent."""

    url: str = field(repr=False)
    shown: str
    name: str  # in pgmoat.webhook
    secret: str = field(repr=False)
    authorization: str = field(repr=False)
    is_loopback: bool


def parse_hook(url: str, secret: str, *, without_tls: bool = False) -> Hook:
    """
    Return the hook at *url*.

    Raises:
        Error: no URL of a webhook, or one that would send incidents through a network in clear text.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = None, None, None
    if parts is None or not host or parts.scheme not in {"http", "https"} or not url.isascii():
        raise Error("--webhook is no http or https URL", hint="Write https://HOST/PATH.")
    if re.search(r"[\s\x00-\x1f]", url):
        raise Error("--webhook has a space or a line break in it", hint="Percent-encode it.")
    if parts.scheme == "http" and not _is_loopback(host) and not without_tls:
        raise Error(
            "--webhook: incidents hold statements of agents, and http:// sends them in clear text",
            hint="Use https://, or --webhook-without-tls where the network itself is encrypted.",
        )
    address = f"[{host}]" if ":" in host else host
    address += "" if port is None else f":{port}"
    bare = parts._replace(netloc=address, fragment="").geturl()
    return Hook(
        url=bare,
        shown=f"{parts.scheme}://{address}",
        name=hashlib.sha256(bare.encode()).hexdigest()[:16],
        secret=secret,
        authorization=_authorize(parts),
        is_loopback=_is_loopback(host),
    )


def make_body(incident: Mapping[str, Any]) -> bytes:
    """
    Return what is sent of an incident: its number, a line for people, and all of it.

    Receivers take no body of any size. What makes it too long is cut, and ``truncated`` says so.
    """
    line = describe_line(incident)
    body = _encode({"id": incident["id"], "text": line, "incident": dict(incident)})
    for most in (1000, 100, 0):
        if len(body) <= _MOST_BODY:
            break
        detail = {key: _cut(value, most) for key, value in incident["detail"].items()} if most else {}
        columns = {key: _cut(value, most or 100) for key, value in incident.items() if key != "detail"}
        kept = {**columns, "detail": detail}
        body = _encode({"id": incident["id"], "text": line, "truncated": True, "incident": kept})
    return body


def describe_line(incident: Mapping[str, Any]) -> str:
    """
    Return one line that a chat can show.

    Task and step are the agent's words, so nothing that chats take for markup, a link or a mention is left.
    """
    return _ODD.sub("?", f"pgmoat: {describe_incident(incident)}").replace("://", "?")[:_MOST_TEXT]


def send(hook: Hook, incident: Mapping[str, Any], now: datetime) -> Answer:
    """Send one incident. A redirect is not followed: it would take the incident to somebody else."""
    body, timestamp = make_body(incident), str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "pgmoat",
        "Idempotency-Key": str(incident["id"]),
        "X-Pgmoat-Timestamp": timestamp,
    }
    if hook.secret:
        headers["X-Pgmoat-Signature"] = sign(hook.secret, timestamp, body)
    if hook.authorization:
        headers["Authorization"] = hook.authorization
    request = urllib.request.Request(hook.url, body, headers, method="POST")  # noqa: S310 - parse_hook saw to it
    # What is on this machine is not asked for through a proxy.
    proxies = [urllib.request.ProxyHandler({})] if hook.is_loopback else []
    opener = urllib.request.build_opener(_StayHere, _Http, _Https, *proxies)
    try:
        with opener.open(request, timeout=_TIMEOUT_S) as response:
            return _judge(response.status, response.headers.get("Retry-After"), now)
    except HTTPError as error:
        with error:
            return _judge(error.code, error.headers.get("Retry-After"), now)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        return Answer(f"{type(reason).__name__}: {reason}".replace(hook.url, hook.shown))


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature by which the receiver knows that a request is ours, and not an old one."""
    digest = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={digest.hexdigest()}"


class _StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(  # noqa: PLR0913, PLR0917 - urllib's own
        self, req: urllib.request.Request, fp: object, code: int, msg: str, headers: object, newurl: str
    ) -> None:
        """Follow no redirect; it comes back as an HTTPError."""


class _Listening(http.client.HTTPConnection):
    def send(self, data: Any) -> None:
        """Send *data*, as far as it is taken: who closes before has often answered, and is heard."""
        if self.sock is None:  # pyright: ignore[reportUnnecessaryComparison] - not connected yet
            self.connect()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            super().send(data)


class _ListeningTls(_Listening, http.client.HTTPSConnection):
    pass


class _Http(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> Any:
        """Open *req*, listening."""
        return self.do_open(_Listening, req)


class _Https(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> Any:
        """Open *req*, listening."""
        return self.do_open(_ListeningTls, req)


def _judge(status: int, retry_after: str | None, now: datetime) -> Answer:
    if 200 <= status < 300:
        return Answer()
    is_busy = status in {408, 425, 429} or retry_after is not None
    is_refused = 300 <= status < 500 and status not in {408, 425, 429}
    return Answer(f"HTTP {status}", is_refused, is_busy, parse_retry_after(retry_after, now))


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, an hour at most; None: it says nothing."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return min(float(value), _MOST_WAIT_S)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0), _MOST_WAIT_S)


def _authorize(parts: SplitResult) -> str:
    if parts.username is None:
        return ""
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _cut(value: object, most: int) -> object:
    """Return *value*, or the beginning of it as text."""
    if isinstance(value, datetime):
        return value
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return value if len(text) <= most else f"{text[:most]}…"


def _encode(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, default=_show, ensure_ascii=True).encode()


def _show(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
