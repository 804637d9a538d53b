"""
Choose rules by their codes.

In: codes or slugs. Out: rules. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgmoat.compiler.checks.wording import suggest_name
from pgmoat.errors import Error
from pgmoat.report.lint.rule import Rule
from pgmoat.report.lint.rules import RULES


def choose_rules(wanted: Sequence[str], ignored: Sequence[str]) -> tuple[Rule, ...]:
    """
    Return the rules of *wanted*, all of them when it is empty, but not those of *ignored*.

    Raises:
        Error: there is no such rule, or none is left: a report of no rules would be in order.
    """
    chosen = {find_rule(code, "--rule").code for code in wanted} or {rule.code for rule in RULES}
    left_out = {find_rule(code, "--ignore").code for code in ignored}
    rules = tuple(rule for rule in RULES if rule.code in chosen - left_out)
    if not rules:
        raise Error("--rule and --ignore leave no rule", hint="Leave one of them out.")
    return rules


def find_rule(code: str, option: str) -> Rule:
    """
    Return the rule with this code or slug.

    Raises:
        Error: there is none; the hint names the nearest.
    """
    wanted = code.strip().lower()
    found = next((rule for rule in RULES if wanted in (rule.code.lower(), rule.slug)), None)
    if found is None:
        raise Error(f"{option} {code}: there is no such rule", hint=_suggest(wanted))
    return found


def _suggest(wanted: str) -> str:
    known: Iterable[str] = [name for rule in RULES for name in (rule.code, rule.slug)]
    return suggest_name(wanted, known) or f"The codes are {RULES[0].code} to {RULES[-1].code}: --explain all."
