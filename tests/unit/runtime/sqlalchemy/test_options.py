"""What an engine refuses before anything is sent, and what it shows of itself."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from sqlalchemy import exc

from pgmoat import errors
from pgmoat.policy.load import load_policy_text
from pgmoat.runtime.sqlalchemy import create_agent_engine, create_async_agent_engine
from pgmoat.runtime.sqlalchemy.options import check_execution_options

POLICY = load_policy_text(
    """
version: 1
entities:
  orders: {table: public.orders, columns: {id: {}}}
agents:
  clerk:
    entities: {orders: {}}
    pool: {workers: 30, steps: 2, overflow: 4, timeout: 3s, recycle: 5m}
""",
    "moat.yaml",
).policy
DSN = "postgresql://agent_clerk:secret-word@db.example:6432/shop"


@pytest.mark.parametrize(
    "arguments",
    [
        {"pool_size": 5},
        {"poolclass": None},
        {"creator": None},
        {"isolation_level": "READ COMMITTED"},
        {"connect_args": {"options": "-c statement_timeout=0"}},
        {"execution_options": {"isolation_level": "AUTOCOMMIT"}},
    ],
)
@pytest.mark.parametrize("create", [create_agent_engine, create_async_agent_engine])
def test_arguments_that_are_not_the_callers(create: Any, arguments: dict[str, Any]) -> None:
    with pytest.raises(errors.SessionRefusedError) as caught:
        create(POLICY, "clerk", dsn=DSN, **arguments)
    assert isinstance(caught.value, exc.SQLAlchemyError)
    assert caught.value.hint


@pytest.mark.parametrize("level", ["READ COMMITTED", "read_committed"])
def test_read_committed_may_be_said(level: str) -> None:
    check_execution_options(None, {"isolation_level": level})


def test_the_pool_is_the_policys_and_the_password_is_not_shown() -> None:
    engine = create_agent_engine(
        POLICY, "clerk", dsn=DSN, hide_parameters=True, connect_args={"sslmode": "prefer"}
    )
    pool: Any = engine.pool
    assert (pool.size(), pool.timeout(), pool._max_overflow, pool._recycle) == (30, 3.0, 4, 300.0)
    for shown in (repr(engine), str(engine.url), engine.url.render_as_string(hide_password=False)):
        assert "secret-word" not in shown
        assert "agent_clerk" in shown
    assert engine.dialect.name == "postgresql"
    assert engine.driver == "psycopg"


@pytest.mark.parametrize("dsn", [DSN, "service=shop", "postgresql://a,b:1,2/shop", "host=/tmp"])
def test_the_dsn_goes_to_libpq_as_it_is(dsn: str) -> None:
    engine = create_agent_engine(POLICY, "clerk", dsn=dsn)
    positional, _ = engine.dialect.create_connect_args(engine.url)
    assert not positional  # it is passed by name


def test_no_such_agent_and_no_dsn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGMOAT_DSN_CLERK", raising=False)
    with pytest.raises(errors.NotFoundError):
        create_agent_engine(POLICY, "clerks", dsn=DSN)
    with pytest.raises(errors.ConnectionFailedError):
        create_agent_engine(POLICY, "clerk")


def test_the_runtime_does_not_need_sqlalchemy() -> None:
    program = "import sys, pgmoat.runtime; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
