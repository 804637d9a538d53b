"""Baselines: what is new, old, gone, or was not looked at; and that the file is stable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pgmoat.errors import Error
from pgmoat.report.lint.baseline import Known, compare, load_baseline, render_baseline, write_baseline
from pgmoat.report.survey.snapshot import SurveyedTable
from tests.unit.report.lint.build import column, lint, sample, table

ID = column("id", "int4")


def shop(*, codes: dict[str, int] | None = None, fixed: bool = False) -> list[SurveyedTable]:
    values = codes or {"1": 50, "2": 30}
    return [
        table("orders", ID, column("stat_cd", "int2"), samples={"stat_cd": sample(values)}),
        table("items", ID, column("made", "timestamptz" if fixed else "timestamp")),
    ]


def read_back(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "lint.json"
    write_baseline(path, text)
    return path


def test_a_second_run_finds_nothing_new(tmp_path: Path) -> None:
    findings = lint(*shop()).findings
    known = load_baseline(read_back(tmp_path, render_baseline("database", findings)))
    compared = compare(findings, known, lambda _: True)
    assert (len(compared.old), compared.new, compared.gone) == (len(findings), (), ())


def test_other_counts_and_another_order_change_nothing() -> None:
    before = lint(*shop()).findings
    after = lint(*reversed(shop(codes={"2": 3000, "1": 50, "7": 20}))).findings
    assert {part.remark.message for part in before} != {part.remark.message for part in after}
    assert render_baseline("database", before) == render_baseline("database", reversed(after))


def test_what_is_mended_is_gone_and_what_is_worse_is_new(tmp_path: Path) -> None:
    known = load_baseline(read_back(tmp_path, render_baseline("database", lint(*shop()).findings)))
    worse = table("returns", ID, column("xfrcd", comment="The carrier's code."))
    compared = compare(lint(*shop(fixed=True), worse).findings, known, lambda _: True)
    assert [finding.object for finding in compared.new] == ["public.returns.xfrcd"]
    assert [(part.object, part.rule) for part in compared.gone] == [("public.items.made", "PL050")]


def test_what_was_not_looked_at_is_neither_gone_nor_lost(tmp_path: Path) -> None:
    known = load_baseline(read_back(tmp_path, render_baseline("database", lint(*shop()).findings)))
    compared = compare([], known, lambda part: part.rule == "PL050")
    assert [part.rule for part in compared.gone] == ["PL050"]
    assert {part.rule for part in compared.unseen} == {"PL003", "PL020"}
    kept = load_baseline(read_back(tmp_path, render_baseline("database", [], compared.unseen)))
    assert set(kept.findings) == set(compared.unseen)


def test_the_file_is_sorted_a_finding_a_line() -> None:
    text = render_baseline("database", lint(*shop()).findings)
    lines = [line for line in text.splitlines() if "fingerprint" in line]
    found = [json.loads(line.strip().rstrip(",")) for line in lines]
    assert [(part["object"], part["rule"]) for part in found] == sorted(
        (part["object"], part["rule"]) for part in found
    )
    assert json.loads(render_baseline("policy", [])) == {"version": 1, "subject": "policy", "findings": []}


def test_fingerprints_tell_names_apart_that_run_together() -> None:
    one = lint(table("a", ID, column("b_data"), column("data"))).findings
    assert len({finding.fingerprint for finding in one}) == len(one)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"version": 2, "subject": "database", "findings": []}',
        '{"version": 1, "findings": [1]}',
        '{"version": 1, "subject": "database", "findings": {"a": 1}}',
        '{"version": 1, "subject": "database", "findings": [{"object": "a", "rule": "PL001"}]}',
        '{"version": 1, "subject": 7, "findings": []}',
        "[" * 100_000,
    ],
)
def test_what_is_no_baseline_is_an_error_with_a_hint(tmp_path: Path, text: str) -> None:
    path = tmp_path / "lint.json"
    path.write_text(text)
    with pytest.raises(Error, match=r"lint\.json is no baseline") as caught:
        load_baseline(path)
    assert "--write-baseline" in caught.value.hint


def test_a_baseline_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(Error, match="cannot read") as caught:
        load_baseline(tmp_path / "none.json")
    assert "--write-baseline" in caught.value.hint


def test_known_findings_sort_by_object() -> None:
    assert sorted([Known("b", "PL001", "1"), Known("a", "PL002", "2")])[0].object == "a"
