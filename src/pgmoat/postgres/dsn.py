"""
Connection strings: where one comes from, and how to show it without its password.

In: a flag, the environment. Out: a DSN that libpq reads. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pgmoat.errors import ConnectionFailedError

SOURCES = ("PGMOAT_DSN", "DATABASE_URL")
"""Environment variables that are asked when no ``--dsn`` is given, in this order."""

SECRET_KEYWORDS = frozenset(
    {"password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"}
)
MASK = "***"

_HINT = "write postgresql://user:password@host:port/database, or host=… port=… dbname=… user=… password=…"
_SCHEME = re.compile(r"^postgres(?:ql)?(?:\+[a-z0-9_]+)?://")


class Dsn(str):
    """A DSN whose ``repr`` hides the password: what a traceback with local variables shows."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Dsn({redact(self)!r})"


def resolve_dsn(flag: str | None, environ: Mapping[str, str]) -> Dsn:
    """
    Return the DSN of ``--dsn``, else of ``PGMOAT_DSN``, else of ``DATABASE_URL``, as libpq reads it.

    ``postgres://`` and the ``postgresql+driver://`` of SQLAlchemy are accepted.

    Raises:
        ConnectionFailedError: none of the three is set, or the one that is cannot be read.
    """
    given = [("--dsn", flag or ""), *((name, environ.get(name, "")) for name in SOURCES)]
    source, text = next(((name, dsn.strip()) for name, dsn in given if dsn.strip()), ("", ""))
    if not text:
        raise ConnectionFailedError(
            "no database given", hint="pass --dsn, or set PGMOAT_DSN or DATABASE_URL: " + _HINT
        )
    return normalize_dsn(text, source)


def normalize_dsn(text: str, source: str = "the DSN") -> Dsn:
    """
    Return *text* as libpq reads it, or refuse it without repeating what may be a password.

    Raises:
        ConnectionFailedError: not a connection string, or a URL whose password is not percent-encoded:
            libpq would take a part of it for the host, and repeat that in its message.
    """
    other = re.match(r"^([A-Za-z][A-Za-z0-9+.-]*)://", text)
    if other and not _SCHEME.match(text):
        raise ConnectionFailedError(
            f"{source} is not a PostgreSQL URL: it begins with {other[0]}", hint=_HINT
        )
    dsn = _SCHEME.sub("postgresql://", text)
    if other and _is_ambiguous(dsn):
        raise ConnectionFailedError(
            f"{source} cannot be read: {redact(dsn)}",
            hint="in a URL, percent-encode the password: @ is %40, / is %2F, ? is %3F, # is %23, % is %25",
        )
    if _read(dsn) is None:
        raise ConnectionFailedError(f"{source} is not a connection string: {redact(dsn)}", hint=_HINT)
    return Dsn(dsn)


def redact(dsn: str) -> str:
    """Return *dsn* with every password replaced by ``***``; what is not certain is hidden whole."""
    scheme = _SCHEME.match(dsn)
    start = scheme[0] if scheme else ""
    url = _SCHEME.sub("postgresql://", dsn)
    fields = _read(url)
    if fields is None or (scheme and _is_ambiguous(url)):
        return start + MASK
    if scheme:
        return start + _redact_url(dsn[scheme.end() :])
    return make_conninfo("", **{key: MASK if key in SECRET_KEYWORDS else fields[key] for key in fields})


def list_secrets(dsn: str) -> tuple[str, ...]:
    """Return the passwords of *dsn* as written and as decoded, the longest first."""
    found = {value for key, value in (_read(dsn) or {}).items() if key in SECRET_KEYWORDS}
    if _SCHEME.match(dsn):
        rest = _SCHEME.sub("", dsn)
        written = [rest.partition("@")[0].partition(":")[2]] if "@" in rest else []
        found.update(written, [unquote(text) for text in written])
    return tuple(sorted((secret for secret in found if secret), key=len, reverse=True))


def _read(dsn: str) -> dict[str, str] | None:
    """Return the fields of *dsn*, None if libpq cannot read it: its message would quote the text."""
    if "\x00" in dsn:
        return None
    try:
        return {key: str(value) for key, value in conninfo_to_dict(dsn).items()}
    except (psycopg.ProgrammingError, UnicodeError):
        return None


def _is_ambiguous(url: str) -> bool:
    """Whether an ``@`` stands where libpq does not take it for the end of the password."""
    rest = url.partition("://")[2]
    authority, _, path = rest.partition("/")
    if "@" in authority:
        return rest.count("@") > 1
    hosts = re.sub(r"\[[^]]*\]", "", authority)
    has_password = re.search(r":(?![0-9]*(?:,|$))", hosts) is not None
    return "@" in path.partition("?")[0] or ("@" in path and has_password)


def _redact_url(rest: str) -> str:
    """Hide the password before the ``@`` and in query parameters; *rest* is what follows the scheme."""
    user_part, at, tail = rest.rpartition("@") if "@" in rest.partition("/")[0] else ("", "", rest)
    user, colon, _ = user_part.partition(":")
    main, question_mark, query = tail.partition("?")
    pairs = [pair.partition("=") for pair in query.split("&")]
    shown = [
        name + equals + (MASK if unquote(name).strip().lower() in SECRET_KEYWORDS else value)
        for name, equals, value in pairs
    ]
    return user + (colon and colon + MASK) + at + main + question_mark + "&".join(shown)
