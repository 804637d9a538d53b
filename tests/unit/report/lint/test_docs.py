"""docs/reference/lint.md has a section for each rule, as the rule itself says it, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pgmoat.errors import Error
from pgmoat.report.lint.choose import choose_rules, find_rule
from pgmoat.report.lint.page import render_section, render_sections
from pgmoat.report.lint.rule import Rule
from pgmoat.report.lint.rules import RULES

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "reference" / "lint.md").read_text("utf-8")


def test_each_rule_has_its_section_and_each_section_a_rule() -> None:
    headings = re.findall(r"^### (.+)$", PAGE, re.MULTILINE)
    assert headings == [f"{rule.code} {rule.slug}" for rule in RULES]


def test_the_sections_say_what_the_rules_say() -> None:
    # To write them anew: pgmoat lint --explain all
    assert PAGE[PAGE.index("### ") :] == render_sections(RULES)


@pytest.mark.parametrize("rule", RULES, ids=[rule.code for rule in RULES])
def test_a_page_has_all_that_a_reader_needs(rule: Rule) -> None:
    section = render_section(rule)
    assert "**Why.**" in section
    assert "```sql\n" in section
    assert "**Remedy.**" in section


@pytest.mark.parametrize("rule", RULES, ids=[rule.code for rule in RULES])
def test_links_lead_to_the_section(rule: Rule) -> None:
    anchor = rule.docs.partition("#")[2]
    headings = {
        heading.lower().replace(" ", "-") for heading in re.findall(r"^### (.+)$", PAGE, re.MULTILINE)
    }
    assert anchor in headings


def test_rules_are_chosen_by_code_or_name() -> None:
    assert [rule.code for rule in choose_rules(["pl020", "reserved-word"], [])] == ["PL006", "PL020"]
    assert "PL050" not in {rule.code for rule in choose_rules([], ["PL050"])}
    with pytest.raises(Error, match="leave no rule"):
        choose_rules(["PL020"], ["unexplained-codes"])


def test_an_unknown_rule_is_an_error_with_a_suggestion() -> None:
    with pytest.raises(Error, match="--rule PL0020: there is no such rule") as caught:
        find_rule("PL0020", "--rule")
    assert caught.value.hint == "did you mean PL020?"
    with pytest.raises(Error, match="--ignore timestamp-without-zones") as caught:
        choose_rules([], ["timestamp-without-zones"])
    assert caught.value.hint == "did you mean timestamp-without-zone?"
