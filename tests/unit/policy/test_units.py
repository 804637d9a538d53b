"""Durations and sizes: what is read, and what is said about the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgmoat.policy.units import parse_bytes, parse_milliseconds, render_bytes, render_milliseconds


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("500ms", 500), ("5s", 5_000), ("10m", 600_000), ("1h", 3_600_000), ("2d", 172_800_000), ("0s", 0)],
)
def test_duration_in_milliseconds(text: str, milliseconds: int) -> None:
    assert parse_milliseconds(text) == milliseconds


@pytest.mark.parametrize(
    ("text", "size"),
    [("1B", 1), ("64kB", 65_536), ("16MB", 16_777_216), ("1GB", 1_073_741_824), ("1TB", 1024**4)],
)
def test_size_in_multiples_of_1024(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (5, "write a unit: 5s, say, not 5"),
        (1.5, "write a unit: 1.5s, say, not 1.5"),
        ("5", "write a unit: 5s, say, not '5'"),
        ("5sec", "'sec' is not a unit of duration: write one of ms, s, m, h, d"),
        ("5 s", "expected a duration such as 5s: a whole number and a unit, without a space"),
        ("-5s", "expected a duration such as 5s: a whole number and a unit, without a space"),
        ("\u0665s", "expected a duration such as 5s: a whole number and a unit, without a space"),
        (True, "expected a duration such as 5s: a whole number and a unit, without a space"),
        (None, "expected a duration such as 5s: a whole number and a unit, without a space"),
    ],
)
def test_not_a_duration(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_milliseconds(value)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (16, "write a unit: 16MB, say, not 16"),
        ("16mb", "'mb' is not a unit of size: write one of B, kB, MB, GB, TB"),
        ("a lot", "expected a size such as 16MB: a whole number and a unit, without a space"),
    ],
)
def test_not_a_size(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_bytes(value)
    assert str(caught.value) == message


@given(st.integers(min_value=0, max_value=10**12 - 1))
def test_what_is_rendered_is_read_back(amount: int) -> None:
    assert parse_milliseconds(render_milliseconds(amount)) == amount
    assert parse_bytes(render_bytes(amount)) == amount


def test_the_largest_unit_is_taken() -> None:
    assert render_milliseconds(900_000) == "15m"
    assert render_bytes(16 * 1024 * 1024) == "16MB"
