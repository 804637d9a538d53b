"""
Where the dashboard listens, whom it lets in, and what it refuses to start with.

In: options, environment variables. Out: Settings. I/O: none.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pgmoat.errors import Error

LEAST_TOKEN_LENGTH = 20
_LEAST_CHARACTERS = 8
_LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
OPERATOR_VARIABLE = "PGMOAT_DASHBOARD_OPERATOR_TOKEN"
VIEWER_VARIABLE = "PGMOAT_DASHBOARD_VIEWER_TOKEN"
METRICS_VARIABLE = "PGMOAT_METRICS_TOKEN"


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def host_in_url(self) -> str:
        """The host as a URL has it."""
        return f"[{self.host}]" if ":" in self.host else self.host


@dataclass(frozen=True, slots=True)
class Tokens:
    """What opens the dashboard: as operator, as viewer, and its metrics."""

    operator: str = field(repr=False)
    viewer: str = field(repr=False)
    metrics: str | None = field(default=None, repr=False)
    is_drawn: bool = False  # the operator's was drawn at the start: nobody knows it unless it is shown


@dataclass(frozen=True, slots=True)
class Settings:
    """What the dashboard runs with."""

    address: Address
    tokens: Tokens
    allowed_hosts: frozenset[str] = frozenset()
    is_secure: bool = False  # browsers come by https, here or at the proxy before

    @property
    def cookie_name(self) -> str:
        """The session cookie's name; with the port, because cookies of one host know no ports."""
        return f"{'__Host-' if self.is_secure else ''}pgmoat_{self.address.port}"


def parse_address(text: str) -> Address:
    """
    Return *text* (``host:port``, ``[::1]:8642``) as an address.

    Raises:
        Error: not of that form.
    """
    match = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^:\s\[\]]+):([0-9]{1,5})", text)
    if match is None or int(match[2]) > 65_535:
        raise Error(f"--listen: {text!r} is no HOST:PORT", hint="Write it like 127.0.0.1:8642 or [::1]:8642.")
    return Address(match[1].strip("[]"), int(match[2]))


def check_exposure(address: Address, *, has_tls: bool, is_behind_proxy: bool) -> None:
    """
    Refuse an address that others reach, where nothing encrypts what they send.

    Raises:
        Error: it is no loopback address, without TLS here or at a proxy.
    """
    if not address.is_loopback and not has_tls and not is_behind_proxy:
        raise Error(
            f"--listen: others than this machine reach {address.host}, and would send the token unencrypted",
            hint="Give --tls-cert and --tls-key, or --behind-tls-proxy where a proxy before it speaks TLS.",
        )


def list_hosts(address: Address, more: Iterable[str]) -> frozenset[str]:
    """
    Return the names by which the dashboard may be asked for.

    Another name in a Host header is a page of somebody else's whose name was made to lead here (DNS
    rebinding). An address that stands for all of the machine's names none.

    Raises:
        Error: there is no name at all.
    """
    own = [] if address.host in ("0.0.0.0", "::") else [address.host_in_url]  # noqa: S104 - it is left out
    loopback = _LOOPBACK_NAMES if address.is_loopback else ()
    hosts = frozenset(name.lower() for name in (*own, *loopback, *more))
    if not hosts:
        raise Error(f"{address.host} names no host", hint="--allow-host says what browsers ask for it by.")
    return hosts


def find_url(settings: Settings, has_tls: bool, names: Sequence[str]) -> str:
    """Return the address to give a browser; behind a proxy that is the proxy's, by the first of *names*."""
    if settings.is_secure and not has_tls and names:
        return f"https://{names[0]}"
    address = settings.address
    return f"{'https' if has_tls else 'http'}://{address.host_in_url}:{address.port}"


def read_tokens(environ: Mapping[str, str]) -> Tokens:
    """
    Return the tokens of the environment; an operator's that is missing is drawn, a viewer's then too.

    Raises:
        Error: one that is easily guessed, or two that are the same.
    """
    given = {
        name: _check_token(name, environ[name])
        for name in (OPERATOR_VARIABLE, VIEWER_VARIABLE, METRICS_VARIABLE)
        if environ.get(name)
    }
    if len(set(given.values())) < len(given):
        raise Error("two of the dashboard's tokens are the same", hint="A viewer could act with it.")
    return Tokens(
        given.get(OPERATOR_VARIABLE) or secrets.token_urlsafe(24),
        given.get(VIEWER_VARIABLE) or secrets.token_urlsafe(24),
        given.get(METRICS_VARIABLE),
        is_drawn=OPERATOR_VARIABLE not in given,
    )


def _check_token(name: str, token: str) -> str:
    hint = "openssl rand -base64 24 makes one."
    if not token.isascii() or not token.isprintable() or " " in token:
        raise Error(f"{name} has a character that does not go: ASCII without spaces does", hint=hint)
    if len(token) < LEAST_TOKEN_LENGTH:
        raise Error(
            f"{name} is easily guessed: it has {len(token)} characters, {LEAST_TOKEN_LENGTH} are the least",
            hint=hint,
        )
    if len(set(token)) < _LEAST_CHARACTERS:
        raise Error(
            f"{name} is easily guessed: of its characters {len(set(token))} are different,"
            f" {_LEAST_CHARACTERS} are the least",
            hint=hint,
        )
    return token
