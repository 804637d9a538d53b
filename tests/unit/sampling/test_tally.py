"""What samples add up to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pgmoat.sampling.claim import Claim
from pgmoat.sampling.sessions import CPU, IDLE, Activity, Session, classify
from pgmoat.sampling.tally import Tally

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LONGEST = timedelta(seconds=3)
RUNNING = Session(
    pid=1,
    backend_start=NOW,
    xact_start=NOW,
    query_start=NOW,
    state="active",
    state_change=NOW,
    wait_class="",
    wait_event="",
    application_name="",
    query="SELECT 1",
    database="shop",
    agent="a",
    claim=Claim("T-1", "s"),
)


def add(tally: Tally, at: float, *sessions: Session, others: dict[str, int] | None = None) -> None:
    tally.add(Activity(NOW + timedelta(seconds=at), sessions, others or {}, 0), LONGEST)


def usage(tally: Tally) -> dict[tuple[Any, Any], float]:
    return {(row["agent"], row["wait_class"]): row["seconds"] for row in tally.take()["usage"]}


@pytest.mark.parametrize(
    ("state", "waits_for", "kind"),
    [
        ("active", "", CPU),
        ("active", "Lock", "Lock"),
        ("fastpath function call", "", CPU),
        ("idle", "Client", None),
        ("idle in transaction", "Client", IDLE),
        ("idle in transaction (aborted)", "Client", IDLE),
        ("disabled", "", None),
        ("starting", "", None),  # PostgreSQL 18: it has not logged in yet
    ],
)
def test_classes(state: str, waits_for: str, kind: str | None) -> None:
    assert classify(state, waits_for) == kind


def test_a_sample_stands_for_the_time_since_the_last() -> None:
    tally = Tally()
    add(tally, 0, RUNNING)
    add(tally, 1, RUNNING, others={CPU: 2})
    add(tally, 1.5, replace(RUNNING, wait_class="Lock"))
    assert usage(tally) == {("a", CPU): 1.0, ("", CPU): 2.0, ("a", "Lock"): 0.5}


def test_a_gap_is_not_made_up() -> None:
    tally = Tally()
    add(tally, 0)
    add(tally, 60, RUNNING)
    (row,) = tally.take()["sampling"]
    assert (row["seconds"], row["samples"]) == (3.0, 1)


def test_what_rested_begins_anew() -> None:
    tally = Tally()
    add(tally, 0)
    tally.rest()
    add(tally, 1, RUNNING)
    assert tally.take() == {"sampling": [], "usage": []}


def test_a_clock_that_goes_back_counts_nothing() -> None:
    tally = Tally()
    add(tally, 5)
    add(tally, 1, RUNNING)
    assert tally.take()["usage"] == []


def test_detail_has_task_step_and_shape_and_no_idle_sessions() -> None:
    tally = Tally()
    add(tally, 0)
    add(tally, 1, RUNNING, replace(RUNNING, query="SELECT 2"), replace(RUNNING, state="idle"))
    rows = tally.take_detail()
    (row,) = rows["usage_detail"]
    assert (row["task_id"], row["step"], row["seconds"], row["samples"]) == ("T-1", "s", 2.0, 2)
    assert [text["text"] for text in rows["statement_text"]] == ["SELECT ?"]
    assert tally.take_detail() == {"usage_detail": [], "statement_text": []}


def test_connections_are_the_most_of_a_minute_idle_ones_too() -> None:
    tally = Tally()
    add(tally, 0, RUNNING, replace(RUNNING, pid=2, state="idle"))
    add(tally, 1, RUNNING)
    add(tally, 60, RUNNING)
    assert list(tally.take_connections().values()) == [2, 1]


def test_each_agents_detail_comes_together() -> None:
    tally = Tally()
    add(tally, 0)
    one, other = RUNNING, replace(RUNNING, agent="b")
    steps = [replace(session, claim=Claim("T-1", f"s{n}")) for n in range(3) for session in (other, one)]
    add(tally, 1, *steps)
    assert [row["agent"] for row in tally.take_detail()["usage_detail"]] == ["a"] * 3 + ["b"] * 3
