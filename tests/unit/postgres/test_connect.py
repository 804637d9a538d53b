"""A connection that fails says why, without the password."""

from __future__ import annotations

import socket
import traceback
from collections.abc import Generator
from contextlib import contextmanager

import psycopg
import pytest

from pgmoat.errors import ConnectionFailedError
from pgmoat.postgres import connect as connect_module
from pgmoat.postgres.connect import connect

SECRET = "S3cret"  # noqa: S105  what must not be shown


@contextmanager
def closed_port() -> Generator[int]:
    """A port of this machine that is taken and on which nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def assert_hidden(error: BaseException) -> None:
    shown = [str(error), repr(error), repr(error.args), repr(vars(error))]
    shown += traceback.format_exception(error)
    shown += traceback.TracebackException.from_exception(error).format()
    assert not any(SECRET in text or "p@" in text for text in shown)
    assert error.__cause__ is None
    assert error.__context__ is None


@pytest.mark.parametrize(
    "form",
    [
        "postgresql://u:p%40{0}@127.0.0.1:{1}/d",
        "postgres://127.0.0.1:{1}/d?user=u&password={0}",
        "postgresql+psycopg://u:{0}@127.0.0.1:{1}/d",
        "host=127.0.0.1 port={1} user=u password='{0}' dbname=d",
    ],
)
def test_a_refused_connection_does_not_show_the_password(form: str) -> None:
    with closed_port() as port, pytest.raises(ConnectionFailedError) as caught:
        connect(form.format(SECRET, port))
    assert_hidden(caught.value)
    assert str(port) in caught.value.message
    assert "refused" in caught.value.detail


def test_a_password_that_the_server_repeats_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise psycopg.OperationalError(f"no: p@{SECRET} (p%40{SECRET}) is wrong")

    monkeypatch.setattr(connect_module.psycopg, "connect", refuse)
    with pytest.raises(ConnectionFailedError) as caught:
        connect(f"postgresql://u:p%40{SECRET}@h/d")
    assert_hidden(caught.value)
    assert caught.value.detail == "no: *** (***) is wrong"


@pytest.mark.parametrize("dsn", [f"host=h password={SECRET} oops", f"postgresql://u:p@{SECRET}@h/d"])
def test_a_dsn_that_cannot_be_read_does_not_show_the_password(dsn: str) -> None:
    with pytest.raises(ConnectionFailedError) as caught:
        connect(dsn)
    assert_hidden(caught.value)
