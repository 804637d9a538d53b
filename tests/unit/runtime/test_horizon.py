"""What a task must see before it reads a replica."""

from __future__ import annotations

import gc

from pgmoat.runtime.horizon import FRESH_S, Horizon, Horizons, Mark

NOW = 10_000_000.0  # later than this process's clock


def make_horizon(since: float = NOW) -> Horizon:
    horizon = Horizon()
    horizon.forget(since)
    return horizon


def test_at_first_the_primary_is_asked() -> None:
    assert make_horizon().find_needed(None, NOW) is None
    assert make_horizon().find_needed(Mark(1, 500, NOW - 0.1), NOW) is None
    assert not make_horizon().is_followed


def test_another_tasks_mark_is_enough_if_it_is_later_than_the_task() -> None:
    latest = Mark(1, 500, NOW + 0.1)
    assert make_horizon().find_needed(latest, NOW + 0.2) == latest


def test_its_own_write_has_to_be_seen() -> None:
    horizon = make_horizon()
    horizon.advance(Mark(1, 700, NOW + 1))
    assert horizon.is_followed
    assert horizon.find_needed(Mark(1, 500, NOW + 0.5), NOW + 1.1) == Mark(1, 700, NOW + 1)
    horizon.advance(Mark(1, 600, NOW + 1))
    assert horizon.find_needed(None, NOW + 1.1) == Mark(1, 700, NOW + 1)


def test_an_old_mark_is_not_enough_and_still_counts() -> None:
    horizon = make_horizon()
    horizon.advance(Mark(1, 700, NOW))
    later = NOW + FRESH_S + 1
    assert horizon.find_needed(None, later) is None
    assert horizon.find_needed(Mark(1, 650, later), later) == Mark(1, 700, later)
    assert horizon.find_needed(Mark(1, 800, later), later) == Mark(1, 800, later)


def test_what_may_be_written_makes_a_mark_too_old() -> None:
    horizon = make_horizon()
    horizon.advance(Mark(1, 700, NOW + 1))
    horizon.forget(NOW + 1.5)
    assert horizon.find_needed(None, NOW + 1.6) is None
    horizon.forget(NOW + 0.5)
    assert horizon.find_needed(None, NOW + 1.6) is None


def test_a_later_timeline_goes_first() -> None:
    horizon = make_horizon()
    horizon.advance(Mark(1, 700, NOW))
    horizon.advance(Mark(2, 600, NOW))
    horizon.advance(Mark(1, 800, NOW))
    assert horizon.find_needed(None, NOW) == Mark(2, 600, NOW)


def test_objects_of_one_task_share_it_and_so_do_children() -> None:
    horizons = Horizons()
    one = horizons.find("T-1", None)
    assert horizons.find("T-1", None) is one
    assert horizons.find("T-1/a", one) is one
    assert horizons.find("T-1/a", None) is one
    assert horizons.find("T-2", None) is not one
    one.advance(Mark(1, 700, NOW))
    del one
    gc.collect()
    assert not horizons.find("T-1", None).is_followed
