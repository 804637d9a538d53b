"""What errors say behind SQLAlchemy's engine, where there is no write()."""

from __future__ import annotations

from pgmoat.runtime.sqlalchemy.failures import StatementFailedError
from tests.unit.runtime.test_failures import make_error
from tests.unit.runtime.test_wording import PROFILE


def fail(code: str, message: str = "no", hint: str = "") -> StatementFailedError:
    """Return the error that a statement fails with."""
    return StatementFailedError("SELECT 1", None, make_error(code, message, hint=hint))


def test_a_reason_goes_with_the_step() -> None:
    assert fail("PM020", hint="SELECT pgmoat.enter($1, $2, $3)").hint == (
        "Run it inside of `with task.step(…, reason=…)`."
    )


def test_keys_stand_in_the_sql() -> None:
    assert fail("PM040", hint="Give a key (idempotency_key of an operation)").hint.startswith("Give a key")


def test_other_hints_are_the_runtimes() -> None:
    assert "moat.task(agent, id, token=…)" in fail("PM019", hint="pgmoat.enter($1, $2)").hint
    assert "whole transaction again" in fail("40001").hint
    assert "repeat the whole of it" in fail("25P02").hint


def test_names_are_the_agents() -> None:
    found = fail("42501", "permission denied for view people")
    found.clarify(make_error("42501", "permission denied for view people"), PROFILE)
    assert "this agent may only read id, name" in str(found)
