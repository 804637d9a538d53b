"""
How much a role can do in a statement, a task, an hour, counted in rows.

In: claims, the agent's budget. Out: Counts. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pgmoat.report.blast.model import Budget, Claim, Counts, Severity, Standing, StepKind
from pgmoat.report.blast.snapshot import AgentFact

_READS = ("read-table", "read-view")
_DIRECT = (StepKind.GRANT, StepKind.PUBLIC, StepKind.OWNER, StepKind.ATTRIBUTE, StepKind.PREDEFINED)
_WRITES = ("write-table", "write-view", "truncate-table")


def make_budget(agent: AgentFact) -> Budget:
    """Return an agent's limits, as pgmoat's tables have them."""
    return Budget(
        agent=agent.name,
        rows_per_statement=agent.rows_per_statement,
        writes_per_task=agent.writes_per_task,
        writes_per_hour=agent.writes_per_hour,
        bytes_per_task=agent.bytes_per_task,
        task_duration_ms=agent.task_duration_ms,
        tasks_per_hour=agent.tasks_per_hour,
        task_mode=agent.task_mode,
        requires_watchdog=agent.requires_watchdog,
        is_frozen=agent.is_frozen,
    )


def temper(claims: Iterable[Claim], budget: Budget | None) -> tuple[Claim, ...]:
    """Return *claims*, those that the policy makes weighed and worded by its limits."""
    limit = _describe_limit(budget) if budget is not None else ""
    return tuple(_temper(claim, limit) for claim in claims)


def _temper(claim: Claim, limit: str) -> Claim:
    if claim.standing is Standing.BASE and claim.severity is Severity.HIGH:
        # What an extension shows to everybody is no more than that, whatever it is called.
        return replace(claim, severity=Severity.LOW)
    if claim.standing is not Standing.POLICY:
        return claim
    name = claim.subject.name
    words = {"INSERT": "insert into", "UPDATE": "change rows of", "DELETE": "delete rows of"}
    if claim.code not in _WRITES or claim.action not in words or not limit:
        return replace(claim, severity=Severity.LOW)
    return replace(
        claim,
        severity=Severity.LOW,
        limit="; ".join(part for part in (limit, claim.limit) if part),
        message=f"may {words[claim.action]} {name}, at most {limit}"
        + (f"; {claim.limit}" if claim.limit else ""),
    )


def _describe_limit(budget: Budget) -> str:
    return (
        f"{budget.rows_per_statement:,} rows a statement, {budget.writes_per_task:,} a task,"
        f" {budget.writes_per_hour:,} an hour"
    )


def count(claims: Sequence[Claim], budget: Budget | None) -> Counts:
    """
    Return the sums over *claims*.

    A relation counts where some way leads to it by privileges; what a view or function reads is behind that.
    """
    readable = _by_relation(claims, _READS)
    writable = _by_relation(claims, _WRITES)
    is_limited = all(_is_limited(claim) for claim in claims if claim.code in _WRITES and _is_direct(claim))
    operations = any(claim.code == "operation" for claim in claims)
    unlimited = {
        claim.subject.name: claim.rows or 0
        for claim in claims
        if claim.code in _WRITES and _is_direct(claim) and not _is_limited(claim)
    }
    base = Counts(
        readable_entities=len(readable),
        writable_entities=len(writable),
        readable_rows=sum(readable.values()),
        changeable_rows=sum(unlimited.values()),
    )
    if not writable and not operations:
        return base
    if budget is None or not is_limited:
        return _lift(base)
    return Counts(
        base.readable_entities,
        base.writable_entities,
        base.readable_rows,
        0,
        budget.rows_per_statement,
        budget.writes_per_task,
        budget.writes_per_hour,
    )


def list_uncounted(claims: Sequence[Claim]) -> list[str]:
    """Return the tables among *claims* that PostgreSQL never counted: their rows are missing in every sum."""
    kinds = ("table", "materialized view", "foreign table")
    return sorted(
        {
            claim.subject.name
            for claim in claims
            if claim.code in ("read-table", "write-table", "truncate-table")
            and claim.action != "INSERT"
            and claim.subject.kind in kinds
            and claim.rows is None
            and _is_direct(claim)
        }
    )


def _lift(base: Counts) -> Counts:
    return Counts(
        base.readable_entities,
        base.writable_entities,
        base.readable_rows,
        base.changeable_rows,
        None,
        None,
        None,
    )


def _by_relation(claims: Sequence[Claim], codes: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for claim in claims:
        if claim.code in codes and _is_direct(claim):
            found[claim.subject.name] = max(found.get(claim.subject.name, 0), claim.rows or 0)
    return found


def _is_direct(claim: Claim) -> bool:
    """Whether some way ends at the relation itself, not at what a view, rule or function makes of it."""
    return any(way.steps[-1].kind in _DIRECT for way in claim.ways)


def _is_limited(claim: Claim) -> bool:
    """Whether the policy, and so its limits, stand behind every direct way."""
    return all(way.standing is Standing.POLICY for way in claim.ways if way.steps[-1].kind in _DIRECT)
