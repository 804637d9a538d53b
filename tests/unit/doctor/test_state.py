"""What is said about state, extensions, clock, drift."""

from __future__ import annotations

import pytest

from pgmoat.doctor import clock, drift, extensions, state
from pgmoat.doctor.check import Status, run_checks
from pgmoat.model.action import Plan
from pgmoat.model.finding import Finding, Severity
from pgmoat.plan.make import PolicyPlan


@pytest.mark.parametrize(
    ("installed", "preloaded", "status"),
    [
        (("pg_stat_statements",), "pg_stat_statements,x", Status.OK),
        (("pg_stat_statements",), "", Status.NOTE),
        ((), "$libdir/pg_stat_statements", Status.NOTE),
        ((), None, Status.UNKNOWN),
    ],
)
def test_statistics_of_statements(installed: tuple[str, ...], preloaded: str | None, status: Status) -> None:
    lines = list(run_checks(extensions.CHECKS, extensions.ExtensionFacts(installed, preloaded)))
    assert lines[0].status is status


@pytest.mark.parametrize(
    ("preloaded", "status"), [('x, "auto_explain"', Status.NOTE), ("x", Status.OK), (None, Status.UNKNOWN)]
)
def test_auto_explain(preloaded: str | None, status: Status) -> None:
    lines = list(run_checks(extensions.CHECKS, extensions.ExtensionFacts((), preloaded)))
    assert lines[1].status is status


@pytest.mark.parametrize(
    ("ahead_s", "uncertainty_s", "status"),
    [
        (1.9, 0.1, Status.OK),
        (-1.9, 0.1, Status.OK),
        (2.5, 0.1, Status.WARNING),
        (-2.5, 0.1, Status.WARNING),
        (2.5, 1.0, Status.OK),
    ],
)
def test_clocks(ahead_s: float, uncertainty_s: float, status: Status) -> None:
    (line,) = run_checks(clock.CHECKS, clock.ClockFacts(ahead_s, uncertainty_s))
    assert line.status is status


@pytest.mark.parametrize(("age_s", "status"), [(5, Status.NOTE), (None, Status.NOTE), (900, Status.WARNING)])
def test_a_lease_that_is_held_for_long(age_s: int | None, status: Status) -> None:
    facts = state.StorageFacts((state.LeaseHolder(42, "dba", age_s),), ())
    assert next(iter(run_checks(state.STORAGE_CHECKS, facts))).status is status


@pytest.mark.parametrize(("size", "status"), [(8192, Status.NOTE), (1 << 30, Status.WARNING)])
def test_large_tables_without_statistics_weigh_more(size: int, status: Status) -> None:
    facts = state.StorageFacts((), (state.UnanalyzedTable("public.orders", size),))
    assert list(run_checks(state.STORAGE_CHECKS, facts))[1].status is status


@pytest.mark.parametrize(
    ("size", "status", "says"),
    [(360448, Status.OK, "352 kB"), (5 << 20, Status.OK, "5.0 MB"), (11 << 30, Status.NOTE, "11.0 GB")],
)
def test_sizes_of_the_history(size: int, status: Status, says: str) -> None:
    (line,) = run_checks(state.HISTORY_CHECKS, state.HistoryFacts(size, None))
    assert line.status is status
    assert says in line.message


@pytest.mark.parametrize(
    ("code", "severity", "status"),
    [
        ("codes-not-mapped", Severity.ERROR, Status.ERROR),
        ("codes-not-mapped", Severity.WARNING, Status.NOTE),
        ("codes-not-read", Severity.WARNING, Status.UNKNOWN),
        ("codes-sampled", Severity.NOTE, Status.NOTE),
        ("default-not-mapped", Severity.WARNING, Status.WARNING),
    ],
)
def test_findings_about_codes(code: str, severity: Severity, status: Status) -> None:
    finding = Finding(severity, code, ("entities", "orders"), "about codes", "map them")
    facts = drift.DriftFacts(PolicyPlan((finding,), Plan()), "moat.yaml")
    lines = {line.code: line for line in run_checks(drift.DRIFT_CHECKS, facts)}
    assert lines["doctor-codes"].status is status
    assert lines["doctor-policy"].status is Status.OK
    # With an error there is no plan, and so nothing that drift could be told from.
    assert lines["doctor-drift"].status is (Status.UNKNOWN if severity is Severity.ERROR else Status.OK)


def test_warnings_of_plan_are_counted() -> None:
    findings = tuple(Finding(Severity.WARNING, "people-see-deleted", ("entities", n), n) for n in "ab")
    facts = drift.DriftFacts(PolicyPlan(findings, Plan()), "moat.yaml")
    line = next(iter(run_checks(drift.DRIFT_CHECKS, facts)))
    assert line.status is Status.NOTE
    assert "2 warnings" in line.message
