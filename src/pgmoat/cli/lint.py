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
from typing import Any
from urllib.parse import quote

from pgmoat.cli.lint_options import (
    AllOption,
    BaselineOption,
    ExplainOption,
    IgnoreOption,
    MinScoreOption,
    NoDataOption,
    PolicyOption,
    RuleOption,
    SarifOption,
    SchemaOption,
    TableOption,
    ViewsOption,
    WriteOption,
)
from pgmoat.cli.lint_output import Shown, describe, print_page, print_report
from pgmoat.cli.options import DsnOption, JsonOption
from pgmoat.cli.output import print_json
from pgmoat.compiler.checks.wording import suggest_name, suggest_table
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
from pgmoat.report.lint.subject import VIEW_KINDS, Subject
from pgmoat.report.survey.read import read_survey
from pgmoat.report.survey.snapshot import Survey

EXIT_FINDINGS = 2
_ENTITY_SCHEMA = "agent"  # a policy may say otherwise


@dataclass(frozen=True, slots=True)
class _Request:
    """What is to be judged, and against what."""

    rules: tuple[Rule, ...]
    choice: Choice
    loaded: LoadedPolicy | None
    known: Baseline | None
    has_data: bool
    with_views: bool


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
    policy: PolicyOption = None,
    schema: SchemaOption = None,
    table: TableOption = None,
    rule: RuleOption = None,
    ignore: IgnoreOption = None,
    min_score: MinScoreOption = None,
    no_data: NoDataOption = False,
    views: ViewsOption = False,
    show_all: AllOption = False,
    baseline: BaselineOption = None,
    write: WriteOption = False,
    explain: ExplainOption = None,
    as_json: JsonOption = False,
    sarif: SarifOption = False,
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
    loaded = None if policy is None else load_policy(policy)
    request = _Request(
        rules=choose_rules(rule or [], ignore or []),
        choice=Choice(tuple(schema or ()), tuple(table or ())),
        loaded=loaded,
        known=_load_known(baseline, loaded, is_written=write),
        has_data=not no_data,
        with_views=views,
    )
    result = _read(resolve_dsn(dsn, os.environ), request)
    compared = None if request.known is None else _compare(result, request.known, request)
    if write and baseline is not None:
        kept = compared.unseen if compared is not None else ()
        write_baseline(baseline, render_baseline(_name_subject(loaded), result.report.findings, kept))
    if as_json:
        print_json(describe(_show(result, compared, min_score)))
    elif sarif:
        print_json(_make_sarif(result, loaded, compared))
    else:
        written = str(baseline) if write else ""
        shown = _show(result, None if write else compared, min_score, written)
        print_report(shown, show_all=show_all or bool(table))
    return _choose_exit(result.report, compared, min_score, is_written=write)


def _read(dsn: str, request: _Request) -> _Result:
    loaded = request.loaded
    entity_schema = loaded.policy.settings.entity_schema if loaded is not None else _ENTITY_SCHEMA
    with connect(dsn) as connection:
        survey = read_survey(connection, samples=request.has_data, entity_schema=entity_schema)
    return _judge(survey, request)


def _show(result: _Result, compared: Comparison | None, min_score: int | None, written: str = "") -> Shown:
    views = sum(part.table.kind in VIEW_KINDS for part in result.survey.tables.values())
    return Shown(
        result.report,
        result.survey,
        views=0 if result.subject.with_views else views,
        before=result.before,
        origins=result.subject.origins,
        missing=result.view.missing if result.view is not None else (),
        compared=compared,
        written=written,
        min_score=min_score,
    )


def _judge(survey: Survey, request: _Request) -> _Result:
    """Return the report on the tables, or on what agents see of them and how the tables alone would do."""
    if request.loaded is None:
        subject = Subject(survey, with_views=request.with_views)
        return _Result(survey, subject, _report(subject, request))
    view = view_through(survey, request.loaded.policy)
    subject = Subject(view.survey, view.origins)
    report = _report(subject, request)
    shown = {table.table for table in report.tables}
    judged = {origin.table for name, origin in view.origins.items() if name in shown}
    bare = lint_subject(Subject(survey, with_views=True), request.rules)
    before = LintReport(tuple(table for table in bare.tables if table.table in judged), request.rules)
    return _Result(survey, subject, report, before, view)


def _report(subject: Subject, request: _Request) -> LintReport:
    """
    Return the report.

    Raises:
        Error: something was chosen that is not there.
    """
    choice = request.choice
    names = [name for table in subject.tables for name in subject.names_of(table)]
    schemas = {name.partition(".")[0] for name in names}
    for schema in choice.schemas:
        if schema not in schemas:
            raise Error(f"--schema {schema}: it has no tables", hint=suggest_name(schema, sorted(schemas)))
    for table in choice.tables:
        if not any(Choice(choice.schemas, (table,)).has(name) for name in names):
            raise Error(f"--table {table}: there is no such table", hint=_suggest_table(table, names))
    return lint_subject(subject, request.rules, choice)


def _suggest_table(wanted: str, names: list[str]) -> str:
    if "." in wanted:
        return suggest_table(wanted, names)
    return suggest_name(wanted, sorted({name.partition(".")[2] for name in names}))


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


def _compare(result: _Result, known: Baseline, request: _Request) -> Comparison:
    rules = {rule.code for rule in result.report.rules}
    tables = {table.table.qualified_name: table for table in result.subject.tables}

    def was_looked_at(part: Known) -> bool:
        name = part.object if part.object in tables else part.object.rpartition(".")[0]
        table = tables.get(name)
        if table is None:
            return part.rule in rules and request.choice.has(name, part.object)
        # Most rules find more where they see rows: without them nothing is known to be mended.
        return part.rule in rules and not table.unread and request.choice.has(*result.subject.names_of(table))

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
            "artifactLocation": {"uri": _make_uri(Path(place.file))},
            "region": {"startLine": place.line, "startColumn": place.column},
        }

    return locate


def _make_uri(path: Path) -> str:
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _find_docs() -> str:
    """Return where the rules' page stands, if the package says where its documentation is."""
    urls = dict(entry.split(", ", 1) for entry in metadata("pgmoat").get_all("Project-URL") or [])
    home = urls.get("Documentation", "")
    return f"{home.rstrip('/')}/reference/lint.md" if home else ""
