"""Errors of PostgreSQL, PgBouncer and psycopg: which of ours they become, and what they say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.pq import DiagnosticField

from pgmoat import errors
from pgmoat.errors import AgentError
from pgmoat.runtime.failures import explain_answer, explain_failure, explain_value
from pgmoat.runtime.hints import Parameter
from tests.unit.compiler.test_refusal_codes import list_codes

DOCS = Path(__file__).parents[3] / "docs" / "reference" / "errors.md"
RANGE = re.compile(r"PM(\d{3})(?: to PM(\d{3}))?|\b(\d[\dA-Z]{4})\b")


def make_error(state: str | None, message: str = "no", *, detail: str = "", hint: str = "") -> psycopg.Error:
    """Return an error as psycopg makes it of a server's answer."""
    fields: dict[int, bytes | None] = dict.fromkeys(DiagnosticField)
    fields[DiagnosticField.MESSAGE_PRIMARY] = message.encode()
    fields[DiagnosticField.MESSAGE_DETAIL] = detail.encode() or None
    fields[DiagnosticField.MESSAGE_HINT] = hint.encode() or None
    error = psycopg.OperationalError(message, info=fields)
    error.sqlstate = state
    return error


def read_documented() -> Iterator[tuple[str, str]]:
    """Yield each SQLSTATE of the table of runtime errors, and its exception."""
    section = DOCS.read_text().split("\n## Errors of the runtime\n")[1].split("\n## ")[0]
    for kind, when in re.findall(r"^\| `[a-z-]+` \| `(\w+)` \| (.*) \| [^|]* \|$", section, re.MULTILINE):
        for first, last, other in RANGE.findall(when):
            if other:
                yield other, kind
            else:
                for number in range(int(first), int(last or first) + 1):
                    yield f"PM{number:03}", kind


DOCUMENTED = dict(read_documented())


def test_the_table_is_read() -> None:
    assert len(DOCUMENTED) > 45
    assert DOCUMENTED["PM031"] == "NoTaskError"


@pytest.mark.parametrize("code", list_codes())
def test_every_refusal_of_pgmoat_has_its_error(code: str) -> None:
    found = explain_failure(make_error(code))
    assert type(found).__name__ == DOCUMENTED[code]
    assert found.sqlstate == code


@pytest.mark.parametrize(("code", "kind"), DOCUMENTED.items())
def test_every_code_of_the_table_is_of_its_kind(code: str, kind: str) -> None:
    assert type(explain_failure(make_error(code))).__name__ == kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("22P02", errors.ValueRefusedError),
        ("22003", errors.ValueRefusedError),
        ("23505", errors.ConstraintError),
        ("25P03", errors.TransactionIdleError),
        ("25P04", errors.TransactionTooLongError),
        ("53300", errors.PoolExhaustedError),
        ("57P01", errors.ConnectionLostError),
        ("08006", errors.ConnectionLostError),
        ("42P01", errors.StatementInvalidError),
        ("42601", errors.StatementInvalidError),
        ("XX000", errors.StatementInvalidError),
    ],
)
def test_other_codes(code: str, kind: type[AgentError]) -> None:
    assert type(explain_failure(make_error(code))) is kind


