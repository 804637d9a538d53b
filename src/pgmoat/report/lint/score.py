"""
How legible tables and a database are, from 0 to 100.

A column keeps the product of ``1 - loss`` over its findings; a table likewise for the findings about itself.
The score of a table is 100 * own * mean of its columns, that of the database the mean of its tables: neither
wide tables nor many of them weigh more. In: findings. Out: scores. I/O: none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from statistics import fmean

from pgmoat.report.lint.rule import LintFinding
from pgmoat.report.survey.snapshot import SurveyedTable

GRADES = ((90, "A"), (80, "B"), (65, "C"), (50, "D"), (0, "E"))
"""The least score of each grade."""


@dataclass(frozen=True, slots=True)
class ColumnScore:
    """How legible one column is."""

    table: str
    column: str
    score: float
    findings: tuple[LintFinding, ...]


@dataclass(frozen=True, slots=True)
class TableScore:
    """How legible one table is, with its columns."""

    table: str
    score: float
    findings: tuple[LintFinding, ...]  # about itself and about its columns
    columns: tuple[ColumnScore, ...]

    @property
    def grade(self) -> str:
        """A letter for the score."""
        return grade(self.score)


def score_table(table: SurveyedTable, findings: Iterable[LintFinding]) -> TableScore:
    """Return the score of *table*; *findings* are those about it and its columns."""
    found = tuple(findings)
    by_column: dict[str | None, list[LintFinding]] = defaultdict(list)
    for finding in found:
        by_column[finding.remark.column].append(finding)
    name = table.table.qualified_name
    columns = tuple(
        ColumnScore(name, column.name, 100 * _keep(by_column[column.name]), tuple(by_column[column.name]))
        for column in table.columns
    )
    mean = fmean(column.score for column in columns) if columns else 100.0
    return TableScore(name, _keep(by_column[None]) * mean, found, columns)


def score_database(tables: Sequence[TableScore]) -> float:
    """Return the mean of the tables' scores; 100 without tables."""
    return fmean(table.score for table in tables) if tables else 100.0


def grade(score: float) -> str:
    """Return the letter for *score*."""
    return next(letter for least, letter in GRADES if round(score) >= least)


def _keep(findings: Iterable[LintFinding]) -> float:
    return prod(1 - finding.loss for finding in findings)
