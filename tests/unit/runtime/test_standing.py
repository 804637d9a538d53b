"""Whether a replica may be read."""

from __future__ import annotations

import pytest

from pgmoat import errors
from pgmoat.runtime.horizon import Mark
from pgmoat.runtime.result import Result
from pgmoat.runtime.standing import (
    ENDED,
    EXHAUSTED,
    LATE,
    PROMOTED,
    REST_S,
    STRAYED,
    UNREACHABLE,
    Problem,
    Rest,
    Standing,
    add_warning,
    describe_lag,
    judge_failure,
    judge_standing,
    make_standing,
)

NEEDED = Mark(timeline=3, position=700, asked_at=100.0)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ((True, 3, 700, 0.0), None),
        ((True, 3, 900, 0.0), None),
        ((True, 3, 699, 0.0), LATE),
        ((True, 3, None, 0.0), LATE),
        ((True, 2, 900, 0.0), STRAYED),
        ((True, 4, 900, 0.0), STRAYED),
        ((False, 3, 900, 0.0), PROMOTED),
        ((False, 4, None, 0.0), PROMOTED),
        (None, PROMOTED),
    ],
)
def test_where_it_stands(row: tuple[object, ...] | None, problem: Problem | None) -> None:
    assert judge_standing(make_standing(row), NEEDED) is problem


@pytest.mark.parametrize(
    ("error", "is_connected", "problem"),
    [
        (errors.ConnectionLostError("x"), False, UNREACHABLE),
        (errors.ConnectionLostError("x"), True, ENDED),
        (errors.PoolExhaustedError("x"), False, EXHAUSTED),
        (errors.BusyError("x"), True, Problem("the replica cancelled the query (x)", is_general=False)),
        (errors.TaskFrozenError("x"), True, Problem("the replica refused the task (x)", is_general=False)),
        (
            errors.PermissionDeniedError("x", sqlstate="25006"),
            True,
            Problem("the query writes, which no replica can", is_general=False),
        ),
        (errors.PermissionDeniedError("x", sqlstate="42501"), True, None),
        (errors.StatementInvalidError("x"), True, None),
        (errors.StatementTimeoutError("x"), True, None),
        (errors.GuardRefusedError("x"), True, None),
    ],
)
def test_what_the_primary_is_asked_after(
    error: errors.AgentError, is_connected: bool, problem: Problem | None
) -> None:
    assert judge_failure(error, is_connected=is_connected) == problem


def test_a_lag_is_told_if_others_may_notice() -> None:
    """Nothing older than the mark is lacking, however far behind the replica thinks that it is."""
    assert describe_lag(Standing(True, 3, 700, 0.0), NEEDED, 102.0) == ""
    assert describe_lag(Standing(True, 3, 700, 3600.0), NEEDED, 100.1) == ""
    assert "was 1.5 s behind" in describe_lag(Standing(True, 3, 700, 3600.0), NEEDED, 101.5)
    assert "was 1.2 s behind" in describe_lag(Standing(True, 3, 700, 1.2), NEEDED, 101.9)


def test_warnings_are_added_behind() -> None:
    result = Result((), (), 0, warnings=("one",))
    assert add_warning(result, "") is result
    assert add_warning(result, "two").warnings == ("one", "two")


def test_after_a_rest_one_read_tries() -> None:
    rest = Rest()
    assert rest.find_reason(1.0) == rest.find_reason(1.0) == ""
    rest.begin("gone", 1.0)
    assert rest.find_reason(1.0 + REST_S / 2) == "gone"
    assert rest.find_reason(1.1 + REST_S) == ""
    assert rest.find_reason(1.2 + REST_S) == "gone"
    rest.end()
    assert rest.find_reason(1.3 + REST_S) == ""
