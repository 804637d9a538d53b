"""
Findings as SARIF 2.1.0, for code scanning.

In: findings. Out: plain data for JSON. I/O: none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pgmoat.report.lint.page import render_section
from pgmoat.report.lint.rule import LintFinding, Rule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
FINGERPRINT = "pgmoatLint/v1"
_WARNING_FROM = 0.2  # what takes less is a note

Locate = Callable[[LintFinding], Mapping[str, Any] | None]
"""Returns the place of a finding in a file as a physicalLocation, if it has one."""


def render_sarif(  # noqa: PLR0913 - what a log is made of, by keyword
    findings: Sequence[LintFinding],
    rules: Sequence[Rule],
    version: str,
    *,
    new: frozenset[str] | None = None,
    locate: Locate | None = None,
    docs: str = "",
) -> dict[str, Any]:
    """
    Return a SARIF log with one run.

    *new* are the fingerprints of findings that a baseline lacks; without a baseline no state is given. *docs*
    is the address of the rules' page, if it has one.
    """
    index = {rule.code: number for number, rule in enumerate(rules)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "pgmoat lint",
                        "semanticVersion": version,
                        "rules": [_describe_rule(rule, docs) for rule in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_describe(finding, index[finding.code], new, locate) for finding in findings],
            }
        ],
    }


def _describe_rule(rule: Rule, docs: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.slug.split("-")),
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.why} {rule.remedy}", "markdown": render_section(rule)},
        "defaultConfiguration": {"level": _level(rule.weight), "rank": round(100 * rule.weight, 1)},
        "properties": {"weight": rule.weight, "needsData": rule.needs_data, "tags": ["legibility", "schema"]},
    }
    return described | ({"helpUri": f"{docs}#{rule.anchor}"} if docs else {})


def _describe(
    finding: LintFinding, number: int, new: frozenset[str] | None, locate: Locate | None
) -> dict[str, Any]:
    location: dict[str, Any] = {"logicalLocations": [_locate_object(finding)]}
    physical = locate(finding) if locate is not None else None
    if physical is not None:
        location["physicalLocation"] = physical
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": number,
        "level": _level(finding.loss),
        "message": {"text": _say(finding)},
        "locations": [location],
        "partialFingerprints": {FINGERPRINT: finding.fingerprint},
    }
    if new is not None:
        result["baselineState"] = "new" if finding.fingerprint in new else "unchanged"
    return result


def _locate_object(finding: LintFinding) -> dict[str, Any]:
    column = finding.remark.column
    table = finding.table.partition(".")[2]
    return {
        "name": table if column is None else column,
        "fullyQualifiedName": finding.object,
        "kind": "table" if column is None else "column",
    }


def _say(finding: LintFinding) -> str:
    remedy = finding.remark.remedy
    parts = [f"{finding.object}: {finding.remark.message}.", f"Remedy: {remedy.words}."]
    parts += [f"In SQL: {remedy.sql};"] if remedy.sql else []
    parts += [f"In the policy: {remedy.policy}"] if remedy.policy else []
    return " ".join(parts)


def _level(loss: float) -> str:
    return "warning" if loss >= _WARNING_FROM else "note"
