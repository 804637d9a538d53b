"""
Run rules over a survey.

In: Subject, rules, filters. Out: LintReport. I/O: none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pgmoat.report.lint.rule import LintFinding, Rule
from pgmoat.report.lint.score import TableScore, grade, score_database, score_table
from pgmoat.report.lint.subject import Subject
from pgmoat.report.survey.snapshot import SurveyedTable


@dataclass(frozen=True, slots=True)
class Choice:
    """Which tables a report is about; all of them when nothing is named."""

    schemas: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()  # name or schema.name, with * and ?

    def has(self, *qualified_names: str) -> bool:
        """Whether one of *qualified_names* is among them: an entity has its own and its table's."""
        return any(self._has(name) for name in qualified_names)

    def _has(self, qualified_name: str) -> bool:
        schema, _, name = qualified_name.partition(".")
        return (not self.schemas or schema in self.schemas) and (
            not self.tables
            or any(fnmatchcase(known, wanted) for wanted in self.tables for known in (name, qualified_name))
        )


@dataclass(frozen=True, slots=True)
class LintReport:
    """What the rules found, and the scores."""

    tables: tuple[TableScore, ...]  # in order of their names
    rules: tuple[Rule, ...]  # that were asked

    @property
    def findings(self) -> tuple[LintFinding, ...]:
        """All findings, in order of their objects."""
        return tuple(finding for table in self.tables for finding in table.findings)

    @property
    def score(self) -> float:
        """How legible it is in all, 0 to 100."""
        return score_database(self.tables)

    @property
    def grade(self) -> str:
        """A letter for the score."""
        return grade(self.score)


def lint_subject(subject: Subject, rules: Sequence[Rule], choice: Choice | None = None) -> LintReport:
    """
    Return what *rules* find in the tables of *choice*.

    The rules see all tables: what a column is called elsewhere counts, also where the report does not look.
    """
    by_table: dict[str, list[LintFinding]] = defaultdict(list)
    for rule in rules:
        for remark in rule.find(subject):
            by_table[remark.table].append(LintFinding(rule, remark))
    return LintReport(
        tuple(
            score_table(table, _sort(table, by_table[table.table.qualified_name]))
            for table in subject.tables
            if choice is None or choice.has(*subject.names_of(table))
        ),
        tuple(rules),
    )


def _sort(table: SurveyedTable, findings: Sequence[LintFinding]) -> list[LintFinding]:
    """Return those about the table first, then those of its columns in their order."""
    order = {column.name: number for number, column in enumerate(table.columns)}
    return sorted(
        findings,
        key=lambda finding: (
            -1 if finding.remark.column is None else order.get(finding.remark.column, -1),
            finding.code,
            finding.remark.detail,
        ),
    )
