"""Which agents do far more than they do otherwise, and which sessions are too many: tables of cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pgmoat.sampling.sessions import Activity, Session
from pgmoat.watchdog.crowds import find_crowded, judge_crowds
from pgmoat.watchdog.judge import Past, Surge
from pgmoat.watchdog.sample import AgentLimits, Sample
from pgmoat.watchdog.surges import judge_surges
from tests.unit.watchdog.test_judge import AGENT, NOW, ago, session

LIMITED = replace(AGENT, surge_factor=5, surge_floor=100)
SURGE = Surge("a", "rows written", found=501, level=100.0, active_minutes=5, task_id="T-1")


def sample(limits: AgentLimits, *sessions: Session) -> Sample:
    return Sample(Activity(NOW, sessions, {}, 0), {"a": limits}, {}, [], [])


@pytest.mark.parametrize(
    ("surge", "limits", "limit"),
    [
        (SURGE, LIMITED, 500),
        (replace(SURGE, found=500), LIMITED, None),
        (replace(SURGE, active_minutes=4), LIMITED, None),
        (replace(SURGE, level=1.0, found=101), LIMITED, 100),
        (replace(SURGE, level=1.0, found=100), LIMITED, None),
        (SURGE, AGENT, None),
        (SURGE, replace(LIMITED, frozen_at=ago(1)), None),
        (replace(SURGE, agent="gone"), LIMITED, None),
    ],
)
def test_surges(surge: Surge, limits: AgentLimits, limit: int | None) -> None:
    assert [v.limit for v in judge_surges([surge], sample(limits), {})] == ([] if limit is None else [limit])


@pytest.mark.parametrize(
    ("on_trip", "task_id", "scope"),
    [
        ("", "T-1", "agent"),
        ("task", "T-1", "task"),
        ("task", None, "agent"),
        ("agent", "T-1", "agent"),
        ("login", None, "login"),
    ],
)
def test_what_a_surge_freezes(on_trip: str, task_id: str | None, scope: str) -> None:
    limits = replace(LIMITED, on_trip=on_trip)
    (found,) = judge_surges([replace(SURGE, task_id=task_id)], sample(limits), {})
    assert (found.kind, found.action, found.scope, found.claim.task_id) == ("surge", "frozen", scope, task_id)


def test_it_trips_once() -> None:
    both = [SURGE, replace(SURGE, signal="statements")]
    (found,) = judge_surges(both, sample(LIMITED), {})
    assert judge_surges(both, sample(LIMITED), {found.subject: Past("frozen", ago(59))}) == []
    assert len(judge_surges(both, sample(LIMITED), {found.subject: Past("frozen", ago(61))})) == 1


def test_the_newest_sessions_are_too_many() -> None:
    limits = replace(AGENT, max_connections=3)
    sessions = [
        replace(session(state), pid=pid, backend_start=NOW - timedelta(minutes=pid))
        for pid, state in (
            (4, "active"),
            (1, "idle"),
            (3, "idle in transaction"),
            (5, "active"),
            (2, "active"),
        )
    ]
    now = sample(limits, *sessions)
    crowded = find_crowded(now)
    assert {agent: [s.pid for s in each] for agent, each in crowded.items()} == {"a": [1, 2]}
    assert judge_crowds(crowded, (), now, {}) == []  # for the first time
    found = judge_crowds(crowded, {"a"}, now, {})
    assert [(v.kind, v.action, v.limit, v.found, v.guard) for v in found] == [
        ("connections", "terminated", 3, 5, "session")
    ] * 2
    assert judge_crowds(crowded, {"a"}, now, {v.subject: Past("terminated", NOW) for v in found}) == []


@pytest.mark.parametrize("most", [0, 2, 3])
def test_who_is_within_its_limit(most: int) -> None:
    now = sample(replace(AGENT, max_connections=most), session(), session("idle"))
    assert find_crowded(now) == {}
