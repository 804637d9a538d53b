"""
A blast radius as JSON has it, and as one line.

In: Blast. Out: dicts, texts. I/O: none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pgmoat.model.closure import Closure
from pgmoat.report.blast.counting import list_uncounted
from pgmoat.report.blast.model import Blast, Budget, Claim, Severity, Standing, Way


def describe_blast(blast: Blast) -> dict[str, Any]:
    """Return the blast radius as JSON has it; closures stand once, and ways name them by their place."""
    closures = list_closures(blast.claims)
    places = {closure: place for place, closure in enumerate(closures)}
    return {
        "role": blast.role,
        "agent": blast.agent,
        "database": blast.database,
        "server_version": blast.server_version,
        "is_installed": blast.is_installed,
        "is_within_policy": not blast.beyond,
        "summary": summarize(blast),
        "counts": asdict(blast.counts),
        "budget": asdict(blast.budget) if blast.budget is not None else None,
        "login": asdict(blast.login),
        "claims": [_describe_claim(claim, places) for claim in blast.claims],
        "closures": [_describe_closure(closure) for closure in closures],
        "notes": list(blast.notes),
    }


def _describe_claim(claim: Claim, places: dict[Closure, int]) -> dict[str, Any]:
    return {
        "code": claim.code,
        "severity": claim.severity,
        "standing": claim.standing,
        "action": claim.action,
        "object": {
            "kind": claim.subject.kind,
            "name": claim.subject.name,
            "owner": claim.subject.owner,
            "database": claim.subject.database,
        },
        "message": claim.message,
        "columns": list(claim.columns),
        "sensitive": list(claim.sensitive),
        "rows": claim.rows,
        "is_estimate": claim.is_estimate,
        "limit": claim.limit,
        "no_closure": claim.no_closure,
        "watched_by": claim.watched_by,
        "ways": [_describe_way(way, places) for way in claim.ways],
    }


def _describe_way(way: Way, places: dict[Closure, int]) -> dict[str, Any]:
    return {
        "text": way.text,
        "acts_as": way.acts_as,
        "confidence": way.confidence,
        "standing": way.standing,
        "columns": list(way.columns),
        "steps": [{"kind": step.kind, "name": step.name, "text": step.text} for step in way.steps],
        "closures": [places[closure] for closure in way.closures if closure in places],
    }


def _describe_closure(closure: Closure) -> dict[str, Any]:
    return {
        "area": closure.area,
        "object": closure.object,
        "about": closure.about,
        "grants": list(closure.grants),
        "sql": list(closure.sql),
        "revert": list(closure.revert),
        "hurts": list(closure.hurts),
        "keeps": list(closure.keeps),
        "needs": closure.needs,
    }


def list_closures(claims: Sequence[Claim]) -> list[Closure]:
    """Return every closure of *claims* once, in order."""
    return list(dict.fromkeys(closure for claim in claims for closure in claim.closures))


def summarize(blast: Blast) -> str:
    """Return the whole in one sentence."""
    counts = blast.counts
    if blast.is_installed and blast.agent is not None:
        things = len(blast.beyond)
        beyond = "nothing" if not things else f"{things:,} thing{'' if things == 1 else 's'}"
        return (
            f"{blast.role}: reaches {_plural(counts.readable_entities, 'entity', 'entities')},"
            f" {describe_writes(blast)}; beyond its policy: {beyond}"
        )
    found = Counter(claim.severity for claim in blast.claims if claim.standing is not Standing.BASE)
    parts = [f"{found[severity]:,} {severity}" for severity in Severity if found[severity]]
    return (
        f"{blast.role}: reads {_plural(counts.readable_entities, 'relation', 'relations')} with"
        f" {_about(counts.readable_rows, blast)}, {describe_writes(blast)};"
        f" found: {', '.join(parts) or 'nothing'}"
    )


def _about(rows: int, blast: Blast) -> str:
    """Return a sum of rows in words; a sum of nothing is none when tables were never counted."""
    is_unknown = not rows and bool(list_uncounted(blast.claims))
    return "an unknown number of rows" if is_unknown else f"about {rows:,} rows"


def describe_writes(blast: Blast) -> str:
    """Return how much it can change."""
    counts = blast.counts
    if counts.rows_per_statement == 0:
        return "can change nothing"
    if counts.rows_per_statement is None:
        return f"can change {_about(counts.changeable_rows, blast)} in one statement, again and again"
    rest = ""
    if counts.rows_per_task is not None and counts.rows_per_hour is not None:
        rest = f", {counts.rows_per_task:,} a task, {counts.rows_per_hour:,} an hour"
    return f"can change at most {counts.rows_per_statement:,} rows a statement{rest}"


def describe_password(blast: Blast) -> list[str]:
    """Return what a stolen password gives, in sentences."""
    login = blast.login
    if not login.can_login:
        return ["It may not log in: only members of it, and functions that it owns, use its rights."]
    frozen = blast.budget is not None and blast.budget.is_frozen
    lines = ["The agent is frozen: its entities refuse it until somebody thaws it."] if frozen else []
    limit = "as many sessions as there are slots"
    if login.connection_limit >= 0:
        limit = _plural(login.connection_limit, "session", "sessions")
    until = (
        f"until {login.valid_until}" if login.valid_until else "until somebody changes it: it does not expire"
    )
    lines.append(f"The password is good for {limit}, {until}.")
    if login.is_places_known:
        lines.append("pg_hba.conf lets it in: " + ("; ".join(login.places) or "from nowhere") + ".")
    else:
        lines.append("From where it may log in is not known: pg_hba.conf could not be read.")
    if blast.budget is not None:
        lines.append(_describe_tokens(blast.budget))
    lines += _describe_settings(blast)
    lines.append("It may change its own password and its own settings; no privilege stops that.")
    return lines


def _describe_tokens(budget: Budget) -> str:
    if budget.task_mode == "issued":
        return "Entities need a task's token as well, which only the orchestrator hands out."
    tasks = f"{budget.tasks_per_hour:,} tasks an hour"
    return f"It names its tasks itself, so the password is enough for entities: {tasks}."


def _describe_settings(blast: Blast) -> list[str]:
    limits = {
        name: value
        for name, value in blast.login.defaults.items()
        if name.endswith("_timeout") and value not in ("0", "")
    }
    lines: list[str] = []
    if limits:
        listed = ", ".join(f"{name} {value}" for name, value in limits.items())
        lines.append(f"Defaults, which the session may lift: {listed}.")
    else:
        lines.append("No time limit is set, not even as a default.")
    walls = {name: value for name, value in blast.login.walls.items() if value != "-1"}
    if walls:
        lines.append("Walls: " + ", ".join(f"{name} {value}" for name, value in walls.items()) + ".")
    if blast.budget is not None and not blast.budget.requires_watchdog:
        lines.append("The wall for time is the watchdog, as long as it runs; this agent works without it.")
    return lines


def _plural(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
