"""A share as a sentence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pgmoat.accounting.share import Accounting, Share, Source, describe_share, describe_window

SINCE = datetime(2026, 1, 1, 12, tzinfo=UTC)


def make(source: Source, error: float, *, covered: float = 3600) -> Accounting:
    shares = (Share("", 60, 0.6, error, source), Share("clerk", 40, 0.4, error, source))
    return Accounting(SINCE, SINCE + timedelta(minutes=60, seconds=40), covered, 3600, 3412, 0, shares)


@pytest.mark.parametrize(
    ("source", "error", "said"),
    [
        (Source.SAMPLES, 0.0164, "(± 2 points, from 3,412 samples)"),
        (Source.SAMPLES, 0.0101, "(± 1 point, from 3,412 samples)"),
        (Source.STATEMENTS, 0.004, "(± 0.4 points, from pg_stat_statements)"),
        (Source.STATEMENTS, 0.0, "(± less than 0.1 points, from pg_stat_statements)"),
    ],
)
def test_it_says_error_and_source(source: Source, error: float, said: str) -> None:
    sentence = describe_share(make(source, error), "clerk")
    assert sentence == f"agent clerk took 40 % of database time in the last hour {said}"


def test_everybody_else_has_no_name() -> None:
    assert describe_share(make(Source.SAMPLES, 0.02), "").startswith("everybody else took 60 %")


def test_who_was_not_seen_took_none_as_far_as_is_known() -> None:
    said = describe_share(make(Source.SAMPLES, 0.02), "reader")
    assert said.startswith("agent reader took 0 % of database time in the last hour (± 0.1 points")


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0.2, "minute"), (61, "hour"), (60, "hour"), (120, "2 hours"), (90, "90 minutes"), (1441, "day")],
)
def test_windows(minutes: float, said: str) -> None:
    assert describe_window(timedelta(minutes=minutes)) == said
