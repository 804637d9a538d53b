"""Scores: what a finding takes, and that size does not matter."""

from __future__ import annotations

import pytest

from pgmoat.report.lint.check import Choice, lint_subject
from pgmoat.report.lint.rules import RULES
from pgmoat.report.lint.score import grade
from pgmoat.report.lint.subject import Subject
from tests.unit.report.lint.build import column, lint, survey, table

ID = column("id", "int4")


def test_a_table_in_order_has_all_points() -> None:
    report = lint(table("customers", ID, column("email")))
    assert (report.score, report.grade, report.findings) == (100.0, "A", ())


def test_the_score_is_the_documented_formula() -> None:
    # No comment (0.25) on the table; one of its two columns has no zone (0.1).
    report = lint(table("customers", ID, column("created_at", "timestamp"), comment=None))
    assert [finding.code for finding in report.findings] == ["PL030", "PL050"]
    assert report.tables[0].columns[1].score == pytest.approx(90)
    assert report.score == pytest.approx(100 * 0.75 * (1.0 + 0.9) / 2)


def test_a_comment_halves_what_a_name_takes() -> None:
    bare = lint(table("customers", ID, column("xfrcd")), code="PL002")
    told = lint(table("customers", ID, column("xfrcd", comment="The carrier's code.")), code="PL002")
    assert told.findings[0].loss == bare.findings[0].loss / 2


def test_neither_wide_tables_nor_many_of_them_weigh_more() -> None:
    pair = (column("made", "timestamp"), column("name"))
    pairs = [
        part for place in "abc" for part in (column(f"made_{place}", "timestamp"), column(f"name_{place}"))
    ]
    narrow = lint(table("customers", *pair), code="PL050")
    assert narrow.score == pytest.approx(95)
    assert lint(table("customers", *pairs), code="PL050").score == pytest.approx(95)
    assert lint(table("customers", *pair), table("clients", *pair), code="PL050").score == pytest.approx(95)


def test_a_database_without_tables_is_in_order() -> None:
    assert lint().score == 100


@pytest.mark.parametrize(
    ("score", "letter"),
    [(100, "A"), (89.6, "A"), (89.4, "B"), (80, "B"), (65, "C"), (50, "D"), (49, "E"), (0, "E")],
)
def test_grades(score: float, letter: str) -> None:
    assert grade(score) == letter


def test_a_choice_narrows_the_report_and_not_what_rules_see() -> None:
    tables = survey(
        table("orders", ID, column("created_at", "timestamptz")),
        table("items", ID, column("created_at", "timestamptz")),
        table("returns", ID, column("create_date", "timestamptz"), schema="sales"),
    )
    report = lint_subject(Subject(tables), RULES, Choice(schemas=("sales",)))
    assert [part.table for part in report.tables] == ["sales.returns"]
    assert [finding.code for finding in report.findings] == ["PL009"]
    report = lint_subject(Subject(tables), RULES, Choice(tables=("o*", "sales.returns")))
    assert [part.table for part in report.tables] == ["public.orders", "sales.returns"]
    assert lint_subject(Subject(tables), RULES, Choice(("sales",), ("orders",))).tables == ()


def test_findings_come_in_the_order_of_their_columns() -> None:
    report = lint(
        table(
            "customers",
            column("made", "timestamp"),
            column("data"),
            column("born", "timestamp"),
            comment=None,
        )
    )
    assert [finding.object for finding in report.findings] == [
        "public.customers",
        "public.customers.made",
        "public.customers.data",
        "public.customers.born",
    ]
