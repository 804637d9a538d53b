"""
What is asked after an answer, and what is made of the findings.

In: a request, its Result. Out: a diagnosis to run, the Result with reasons. I/O: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from google.protobuf.message import Error as MessageError

from pgmoat.guard.diagnose.probe import Case, Steps
from pgmoat.guard.diagnose.reason import Reason
from pgmoat.guard.diagnose.start import diagnose_empty, diagnose_rows
from pgmoat.guard.diagnose.writes import diagnose_write
from pgmoat.runtime.profile import Profile
from pgmoat.runtime.request import Request
from pgmoat.runtime.result import Result

MOST_PROBES = 30
MOST_S = 1.5
PROBE_MS = 400

BUGS = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError, MessageError)
"""What a diagnosis may fail with, besides an error of PostgreSQL: the answer is then as it was."""

INSIDE = "no rows; why is not looked into inside of a transaction: ask the task itself"
_UNKNOWN = "no rows; why was not found: {why}"


def find_diagnosis(
    profile: Profile, request: Request, result: Result
) -> Steps[list[Reason]] | Steps[list[str]] | None:
    """Return what is to be asked about *result*; None where nothing is."""
    verdict = request.verdict
    if verdict is None or verdict.is_explain or not profile.guard.explain_empty:
        return None
    case = Case(profile.schema, profile.entities, request.bound.values)
    if is_empty(request, result):
        return diagnose_empty(case, request.bound.text)
    if verdict.may_mislead:
        return diagnose_rows(case, request.bound.text)
    return None


def is_empty(request: Request, result: Result) -> bool:
    """Return whether *result* has no rows, or one of aggregates over none."""
    if not result.rows:
        return True
    is_summary = request.verdict is not None and request.verdict.is_summary
    return is_summary and len(result.rows) == 1 and not any(result.rows[0].values())


def add_findings(result: Result, findings: Sequence[Reason] | Sequence[str]) -> Result:
    """Return *result* with what was found: reasons, each also as a warning, or warnings alone."""
    reasons = tuple(finding for finding in findings if isinstance(finding, Reason))
    texts = [finding for finding in findings if isinstance(finding, str)]
    sentences = [f"no rows: {reason.sentence}" for reason in reasons]
    return replace(result, reasons=reasons, warnings=(*result.warnings, *sentences, *texts))


def explain_write(profile: Profile, request: Request, result: Result) -> Result:
    """Return the result of a write with reasons why it fits no row, where statement and policy tell."""
    verdict = request.verdict
    if result.affected or verdict is None or not profile.guard.explain_empty:
        return result
    case = Case(profile.schema, profile.entities, request.bound.values)
    try:
        reasons = tuple(diagnose_write(case, request.bound.text))
    except BUGS:
        return result
    sentences = [f"no row fits: {reason.sentence}" for reason in reasons]
    return replace(result, reasons=reasons, warnings=(*result.warnings, *sentences))


def add_failure(request: Request, result: Result, why: str) -> Result:
    """Return *result* with the word that it could not be explained; as it is where it has rows."""
    if not is_empty(request, result) or result.rows:
        return result
    reason = Reason("not_explained", _UNKNOWN.format(why=why), "guess")
    return replace(result, reasons=(reason,), warnings=(*result.warnings, reason.message))


def add_silence(profile: Profile, result: Result) -> Result:
    """Return the answer of a query in a longer transaction, which is not explained."""
    if result.rows or not profile.guard.explain_empty:
        return result
    return replace(result, warnings=(*result.warnings, INSIDE))
