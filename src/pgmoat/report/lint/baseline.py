"""
A baseline: the findings that are known, so that only new ones fail.

In: findings, a file. Out: what is old, new and gone; a text that is sorted, a finding a line. I/O: the file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pgmoat.errors import Error
from pgmoat.report.lint.rule import LintFinding

_VERSION = 1


@dataclass(frozen=True, slots=True, order=True)
class Known:
    """A finding of a baseline."""

    object: str
    rule: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """The findings of a file."""

    subject: str  # database, or policy: their objects have different names
    findings: tuple[Known, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Findings against a baseline."""

    old: tuple[LintFinding, ...]
    new: tuple[LintFinding, ...]
    gone: tuple[Known, ...]
    unseen: tuple[Known, ...]  # of tables and rules that were not looked at this time


def load_baseline(path: Path) -> Baseline:
    """
    Return the baseline in the file at *path*.

    Raises:
        Error: it cannot be read, or is none.
    """
    hint = "Write one with --baseline FILE --write-baseline."
    try:
        data = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Error(f"cannot read {path}: {error.strerror or error}", hint=hint) from error
    except (ValueError, RecursionError) as error:
        raise Error(f"{path} is no baseline: {error}", hint=hint) from error
    problem = _find_problem(data)
    if problem:
        raise Error(f"{path} is no baseline of version {_VERSION}: {problem}", hint=hint)
    found = (Known(part["object"], part["rule"], part["fingerprint"]) for part in data["findings"])
    return Baseline(data["subject"], tuple(found))


def _find_problem(data: Any) -> str:
    """Return what is wrong with a baseline, as with one that was edited; empty if nothing is."""
    if not isinstance(data, dict):
        return "it is no object"
    fields = cast("dict[str, Any]", data)
    if fields.get("version") != _VERSION:
        return "it has another version, or none"
    if not isinstance(fields.get("subject"), str):
        return "it has no text `subject`"
    parts = fields.get("findings")
    if not isinstance(parts, list):
        return "it has no list `findings`"
    for number, part in enumerate(cast("list[Any]", parts), 1):
        found = cast("dict[str, Any]", part) if isinstance(part, dict) else {}
        if not all(isinstance(found.get(key), str) for key in ("object", "rule", "fingerprint")):
            return f"finding {number} has no object, rule and fingerprint"
    return ""


def compare(
    findings: Sequence[LintFinding], baseline: Baseline, was_looked_at: Callable[[Known], bool]
) -> Comparison:
    """
    Return which of *findings* are in *baseline*, and which of its own are no more.

    *was_looked_at* tells whether a finding of the baseline could have been found this time.
    """
    known = {part.fingerprint for part in baseline.findings}
    found = {finding.fingerprint for finding in findings}
    missing = [part for part in baseline.findings if part.fingerprint not in found]
    return Comparison(
        tuple(finding for finding in findings if finding.fingerprint in known),
        tuple(finding for finding in findings if finding.fingerprint not in known),
        tuple(sorted(part for part in missing if was_looked_at(part))),
        tuple(sorted(part for part in missing if not was_looked_at(part))),
    )


def render_baseline(subject: str, findings: Iterable[LintFinding], kept: Iterable[Known] = ()) -> str:
    """Return the file's text; *kept* are findings of the last one that were not looked at this time."""
    parts = {Known(finding.object, finding.code, finding.fingerprint) for finding in findings} | set(kept)
    lines = [
        json.dumps(
            {"object": part.object, "rule": part.rule, "fingerprint": part.fingerprint}, ensure_ascii=False
        )
        for part in sorted(parts)
    ]
    body = ",\n    ".join(lines)
    return (
        f'{{\n  "version": {_VERSION},\n  "subject": {json.dumps(subject)},\n  "findings": ['
        + (f"\n    {body}\n  " if lines else "")
        + "]\n}\n"
    )


def write_baseline(path: Path, text: str) -> None:
    """
    Write the file.

    Raises:
        Error: it cannot be written.
    """
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise Error(f"cannot write {path}: {error.strerror or error}") from error
