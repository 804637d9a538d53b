"""Samples roll up to what a frame shows."""

from __future__ import annotations

import pytest

from pgmoat.cli.top.view import Rolling
from tests.unit.cli.frames import NOW, SECOND, make_activity, make_frame, make_session


def test_a_sample_stands_for_the_time_since_the_one_before_it() -> None:
    rolling = Rolling(SECOND)
    rolling.add(make_activity(make_session(), at=NOW))
    rolling.add(make_activity(make_session(), make_session(101), at=NOW + 2 * SECOND, Lock=3))
    assert rolling.sum_last() == (2, {("clerk", "CPU"): 4, ("", "Lock"): 6})
    assert rolling.sum_minute() == {("clerk", "CPU"): 5, ("", "Lock"): 6}


def test_after_a_gap_it_stands_for_five_intervals_at_most() -> None:
    rolling = Rolling(SECOND)
    rolling.add(make_activity(at=NOW))
    rolling.add(make_activity(make_session(), at=NOW + 40 * SECOND))
    assert rolling.sum_last() == (5, {("clerk", "CPU"): 5})


def test_after_a_minute_it_is_forgotten() -> None:
    rolling = Rolling(SECOND)
    rolling.add(make_activity(make_session(), at=NOW))
    rolling.add(make_activity(at=NOW + 59 * SECOND))
    assert rolling.sum_minute()
    rolling.add(make_activity(at=NOW + 60 * SECOND))
    assert not rolling.sum_minute()


def test_shares_are_of_everybodys_database_time() -> None:
    view = make_frame(
        make_session(100),
        make_session(101, wait="Lock"),
        make_session(102, "reader"),
        make_session(103, "reader", state="idle in transaction"),
        make_session(104, "reader", state="idle"),
    )
    by_name = {line.agent: line for line in view.agents}
    assert [line.agent for line in view.agents] == ["clerk", "reader", ""]
    assert (by_name["clerk"].now.share, by_name["reader"].now.share, by_name[""].now.share) == (
        0.5,
        0.25,
        0.25,
    )
    assert by_name["clerk"].now.waits == {"CPU": 1, "Lock": 1}
    assert view.load == pytest.approx(4)
    assert {session.pid for session in view.sessions} == {100, 101, 102, 103}
    assert by_name["reader"].recorded is not None
    assert by_name["reader"].recorded.share == 0
