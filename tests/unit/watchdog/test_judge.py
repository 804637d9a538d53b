"""Which sessions are over their limits, and what comes next: a table of cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pgmoat.sampling.claim import Claim
from pgmoat.sampling.sessions import Activity, Session, Task
from pgmoat.watchdog.judge import Past, Verdict, judge
from pgmoat.watchdog.roles import RoleChange, Where, compare_settings
from pgmoat.watchdog.sample import AgentLimits, Prepared, Sample, StoppedTask

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
GRACE = timedelta(milliseconds=500)
AGENT = AgentLimits("a", "agent_a", 5_000, 30_000, 10_000, 0, None)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def session(
    state: str = "active",
    *,
    query: float = 0.1,
    xact: float | None = 0.1,
    change: float = 0.1,
    wait: str = "",
) -> Session:
    return Session(
        pid=1,
        backend_start=ago(1000),
        xact_start=None if xact is None else ago(xact),
        query_start=ago(query),
        state=state,
        state_change=ago(change),
        wait_class="Client" if wait else "",
        wait_event=wait,
        application_name="",
        query="SELECT 1",
        database="d",
        agent="a",
        claim=Claim("T-1", "s"),
    )


def look(
    *sessions: Session,
    agent: AgentLimits = AGENT,
    stopped: dict[Task, StoppedTask] | None = None,
    prepared: list[Prepared] | None = None,
    past: dict[str, Past] | None = None,
    changes: list[RoleChange] | None = None,
) -> list[Verdict]:
    sample = Sample(
        Activity(NOW, sessions, {}, 0), {"a": agent}, stopped or {}, prepared or [], changes or []
    )
    return judge(sample, past or {}, GRACE)


IDLE, WAITS, FAILED = "idle", "idle in transaction", "idle in transaction (aborted)"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (session(query=5.4), None),
        (session(query=5.6), ("statement-timeout", "cancelled", "statement")),
        (session(query=5.6, xact=None), ("statement-timeout", "cancelled", "statement")),
        (session(query=5.6, wait="ClientRead"), ("statement-timeout", "terminated", "statement")),
        (session("fastpath function call", query=9), None),  # of the statement before
        (session("fastpath function call", change=9), ("statement-timeout", "cancelled", "statement")),
        (session(query=40, xact=40), ("statement-timeout", "cancelled", "statement")),
        (session(xact=30.4), None),
        (session(xact=30.6), ("transaction-timeout", "cancelled", "transaction")),
        (session(WAITS, query=20, xact=20, change=10.4), None),
        (session(WAITS, query=20, xact=20, change=10.6), ("idle-in-transaction", "terminated", "idle")),
        (session(FAILED, query=20, xact=20, change=10.6), ("idle-in-transaction", "terminated", "idle")),
        (session(WAITS, xact=30.6), ("transaction-timeout", "terminated", "transaction")),
        (session(IDLE, query=9999, xact=None, change=9999), None),
    ],
)
def test_limits(given: Session, wanted: tuple[str, str, str] | None) -> None:
    found = look(given)
    assert [(v.kind, v.action, v.guard) for v in found] == ([] if wanted is None else [wanted])


@pytest.mark.parametrize(
    ("why", "since", "given", "wanted"),
    [
        ("deadline", 0.4, session(query=3), None),
        ("deadline", 0.6, session(query=3), ("task-deadline", "cancelled")),
        ("closed", 60, session(query=0.4), None),
        ("closed", 60, session(query=0.6), ("task-closed", "cancelled")),
        ("frozen", 60, session(WAITS, query=0.1, xact=0.6), ("task-frozen", "terminated")),
        ("frozen", 60, session(IDLE, query=5, xact=None), None),
    ],
)
def test_tasks_that_may_not_go_on(
    why: str, since: float, given: Session, wanted: tuple[str, str] | None
) -> None:
    found = look(given, stopped={("a", "T-1"): StoppedTask(why, ago(since))})
    assert [(v.kind, v.action) for v in found] == ([] if wanted is None else [wanted])
    assert look(given, stopped={("b", "T-1"): StoppedTask(why, ago(since))}) == []


def test_an_agent_that_is_frozen() -> None:
    frozen = replace(AGENT, frozen_at=ago(60))
    (found,) = look(session(query=0.6), agent=frozen)
    assert (found.kind, found.action) == ("agent-frozen", "cancelled")
    assert look(session(query=0.2), agent=frozen) == []


def test_first_a_cancel_then_the_end_of_the_session_then_nothing() -> None:
    (first,) = look(session(query=6))
    assert look(session(query=6), past={first.subject: Past("cancelled", ago(0.4))}) == []
    (second,) = look(session(query=6), past={first.subject: Past("cancelled", ago(0.6))})
    assert (second.action, second.subject) == ("terminated", first.subject)
    for done in ("terminated", "failed", "dry-run"):
        assert look(session(query=6), past={first.subject: Past(done, ago(9))}) == []
    (other,) = look(session(query=7), past={first.subject: Past("terminated", ago(0.1))})
    assert (other.action, other.subject == first.subject) == ("cancelled", False)


def test_a_block_that_commits_in_a_loop_stays_the_same_subject() -> None:
    (first,) = look(session(query=6, xact=0.1))
    (second,) = look(session(query=6, xact=0.0))
    assert first.subject == second.subject


def test_a_transaction_whose_statement_was_cancelled_is_ended() -> None:
    (first,) = look(session(query=1, xact=31))
    past = {first.subject: Past("cancelled", ago(0.6))}
    (second,) = look(session(FAILED, query=1, xact=31, change=0.5), past=past)
    assert (second.action, second.subject) == ("terminated", first.subject)


def test_prepared_transactions() -> None:
    old, young = (Prepared(f"g{age}", ago(age), "d", "agent_a", "a") for age in (31, 29))
    (found,) = look(prepared=[old, young])
    assert (found.kind, found.action, found.prepared) == ("prepared-transaction", "rolled back", old)
    assert look(prepared=[old], past={found.subject: Past("failed", ago(1))}) == []


def test_sessions_and_prepared_transactions_of_unknown_agents_are_left_alone() -> None:
    gone = replace(session(query=99), agent="gone")
    assert look(gone, prepared=[Prepared("g", ago(99), "d", "agent_gone", "gone")]) == []


ROW = {
    "agent": "a",
    "role": "agent_a",
    "wanted": '{"search_path": "agent, pg_temp", "statement_timeout": "5000ms"}',
    "database_settings": [b"work_mem=1GB"],
    "settings": [b"search_path=public", b"statement_timeout=5000ms", b"pgmoat.token=x=y"],
}


def test_what_a_role_changed_for_itself() -> None:
    found = [(c.where, c.key, c.wanted, c.shown) for c in compare_settings(ROW)]
    assert found == [
        ("everywhere", "pgmoat.token", None, "…"),
        ("everywhere", "search_path", "agent, pg_temp", "public"),
        ("database", "work_mem", None, "1GB"),
    ]


def test_a_role_is_repaired_as_often_as_it_changes_itself() -> None:
    change = RoleChange("a", "agent_a", Where.EVERYWHERE, "search_path", "agent", "public")
    (found,) = look(changes=[change])
    assert (found.kind, found.action, found.limit, found.found) == (
        "role-changed",
        "repaired",
        "agent",
        "public",
    )
    assert len(look(changes=[change], past={found.subject: Past("repaired", ago(1))})) == 1
    assert look(changes=[change], past={found.subject: Past("failed", ago(1))}) == []


def test_a_fastpath_call_begins_when_the_state_changes() -> None:
    call = "fastpath function call"
    assert look(session(call, query=100, xact=3, change=3)) == []
    (verdict,) = look(session(call, query=100, xact=6, change=6))
    assert (verdict.kind, verdict.action, verdict.found) == ("statement-timeout", "cancelled", 6000)
    never = replace(session(call, xact=6, change=6), query_start=None)
    (verdict,) = look(never)
    assert (verdict.kind, verdict.action) == ("statement-timeout", "cancelled")
    (verdict,) = look(
        replace(never, state_change=ago(1), xact_start=ago(1)), agent=replace(AGENT, frozen_at=ago(3))
    )
    assert (verdict.kind, verdict.action) == ("agent-frozen", "cancelled")
    # The next call is another subject.
    assert verdict.subject != look(never)[0].subject
