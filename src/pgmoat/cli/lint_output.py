"""
What ``pgmoat lint`` shows.

In: a report. Out: text for people, plain data for JSON. I/O: standard output.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markdown import Markdown

from pgmoat.cli.output import escape
from pgmoat.cli.table import print_table
from pgmoat.model.count import describe_count
from pgmoat.report.lint.baseline import Comparison
from pgmoat.report.lint.check import LintReport
from pgmoat.report.lint.page import render_sections
from pgmoat.report.lint.rule import LintFinding, Rule
from pgmoat.report.lint.score import TableScore
from pgmoat.report.lint.subject import Origin
from pgmoat.report.survey.snapshot import Survey

_WORST_TABLES = 10
_WORST_COLUMNS = 10
_ALL_UP_TO = 12  # findings that are all shown without --all
_GRADE_STYLE = {"A": "bold green", "B": "green", "C": "yellow", "D": "red", "E": "bold red"}


@dataclass(frozen=True, slots=True)
class Shown:
    """All that the output is made of."""

    report: LintReport
    survey: Survey
    views: int = 0  # that were not judged
    before: LintReport | None = None
    origins: Mapping[str, Origin] = field(default_factory=dict[str, Origin])
    missing: tuple[str, ...] = ()
    compared: Comparison | None = None
    written: str = ""
    min_score: int | None = None

    @property
    def counted(self) -> Sequence[LintFinding]:
        """The findings to show: those that are new, where there is a baseline."""
        return self.compared.new if self.compared is not None else self.report.findings

    def score_before(self, table: str) -> float | None:
        """Return the score of the table below an entity."""
        if self.before is None or table not in self.origins:
            return None
        base = self.origins[table].table
        return next((part.score for part in self.before.tables if part.table == base), None)


def print_page(rules: Sequence[Rule]) -> None:
    """Print rules' pages: laid out in a terminal, as Markdown elsewhere."""
    text = render_sections(rules)
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(Markdown(text))
    else:
        sys.stdout.write(text)


def print_report(shown: Shown, *, show_all: bool) -> None:
    """Print the score, the worst tables and columns, and what each finding asks for."""
    console = Console(highlight=False, soft_wrap=True)
    _print_head(console, shown)
    if not shown.report.tables:
        return
    is_everything = show_all or len(shown.counted) <= _ALL_UP_TO
    _print_tables(console, shown, show_all=show_all)
    if shown.counted:
        if is_everything:
            _print_findings(console, shown.counted)
        else:
            _print_rules(console, shown.counted)
            _print_columns(console, shown)
    _print_end(console, shown, is_everything=is_everything)


def _print_head(console: Console, shown: Shown) -> None:
    report = shown.report
    what = "entities of the policy" if shown.before is not None else f"database {shown.survey.database}"
    if not report.tables:
        console.print(f"[bold]{escape(what)}[/]: no tables to judge")
    else:
        score = _style_score(report.score, report.grade)
        before = "" if shown.before is None else f"{_style_score(shown.before.score, shown.before.grade)} -> "
        count = len(report.tables)
        entities = f"{count:,} {'entity' if count == 1 else 'entities'}"
        tables = describe_count(count, "table") if shown.before is None else entities
        console.print(
            f"[bold]{escape(what)}[/]: legibility {before}{score} of 100,"
            f" {tables}, {describe_count(len(report.findings), 'finding')}"
        )
    for note in shown.survey.notes:
        console.print(f"[magenta]note[/] {escape(note)}")
    if shown.missing:
        console.print(f"[yellow]note[/] no table in the database for {escape(', '.join(shown.missing))}")
    if shown.views and shown.before is None:
        console.print(f"[dim]{describe_count(shown.views, 'view')} not judged; --views judges them[/]")


def _style_score(score: float, grade: str) -> str:
    return f"[{_GRADE_STYLE[grade]}]{round(score)} ({grade})[/]"


def _print_tables(console: Console, shown: Shown, *, show_all: bool) -> None:
    tables = sorted(shown.report.tables, key=lambda table: (table.score, table.table))
    kept = tables if show_all else tables[:_WORST_TABLES]
    console.print(f"\n[bold]{'tables' if len(kept) == len(tables) else 'worst tables'}[/]")
    if shown.before is not None:
        rows = [_row_of_entity(shown, table) for table in kept]
        print_table(("entity", "before", "after", "findings", "table"), rows, ("table",))
    else:
        print_table(
            ("table", "score", "grade", "findings", "most of them"), [_row_of(table) for table in kept]
        )


def _row_of_entity(shown: Shown, table: TableScore) -> Sequence[object]:
    before = shown.score_before(table.table)
    origin = shown.origins.get(table.table)
    return (
        table.table.partition(".")[2],
        "" if before is None else round(before),
        f"{round(table.score)} {table.grade}",
        len(table.findings),
        origin.table if origin is not None else "",
    )


def _row_of(table: TableScore) -> Sequence[object]:
    most = Counter(finding.rule.slug for finding in table.findings).most_common(2)
    said = ", ".join(f"{slug} {count}" for slug, count in most)
    return (table.table, round(table.score), table.grade, len(table.findings), said)


