"""
``pgmoat lint``: how legible is this schema for a language model.

In: a database, maybe a policy and a baseline. Out: scores and findings, JSON, SARIF. I/O: reads PostgreSQL,
the policy and the baseline; writes the baseline; the terminal.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import metadata, version
from pathlib import Path
from typing import Annotated, Any

import typer

from pgmoat.cli.lint_output import Shown, describe, print_page, print_report
from pgmoat.cli.options import DsnOption, JsonOption
from pgmoat.cli.output import print_json
from pgmoat.compiler.checks.wording import suggest_table
from pgmoat.errors import Error
from pgmoat.policy.load import LoadedPolicy, load_policy
from pgmoat.postgres.connect import connect, resolve_dsn
from pgmoat.report.lint.baseline import (
    Baseline,
    Comparison,
    Known,
    compare,
    load_baseline,
    render_baseline,
    write_baseline,
)
from pgmoat.report.lint.check import Choice, LintReport, lint_subject
from pgmoat.report.lint.choose import choose_rules, find_rule
from pgmoat.report.lint.policy_view import PolicyView, view_through
from pgmoat.report.lint.rule import LintFinding, Rule
from pgmoat.report.lint.rules import RULES
from pgmoat.report.lint.sarif import render_sarif
from pgmoat.report.lint.subject import Subject
from pgmoat.report.survey.read import read_survey
from pgmoat.report.survey.snapshot import Survey

EXIT_FINDINGS = 2


@dataclass(frozen=True, slots=True)
class _Result:
    """What was looked at, and what came of it."""

    survey: Survey
    subject: Subject
    report: LintReport
    before: LintReport | None = None  # of the tables below, when it is what agents see through a policy
    view: PolicyView | None = None


def lint(
    dsn: DsnOption = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            "--policy",
            "-f",
            help="Judge what agents see through this policy, and compare it with the tables.",
        ),
    ] = None,
    schema: Annotated[
        list[str] | None, typer.Option("--schema", help="Only this schema. May be given repeatedly.")
    ] = None,
    table: Annotated[
        list[str] | None,
        typer.Option("--table", help="Only this table, schema.table or table; * and ? stand for letters."),
    ] = None,
    rule: Annotated[
        list[str] | None,
        typer.Option("--rule", metavar="CODE", help="Only this rule. May be given repeatedly."),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="CODE", help="Not this rule. May be given repeatedly."),
    ] = None,
    min_score: Annotated[
        int | None,
        typer.Option(
            "--min-score", min=0, max=100, help="Exit with 2 below this score, and not for findings."
        ),
    ] = None,
    no_data: Annotated[bool, typer.Option("--no-data", help="Read no rows, only the catalog.")] = False,
    views: Annotated[bool, typer.Option("--views", help="Judge views as well.")] = False,
    show_all: Annotated[bool, typer.Option("--all", help="Show every table and finding.")] = False,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", help="A file of known findings: only new ones exit with 2.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write-baseline", help="Write what is found to the file of --baseline.")
    ] = False,
    explain: Annotated[
        str | None,
        typer.Option("--explain", metavar="CODE", help="Print a rule's page, or all: of every rule."),
    ] = None,
    as_json: JsonOption = False,
    sarif: Annotated[bool, typer.Option("--sarif", help="Print SARIF 2.1.0, for code scanning.")] = False,
) -> int:
    """
    Say how legible the schema is for a language model: scores from 0 to 100, and what to do. Changes nothing.

    Exits with 2 when there is a finding; with --baseline, a new one; with --min-score, below that score.
    """
    if explain is not None:
        print_page(RULES if explain == "all" else (find_rule(explain, "--explain"),))
        return 0
    if write and baseline is None:
        raise Error("--write-baseline needs --baseline FILE", hint="It says where to write.")
    if as_json and sarif:
        raise Error("--json and --sarif are two outputs: choose one")
    rules = choose_rules(rule or [], ignore or [])
    loaded = None if policy is None else load_policy(policy)
    known = _load_known(baseline, loaded, is_written=write)
    choice = Choice(tuple(schema or ()), tuple(table or ()))
    entity_schema = loaded.policy.settings.entity_schema if loaded is not None else "agent"
    with connect(resolve_dsn(dsn, os.environ)) as connection:
        survey = read_survey(connection, samples=not no_data, entity_schema=entity_schema)
    result = _judge(survey, loaded, rules, choice, with_views=views)
    compared = None if known is None else _compare(result, known, choice, has_data=not no_data)
    if write and baseline is not None:
        kept = compared.unseen if compared is not None else ()
        write_baseline(baseline, render_baseline(_name_subject(loaded), result.report.findings, kept))
    shown = Shown(
        result.report,
        survey,
        views=0 if views else sum(part.table.kind in ("v", "m") for part in survey.tables.values()),
        before=result.before,
        origins=result.subject.origins,
        missing=result.view.missing if result.view is not None else (),
        compared=None if write else compared,
        written=str(baseline) if write else "",
        min_score=min_score,
    )
    if as_json:
        print_json(describe(shown))
    elif sarif:
        print_json(_make_sarif(result, loaded, compared))
    else:
        print_report(shown, show_all=show_all or bool(table))
    return _choose_exit(result.report, compared, min_score, is_written=write)


def _judge(
    survey: Survey, loaded: LoadedPolicy | None, rules: tuple[Rule, ...], choice: Choice, *, with_views: bool
) -> _Result:
    """Return the report on the tables, or on what agents see of them and how the tables alone would do."""
    if loaded is None:
        subject = Subject(survey, with_views=with_views)
        return _Result(survey, subject, _report(subject, rules, choice))
    view = view_through(survey, loaded.policy)
    subject = Subject(view.survey, view.origins)
    report = _report(subject, rules, choice)
    judged = {origin.table for name, origin in view.origins.items() if _is_in(report, name)}
    before = lint_subject(Subject(survey, with_views=True), rules, Choice(tables=tuple(judged)))
    return _Result(survey, subject, report, before, view)


def _is_in(report: LintReport, name: str) -> bool:
    return any(table.table == name for table in report.tables)


def _report(subject: Subject, rules: tuple[Rule, ...], choice: Choice) -> LintReport:
    """
    Return the report.

    Raises:
        Error: something was chosen that is not there.
    """
    names = [name for table in subject.tables for name in subject.names_of(table)]
    schemas = {name.partition(".")[0] for name in names}
    for schema in choice.schemas:
        if schema not in schemas:
            raise Error(f"--schema {schema}: it has no tables", hint=suggest_table(schema, sorted(schemas)))
    for table in choice.tables:
        if not any(Choice(choice.schemas, (table,)).has(name) for name in names):
            raise Error(f"--table {table}: there is no such table", hint=_suggest_table(table, names))
    return lint_subject(subject, rules, choice)


def _suggest_table(wanted: str, names: list[str]) -> str:
    bare = {name.partition(".")[2]: name for name in names}
    return suggest_table(wanted, names if "." in wanted else sorted(bare))


def _name_subject(loaded: LoadedPolicy | None) -> str:
    return "database" if loaded is None else "policy"


def _load_known(path: Path | None, loaded: LoadedPolicy | None, *, is_written: bool) -> Baseline | None:
    """Return the baseline; None where there is none, or none yet."""
    if path is None or (is_written and not path.exists()):
        return None
    found = load_baseline(path)
    if found.subject != _name_subject(loaded):
        raise Error(
            f"{path} is the baseline of a {found.subject}, this is that of a {_name_subject(loaded)}",
            hint="Keep a file for each: with --policy objects have the entities' names.",
        )
    return found


def _compare(result: _Result, known: Baseline, choice: Choice, *, has_data: bool) -> Comparison:
    rules = {rule.code: rule for rule in result.report.rules}
    names = {table.table.qualified_name: result.subject.names_of(table) for table in result.subject.tables}

    def was_looked_at(part: Known) -> bool:
        rule = rules.get(part.rule)
        if rule is None or (rule.needs_data and not has_data):
            return False
        table = part.object if part.object in names else part.object.rpartition(".")[0]
        return choice.has(*names.get(table, (table, part.object)))

    return compare(result.report.findings, known, was_looked_at)


def _choose_exit(
    report: LintReport, compared: Comparison | None, min_score: int | None, *, is_written: bool
) -> int:
    if min_score is not None and report.score < min_score:
        return EXIT_FINDINGS
    if is_written:
        return 0
    if compared is not None:
        return EXIT_FINDINGS if compared.new else 0
    return EXIT_FINDINGS if report.findings and min_score is None else 0


def _make_sarif(result: _Result, loaded: LoadedPolicy | None, compared: Comparison | None) -> dict[str, Any]:
    new = None if compared is None else frozenset(finding.fingerprint for finding in compared.new)
    return render_sarif(
        result.report.findings,
        result.report.rules,
        version("pgmoat"),
        new=new,
        locate=None if loaded is None else _make_locator(loaded, result.subject),
        docs=_find_docs(),
    )


def _make_locator(loaded: LoadedPolicy, subject: Subject) -> Callable[[LintFinding], dict[str, Any] | None]:
    def locate(finding: LintFinding) -> dict[str, Any] | None:
        entity = finding.table.partition(".")[2]
        path: tuple[str, ...] = ("entities", entity)
        if finding.remark.column is not None:
            path = (*path, "columns", subject.base_column(finding.table, finding.remark.column))
        place = loaded.place_of(path)
        return {
            "artifactLocation": {"uri": Path(place.file).as_posix()},
            "region": {"startLine": place.line, "startColumn": place.column},
        }

    return locate


def _find_docs() -> str:
    """Return where the rules' page stands, if the package says where its documentation is."""
    urls = dict(entry.split(", ", 1) for entry in metadata("pgmoat").get_all("Project-URL") or [])
    home = urls.get("Documentation", "")
    return f"{home.rstrip('/')}/reference/lint.md" if home else ""
