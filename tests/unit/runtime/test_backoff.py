"""Pauses: they grow, are drawn anew each time, and stay below a bound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgmoat.runtime import backoff as backoff_module
from pgmoat.runtime.backoff import Backoff


@given(st.integers(min_value=1, max_value=10**6), st.floats(0.001, 10), st.floats(0.001, 100))
def test_a_pause_is_never_longer_than_its_bound(attempts: int, first_s: float, most_s: float) -> None:
    pause = Backoff(first_s=first_s, most_s=most_s).draw_pause(attempts)
    assert 0 <= pause <= most_s


def test_bounds_double_up_to_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    def draw_most(least: float, most: float) -> float:
        assert least == 0
        return most

    monkeypatch.setattr(backoff_module.random, "uniform", draw_most)
    backoff = Backoff(first_s=0.05, most_s=1.0)
    assert [backoff.draw_pause(attempts) for attempts in range(1, 8)] == pytest.approx(
        [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    )


def test_two_callers_do_not_come_back_together() -> None:
    assert len({Backoff().draw_pause(5) for _ in range(50)}) > 40
