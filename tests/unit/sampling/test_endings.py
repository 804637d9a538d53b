"""What two samples say of statements that did not finish."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from pgmoat.sampling.endings import Endings
from pgmoat.sampling.sessions import Activity, Session
from tests.unit.sampling.test_tally import NOW, RUNNING

LIMITS = {"a": 5_000}


def at(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def sample(seconds: float, *sessions: Session) -> Activity:
    return Activity(NOW + at(seconds), sessions, {}, 0)


def ended(seconds: float, state: str = "idle") -> Session:
    """The session's statement began at 0."""
    return replace(RUNNING, state=state, state_change=NOW + at(seconds))


def next_one(seconds: float, state: str = "active") -> Session:
    return replace(RUNNING, query_start=NOW + at(seconds), state_change=NOW + at(seconds), state=state)


CALL = ended(8.5, "fastpath function call")


def see(*samples: Activity) -> list[tuple[str, str, float]]:
    endings = Endings()
    return [
        (one.how, one.source, one.seconds) for activity in samples for one in endings.see(activity, LIMITS)
    ]


@pytest.mark.parametrize(
    ("then", "found"),
    [
        ([sample(5.5, ended(5.01))], [("timed out", "seen", 5.01)]),
        ([sample(5.5, ended(4.9))], []),
        ([sample(5.5, ended(2, "idle in transaction (aborted)"))], [("failed", "seen", 2.0)]),
        ([sample(5.5, ended(5.01, "idle in transaction (aborted)"))], [("timed out", "seen", 5.01)]),
        ([sample(5.5, ended(4, "idle in transaction"))], []),
        ([sample(5.5, next_one(5.2))], [("timed out", "inferred", 5.0)]),
        ([sample(5.5, next_one(4.8))], []),
        ([sample(5.5)], [("timed out", "inferred", 5.0)]),
        ([sample(4.9)], []),
        ([sample(5.5, RUNNING)], []),
        ([sample(5.5, RUNNING), sample(6.5)], []),
        # Seen twice, it is one.
        ([sample(5.5, ended(5.01)), sample(6.5, ended(5.01)), sample(7.5)], [("timed out", "seen", 5.01)]),
        ([sample(5.5, ended(5.01)), sample(6.5, next_one(6))], [("timed out", "seen", 5.01)]),
        # A fastpath call leaves the statement's beginning as it is: one seen, one not.
        ([sample(5, ended(4.9)), sample(9, CALL), sample(10, ended(9.5)), sample(11, ended(9.5))], []),
        ([sample(5, ended(4.9)), sample(10, ended(9.5)), sample(11, ended(9.5))], []),
        (
            [sample(5, ended(4.9)), sample(9, CALL), sample(13.5, CALL), sample(14, ended(13.9))],
            [("timed out", "seen", 5.4)],
        ),
        ([sample(9, CALL)], [("timed out", "inferred", 5.0)]),
    ],
)
def test_what_became_of_a_statement(then: Iterable[Activity], found: list[tuple[str, str, float]]) -> None:
    assert see(sample(4.5, RUNNING), *then) == found


_ABORTED = "idle in transaction (aborted)"


def test_an_aborted_transaction_fails_once_whatever_is_tried_in_it() -> None:
    tried = [next_one(seconds, _ABORTED) for seconds in (6, 7)]
    running = replace(next_one(8), xact_start=None)
    samples = [sample(5.5, ended(2, _ABORTED)), *(sample(6.5 + n, one) for n, one in enumerate(tried))]
    last = [sample(8.5, running), sample(9.5, next_one(9, _ABORTED))]
    assert see(sample(4.5, RUNNING), *samples, *last) == [("failed", "seen", 2.0)]
    # The next transaction is another one.
    over = sample(10.5, next_one(10, "idle"))
    found = see(sample(4.5, RUNNING), *samples, *last, over, sample(11.5, next_one(11, _ABORTED)))
    assert found == [("failed", "seen", 2.0), ("failed", "seen", 0.0)]


def test_what_stood_there_before_anybody_looked_is_not_told() -> None:
    assert see(sample(9, ended(5.01)), sample(10, ended(5.01))) == []


def test_what_somebody_ended_is_theirs_to_tell() -> None:
    endings = Endings()
    endings.see(sample(4.5, RUNNING), LIMITS)
    endings.mark(RUNNING)
    assert endings.see(sample(5.5, ended(5.01)), LIMITS) == []
    assert endings.see(sample(6.5, ended(5.01)), LIMITS) == []


def test_an_agent_without_a_limit() -> None:
    endings = Endings()
    endings.see(sample(4.5, RUNNING), {"a": 0})
    assert endings.see(sample(60, ended(50)), {"a": 0}) == []


def test_a_fastpath_call_that_somebody_ended_is_theirs_to_tell() -> None:
    endings = Endings()
    endings.see(sample(13, CALL), LIMITS)
    endings.mark(CALL)
    assert endings.see(sample(14, ended(13.9)), LIMITS) == []
    assert endings.see(sample(15, ended(13.9)), LIMITS) == []