@pytest.mark.parametrize(
    ("state", "message", "kind"),
    [
        ("08P01", "query_wait_timeout", errors.PoolExhaustedError),
        ("08P01", "no more connections allowed (max_client_conn)", errors.PoolExhaustedError),
        (None, "connection failed: FATAL:  no more connections allowed", errors.PoolExhaustedError),
        (None, 'connection failed: FATAL:  too many connections for role "a"', errors.PoolExhaustedError),
        (None, "connection failed: FATAL:  sorry, too many clients already", errors.PoolExhaustedError),
        (
            None,
            "connection failed: FATAL:  remaining connection slots are reserved for roles with the SUPERUSER"
            " attribute",
            errors.PoolExhaustedError,
        ),
        ("08P01", "server conn crashed?", errors.ConnectionLostError),
        ("08P01", "pgbouncer is shutting down", errors.ConnectionLostError),
        (None, "server closed the connection unexpectedly\n\tThis probably", errors.ConnectionLostError),
        (None, "consuming input failed: SSL SYSCALL error", errors.ConnectionLostError),
        (
            "08P01",
            'bind message supplies 1 parameters, but prepared statement "" requires 2',
            errors.StatementInvalidError,
        ),
    ],
)
def test_words_where_the_code_says_too_little(
    state: str | None, message: str, kind: type[AgentError]
) -> None:
    found = explain_failure(make_error(state, message))
    assert type(found) is kind
    assert "\n" not in explain_failure(psycopg.OperationalError(message)).message


@pytest.mark.parametrize("kind", [psycopg.ProgrammingError, psycopg.DataError])
def test_what_psycopg_itself_refuses_is_no_lost_connection(kind: type[psycopg.Error]) -> None:
    found = explain_failure(kind("cannot adapt type 'set'\nmore"))
    assert type(found) is errors.StatementInvalidError
    assert (found.message, found.sqlstate) == ("cannot adapt type 'set'", None)


def test_messages_are_postgresqls_without_our_name() -> None:
    found = explain_failure(make_error("PM011", "pgmoat: used up", detail="d", hint="h"))
    assert found.as_dict() == {
        "code": "budget-exceeded",
        "message": "used up",
        "detail": "d",
        "hint": "h",
        "sqlstate": "PM011",
    }


def test_what_postgresql_leaves_without_a_hint_gets_one() -> None:
    assert "A person grants more" in explain_failure(make_error("42501")).hint
    assert explain_failure(make_error("42501", hint="own")).hint == "own"
    assert "no empty answer" in explain_failure(make_error("53300")).hint


@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("PM001", "moat.task(agent, id, token=…)"),
        ("PM006", "READ COMMITTED"),
        ("PM007", "as the policy has it"),
        ("PM008", "moat.task(agent, id, token=…)"),
        ("PM019", "moat.task(agent, id, token=…)"),
        ("PM020", "Pass reason=… to write()"),
        ("PM027", ":idempotency_key"),
        ("PM040", "key=…"),
        ("PM046", "not None"),
        ("25P02", "leave the block and repeat the whole of it"),
    ],
)
def test_hints_are_for_a_program_in_python(code: str, part: str) -> None:
    hint = explain_failure(make_error(code, hint="SELECT pgmoat.enter($1, $2, $3)")).hint
    assert part in hint
    assert "$1" not in hint


def test_what_may_succeed_says_when() -> None:
    for code in ("40001", "53300", "57P01", "PM014", "PM043"):
        found = explain_failure(make_error(code))
        assert isinstance(found, errors.TransientError)
        assert found.retry_after_s == 1.0
    for code in ("42501", "PM001", "23505", "57014"):
        assert explain_failure(make_error(code)).retry_after_s is None


def test_values_that_cannot_go_either_way() -> None:
    assert type(explain_value(TypeError("Decimal"))) is errors.ValueRefusedError
    assert "Decimal" in explain_value(TypeError("Decimal")).message
    found = explain_answer(psycopg.DataError("date too large: 'infinity'"))
    assert type(found) is errors.StatementInvalidError
    assert "::text" in found.hint


def test_a_parameter_is_named_and_its_hint_goes_before_postgresqls() -> None:
    error = make_error("22008", 'date/time field value out of range: "13/25/2020"', hint="datestyle")
    found = explain_failure(error, parameters=[Parameter(":day", "13/25/2020")])
    assert found.message == ':day: date/time field value out of range: "13/25/2020"'
    assert found.hint.startswith("Write dates as YYYY-MM-DD")
    assert explain_failure(error).message.startswith("date/time")
