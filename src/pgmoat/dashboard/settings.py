"""
Where the dashboard listens, whom it lets in, and what it refuses to start with.

In: options, environment variables. Out: Settings. I/O: none.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pgmoat.errors import Error
from pgmoat.model.address import Address

LEAST_TOKEN_LENGTH = 20
_LEAST_CHARACTERS = 8
OPERATOR_VARIABLE = "PGMOAT_DASHBOARD_OPERATOR_TOKEN"
VIEWER_VARIABLE = "PGMOAT_DASHBOARD_VIEWER_TOKEN"
METRICS_VARIABLE = "PGMOAT_METRICS_TOKEN"


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
