"""
Notice a task that runs the same statement again and again.

In: Samples, one after the other. Out: Verdicts. I/O: none.

What is counted is what samples show: runs that began at different moments. A sample shows one run of each
session, its last if it is idle by now, so the count is a floor: at one sample a second, at most 60 a minute
for each session.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pgmoat.sampling.sessions import Session, Task
from pgmoat.watchdog.judge import Action, Guard, Kind, Past, Scope, Verdict
from pgmoat.watchdog.sample import Sample

WINDOW = timedelta(minutes=1)
_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_WORK = re.compile(
    r"(?:select|with|insert|update|delete|merge|call|values|table|execute|do)\b", re.IGNORECASE
)
_OWN = re.compile(r"\bpgmoat\.\w+\s*\(", re.IGNORECASE)

Run = tuple[int, datetime, datetime]
"""A session's pid and beginning, and when the statement began."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One run of a statement, for a task."""

    task: Task
    fingerprint: str
    at: datetime


def fingerprint(query: str) -> str | None:
    """
    Return what tells one statement from another; None for what is no work: COMMIT, SET, entering a task.

    Comments and spacing do not count. Literals do: what goes through a list one by one is no loop, unless it
    binds them as parameters. What PostgreSQL cut off (``track_activity_query_size``) does not count either.
    """
    # What opens behind the last end is no comment: each would be followed to the end of the text.
    head, end, tail = query.rpartition("*/")
    text = " ".join(_COMMENT.sub(" ", head + end + tail.replace("/*", "/ *")).split())
    if not _WORK.match(text) or _OWN.search(text):
        return None
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def see(seen: Mapping[Run, Seen], sample: Sample) -> dict[Run, Seen]:
    """Return the runs of the last minute, those of *sample* included, for agents that have a limit."""
    kept = {run: one for run, one in seen.items() if one.at > sample.now - WINDOW}
    for session in sample.sessions:
        limits = sample.agents.get(session.agent)
        if limits is None or not limits.repeats_per_minute or session.task is None or not session.query_start:
            continue
        mark = fingerprint(session.query)
        if mark is not None and session.query_start > sample.now - WINDOW:
            run = (session.pid, session.backend_start, session.query_start)
            kept[run] = Seen(session.task, mark, session.query_start)
    return kept


def judge_repeats(seen: Mapping[Run, Seen], sample: Sample, past: Mapping[str, Past]) -> list[Verdict]:
    """Return a verdict for each task that was seen running one statement more often than it may."""
    counts: dict[tuple[Task, str], int] = {}
    for one in seen.values():
        counts[one.task, one.fingerprint] = counts.get((one.task, one.fingerprint), 0) + 1
    found: list[Verdict] = []
    for ((agent, task_id), mark), count in counts.items():
        limits = sample.agents.get(agent)
        subject = f"f:{agent}:{task_id}"
        if (
            limits is None
            or not 0 < limits.repeats_per_minute < count
            or _is_done(past.get(subject), sample.now)
        ):
            continue
        scope = Scope(limits.on_trip or Scope.TASK)
        if scope is not Scope.TASK and limits.frozen_at is not None:
            continue
        session = _find_session(sample, (agent, task_id), mark)
        if session is not None:
            found.append(
                Verdict(
                    kind=Kind.REPEATS,
                    action=Action.FREEZE,
                    agent=agent,
                    claim=session.claim,
                    subject=subject,
                    limit=limits.repeats_per_minute,
                    found=count,
                    role=limits.role,
                    guard=Guard.STATEMENT,
                    session=session,
                    scope=scope,
                )
            )
    return found


def forget(seen: Mapping[Run, Seen], task: Task) -> dict[Run, Seen]:
    """Return *seen* without *task*: once it is thawed, it begins at none."""
    return {run: one for run, one in seen.items() if one.task != task}


def _is_done(past: Past | None, now: datetime) -> bool:
    return past is not None and past.at > now - WINDOW and past.action != Action.FREEZE


def _find_session(sample: Sample, task: Task, mark: str) -> Session | None:
    return next((s for s in sample.sessions if s.task == task and fingerprint(s.query) == mark), None)
