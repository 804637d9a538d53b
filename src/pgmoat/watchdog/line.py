"""
An incident in one line: to whom, what was done, by whom, why, in units.

In: an incident's columns. Out: text, in which the agent's words still are as they came. I/O: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pgmoat.ledger.incidents import APPROVAL, BY_HAND
from pgmoat.model.count import describe_count
from pgmoat.watchdog.judge import Action, Kind


def describe_incident(incident: Mapping[str, Any]) -> str:
    """Return ``clerk frozen by hand by Ada: wrong prices``, ``clerk/T-1 statement-timeout cancelled: …``."""
    detail: Mapping[str, Any] = incident["detail"]
    subject = "/".join(filter(None, (incident["agent"], incident["task_id"], incident["step"])))
    action = incident["action"]
    if incident["kind"] == BY_HAND:
        who = detail.get("by") or incident["recorded_by"]
        head, found = f"{subject} {action} by hand by {who}", detail.get("reason")
    elif incident["kind"] == APPROVAL:
        who = f" by {detail['who']}" if detail.get("who") else ""
        head = f"{subject} {detail.get('operation') or 'write'} {action}{who}"
        found = _describe_held(incident["subject"], detail)
    else:
        wanted = f" (to be {detail['wanted']})" if action == Action.FAILED and detail.get("wanted") else ""
        head, found = (
            f"{subject} {incident['kind']} {action}{wanted}",
            _describe_found(incident["kind"], detail),
        )
    said = "; ".join(str(part) for part in (found, detail.get("why")) if part)
    return f"{head}: {said}" if said else head


def _describe_held(subject: str, detail: Mapping[str, Any]) -> str:
    affected = detail.get("affected")
    rows = f", {describe_count(affected, 'row')}" if isinstance(affected, int) else ""
    reason = f"; {detail['reason']}" if detail.get("reason") else ""
    return f"number {subject.partition(':')[2]}{rows}{reason}"


def _describe_found(kind: str, detail: Mapping[str, Any]) -> str:
    found, limit = detail.get("found"), detail.get("limit")
    if kind == Kind.ROLE_CHANGED:
        return f"{detail.get('setting')} was {found}" + ("" if limit is None else f", {limit} is wanted")
    if found is None:
        return ""
    if kind in (Kind.REPEATS, Kind.SURGE):
        what = "times the same statement" if kind == Kind.REPEATS else detail.get("signal")
        return f"{found} {what} within a minute" + _describe_limit(limit)
    if kind == Kind.CONNECTIONS:
        return f"{describe_count(found, 'session') if isinstance(found, int) else found}" + _describe_limit(
            limit
        )
    ran = _describe_time(found)
    return f"ran {ran}, {_describe_time(limit)} are allowed" if limit is not None else f"{ran} after that"


def _describe_limit(limit: object) -> str:
    return "" if limit is None else f", {limit} are allowed"


def _describe_time(milliseconds: object) -> str:
    is_number = isinstance(milliseconds, int | float)
    return f"{milliseconds / 1000:.1f} s" if is_number else str(milliseconds)