def _print_rules(console: Console, findings: Sequence[LintFinding]) -> None:
    console.print("\n[bold]by rule[/]")
    counts = Counter(finding.rule.code for finding in findings)
    rules = {finding.rule.code: finding.rule for finding in findings}
    losses: Counter[str] = Counter()
    for finding in findings:
        losses[finding.code] += round(1000 * finding.loss)
    rows = [(code, rules[code].slug, counts[code], rules[code].title) for code, _ in losses.most_common()]
    print_table(("code", "rule", "findings", "what"), rows, ("what",))


def _print_columns(console: Console, shown: Shown) -> None:
    """Print the worst columns with what is said of them; one of each name: its fault is shown once."""
    kept = {finding.fingerprint for finding in shown.counted}
    columns = sorted(
        (column for table in shown.report.tables for column in table.columns if column.findings),
        key=lambda column: (column.score, column.table, column.column),
    )
    seen: set[str] = set()
    console.print("\n[bold]worst columns[/]")
    for column in columns:
        findings = [finding for finding in column.findings if finding.fingerprint in kept]
        if column.column in seen or not findings or len(seen) >= _WORST_COLUMNS:
            continue
        seen.add(column.column)
        console.print(f"  [bold]{escape(column.table)}.{escape(column.column)}[/] {round(column.score)}")
        _print_lines(console, findings)


def _print_findings(console: Console, findings: Iterable[LintFinding]) -> None:
    console.print("\n[bold]findings[/]")
    last = ""
    for finding in findings:
        if finding.object != last:
            console.print(f"  [bold]{escape(finding.object)}[/]")
            last = finding.object
        _print_lines(console, [finding])


def _print_lines(console: Console, findings: Iterable[LintFinding]) -> None:
    """Print findings and their remedies, which are not folded, so that they can be pasted."""
    for finding in findings:
        remedy = finding.remark.remedy
        style = "yellow" if finding.loss >= 0.2 else "cyan"
        console.print(f"    [{style}]{finding.code}[/] {escape(finding.remark.message)}")
        console.print(f"          [dim]remedy:[/] {escape(remedy.words)}")
        if remedy.sql:
            console.print(f"          [dim]SQL:[/]    {escape(remedy.sql)};")
        if remedy.policy:
            console.print(f"          [dim]policy:[/] {escape(remedy.policy)}")


def _print_end(console: Console, shown: Shown, *, is_everything: bool) -> None:
    console.print()
    if shown.compared is not None:
        compared = shown.compared
        console.print(
            f"baseline: [bold]{len(compared.new)} new[/], {len(compared.old)} old, {len(compared.gone)} gone"
            + (f", {len(compared.unseen)} not looked at" if compared.unseen else "")
        )
        if compared.gone:
            console.print("[dim]--write-baseline takes what is gone out of it[/]")
    if shown.written:
        console.print(
            f"wrote {describe_count(len(shown.report.findings), 'finding')} to {escape(shown.written)}"
        )
    if shown.min_score is not None and shown.report.score < shown.min_score:
        # 69.6 is shown as 70 and is below 70.
        console.print(f"[bold red]the score {shown.report.score:.1f} is below {shown.min_score}[/]")
    if shown.counted and not is_everything:
        console.print(f"[dim]--all shows all {len(shown.counted)} findings, --table NAME those of a table[/]")
    if shown.counted:
        console.print("[dim]--explain CODE says why a rule is there[/]")


def describe(shown: Shown) -> dict[str, Any]:
    """Return the report as plain data, for JSON."""
    report = shown.report
    new = None if shown.compared is None else {finding.fingerprint for finding in shown.compared.new}
    found: dict[str, Any] = {
        "database": shown.survey.database,
        "score": round(report.score, 1),
        "grade": report.grade,
        "tables": [_describe_table(shown, table) for table in report.tables],
        "findings": [_describe_finding(finding, new) for finding in report.findings],
        "notes": list(shown.survey.notes),
    }
    if shown.before is not None:
        found["before"] = {"score": round(shown.before.score, 1), "grade": shown.before.grade}
        found["missing"] = list(shown.missing)
    if shown.compared is not None:
        compared = shown.compared
        found["baseline"] = {
            "new": len(compared.new),
            "old": len(compared.old),
            "gone": [{"object": part.object, "rule": part.rule} for part in compared.gone],
            "not_looked_at": len(compared.unseen),
        }
    return found


def _describe_table(shown: Shown, table: TableScore) -> dict[str, Any]:
    found: dict[str, Any] = {
        "table": table.table,
        "score": round(table.score, 1),
        "grade": table.grade,
        "findings": len(table.findings),
        "columns": {column.column: round(column.score, 1) for column in table.columns},
    }
    before = shown.score_before(table.table)
    if table.table in shown.origins:
        found["base_table"] = shown.origins[table.table].table
        found["score_before"] = None if before is None else round(before, 1)
    return found


def _describe_finding(finding: LintFinding, new: set[str] | None) -> dict[str, Any]:
    remedy = finding.remark.remedy
    found: dict[str, Any] = {
        "rule": finding.code,
        "slug": finding.rule.slug,
        "object": finding.object,
        "table": finding.table,
        "column": finding.remark.column,
        "message": finding.remark.message,
        "loss": round(finding.loss, 3),
        "remedy": remedy.words,
        "sql": remedy.sql,
        "policy": remedy.policy,
        "docs": finding.rule.docs,
        "fingerprint": finding.fingerprint,
    }
    return found if new is None else found | {"is_new": finding.fingerprint in new}
