"""Where a DSN comes from, and that its password is never shown."""

from __future__ import annotations

import pytest

from pgmoat.errors import ConnectionFailedError
from pgmoat.postgres.dsn import Dsn, normalize_dsn, redact, resolve_dsn

SECRET = "S3cret"  # noqa: S105  what must not be shown


def test_the_flag_comes_first_then_the_variables() -> None:
    environ = {"PGMOAT_DSN": "postgresql://b/x", "DATABASE_URL": "postgresql://c/x"}
    assert resolve_dsn("postgresql://a/x", environ) == "postgresql://a/x"
    assert resolve_dsn(None, environ) == "postgresql://b/x"
    assert resolve_dsn("", {**environ, "PGMOAT_DSN": " "}) == "postgresql://c/x"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("postgres://u@h/d", "postgresql://u@h/d"),
        ("postgresql+psycopg://u@h/d", "postgresql://u@h/d"),
        ("postgresql+asyncpg://u@h/d", "postgresql://u@h/d"),
        ("host=h dbname=d", "host=h dbname=d"),
        ("postgresql:///d?host=/tmp&user=a@b", "postgresql:///d?host=/tmp&user=a@b"),
        ("postgresql://h:5432/d?user=a@b", "postgresql://h:5432/d?user=a@b"),
        ("postgresql://[::1]:5432/d?user=a@b", "postgresql://[::1]:5432/d?user=a@b"),
    ],
)
def test_the_forms_that_are_read(given: str, wanted: str) -> None:
    assert resolve_dsn(given, {}) == wanted


def test_no_dsn() -> None:
    with pytest.raises(ConnectionFailedError, match="no database given") as caught:
        resolve_dsn(None, {})
    assert caught.value.hint.startswith("pass --dsn, or set PGMOAT_DSN or DATABASE_URL")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (f"mysql://u:{SECRET}@h/d", "PGMOAT_DSN is not a PostgreSQL URL: it begins with mysql://"),
        (f"host=h password={SECRET} {SECRET}", "PGMOAT_DSN is not a connection string: ***"),
        (f"host=h password='{SECRET}", "PGMOAT_DSN is not a connection string: ***"),
        (f"{SECRET}", "PGMOAT_DSN is not a connection string: ***"),
        (f"host=h password={SECRET}\x00", "PGMOAT_DSN is not a connection string: ***"),
        (f"postgresql://u:{SECRET}%zz@h/d", "PGMOAT_DSN is not a connection string: postgresql://***"),
        (f"postgresql://u:12/x?{SECRET}@h/d", "PGMOAT_DSN is not a connection string: postgresql://***"),
        (f"postgresql://u:x@{SECRET}@h/d", "PGMOAT_DSN cannot be read: postgresql://***"),
        (f"postgresql://u:x/{SECRET}@h/d", "PGMOAT_DSN cannot be read: postgresql://***"),
        (f"postgresql://u:x/?{SECRET}@h/d", "PGMOAT_DSN cannot be read: postgresql://***"),
    ],
)
def test_a_dsn_that_cannot_be_read_is_not_repeated(given: str, message: str) -> None:
    with pytest.raises(ConnectionFailedError) as caught:
        resolve_dsn(None, {"PGMOAT_DSN": given})
    error = caught.value
    assert str(error) == message
    assert SECRET not in error.hint + error.detail + repr(error)
    assert error.__cause__ is None
    assert error.__context__ is None


@pytest.mark.parametrize(
    ("dsn", "shown"),
    [
        (f"postgresql://u:{SECRET}@h:5432/d", "postgresql://u:***@h:5432/d"),
        (f"postgres://u:{SECRET}@h/d?sslmode=require", "postgres://u:***@h/d?sslmode=require"),
        (f"postgresql+psycopg://u:a:{SECRET}#?@h/d", "postgresql+psycopg://u:***@h/d"),
        (f"postgresql://h/d?password={SECRET}&user=u", "postgresql://h/d?password=***&user=u"),
        (f"postgresql://h/d?pass%77ord={SECRET}", "postgresql://h/d?pass%77ord=***"),
        (f"postgresql://u@h/d?sslpassword={SECRET}", "postgresql://u@h/d?sslpassword=***"),
        ("postgresql://u@h/d", "postgresql://u@h/d"),
        (f"host=h user=u password={SECRET} dbname=d", "user=u password=*** dbname=d host=h"),
        (f"password = 'a b{SECRET}' host=h", "password=*** host=h"),
        (f"host=h password={SECRET} oops", "***"),
    ],
)
def test_a_shown_dsn_has_no_password(dsn: str, shown: str) -> None:
    assert redact(dsn) == shown


def test_the_repr_of_a_dsn_has_no_password() -> None:
    dsn = normalize_dsn(f"postgresql://u:{SECRET}@h/d")
    assert repr(dsn) == "Dsn('postgresql://u:***@h/d')"
    assert isinstance(dsn, Dsn)
    assert SECRET in str(dsn)
