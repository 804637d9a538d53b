"""What counts as the same statement run again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from pgmoat.sampling.claim import Claim
from pgmoat.sampling.sessions import Activity, Session
from pgmoat.watchdog.judge import Past
from pgmoat.watchdog.repeats import Run, Seen, fingerprint, forget, judge_repeats, see
from pgmoat.watchdog.sample import Sample
from tests.unit.watchdog.test_judge import AGENT, NOW, ago, session

LIMITED = replace(AGENT, repeats_per_minute=3)


@pytest.mark.parametrize(
    ("first", "second", "are_same"),
    [
        ("SELECT 1", "/*task_id='x'*/  SELECT\n 1 -- again", True),
        ("SELECT 1", "SELECT 2", False),
        ("SELECT 1", "select 1", False),
    ],
)
def test_fingerprints(first: str, second: str, are_same: bool) -> None:
    assert (fingerprint(first) == fingerprint(second)) is are_same


@pytest.mark.parametrize(
    "query",
    ["", "BEGIN", "COMMIT", "SET x = 1", "DISCARD ALL", "SELECT pgmoat.enter($1, $2)", "/* SELECT 1 */"],
)
def test_what_is_no_work(query: str) -> None:
    assert fingerprint(query) is None


def sample_at(now: datetime, *sessions: Session) -> Sample:
    return Sample(Activity(now, sessions, {}, 0), {"a": LIMITED}, {}, [], [])


def watch_runs(ages: Iterable[float], **changes: object) -> tuple[dict[Run, Seen], Sample]:
    seen = dict[Run, Seen]()
    last = sample_at(NOW)
    for age in ages:
        last = sample_at(ago(age), replace(session("idle", query=age), **changes))  # pyright: ignore[reportArgumentType]
        seen = see(seen, last)
    return seen, last


def test_one_too_many() -> None:
    seen, last = watch_runs([9, 6, 3])
    assert judge_repeats(seen, last, {}) == []
    seen, last = watch_runs([9, 6, 6, 6, 3])  # one run, seen three times
    assert judge_repeats(seen, last, {}) == []
    seen, last = watch_runs([9, 6, 3, 0])
    (found,) = judge_repeats(seen, last, {})
    assert (found.kind, found.action, found.limit, found.found) == ("repeats", "frozen", 3, 4)
    assert judge_repeats(seen, last, {found.subject: Past("failed", ago(1))}) == []
    assert forget(seen, ("a", "T-1")) == {}


def test_what_is_old_or_nobodys_does_not_count() -> None:
    seen, last = watch_runs([99, 98, 97, 3, 0])
    assert judge_repeats(seen, last, {}) == []
    assert watch_runs([9, 6, 3, 0], claim=Claim())[0] == {}
    assert see({}, replace(last, agents={"a": AGENT})) == {}
    assert see(seen, sample_at(NOW + timedelta(minutes=2))) == {}
