"""The error of a share: what it is, where it is zero by formula and not in truth, and that it holds."""

from __future__ import annotations

import random

import pytest

from pgmoat.accounting.estimate import find_counting_error, find_sampling_error, find_share


def test_it_is_the_binomial_one() -> None:
    assert find_sampling_error(0.4, 3600) == pytest.approx(0.016, abs=0.0005)
    assert find_sampling_error(0.4, 36) == pytest.approx(0.16, abs=0.02)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_none_of_n_and_all_of_n_leave_room(share: float) -> None:
    assert find_sampling_error(share, 300) == pytest.approx(3.8 / 300, abs=0.0005)
    assert find_sampling_error(share, 2) > 0.6


def test_a_part_is_never_more_than_the_whole() -> None:
    # The same three numbers, added in two orders: 0.6000000000000001 and 0.6.
    share = find_share(0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1)
    assert share == 1
    assert find_sampling_error(share, 10_000_000) > 0
    assert find_share(1.0, 0.0) == 0


def test_without_samples_nothing_is_known() -> None:
    assert find_sampling_error(0.0, 0) == 1


@pytest.mark.parametrize("share", [0.002, 0.02, 0.1, 0.4, 0.5])
def test_nineteen_of_twenty_estimates_are_within_it(share: float) -> None:
    draw, samples, runs = random.Random(7), 400, 1000  # noqa: S311
    held = 0
    for _ in range(runs):
        found = sum(draw.random() < share for _ in range(samples)) / samples
        held += abs(found - share) <= find_sampling_error(found, samples)
    assert held / runs >= 0.92


def test_what_may_be_missing_moves_a_counted_share() -> None:
    # 20 of 80 s; 20 s of its own may be missing: (20 + 20) / 100.
    assert find_counting_error(0.25, 80, 20, 20) == pytest.approx(15 / 80)
    assert find_counting_error(0.25, 80, 20, 20) >= 40 / 100 - 0.25
    # 20 s of the others': 20 / 100.
    assert find_counting_error(0.25, 80, 0, 20) >= 0.25 - 20 / 100
    assert find_counting_error(0.25, 80, 0, 0) == 0
    assert find_counting_error(0.0, 0, 0, 0) == 1
