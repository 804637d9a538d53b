"""
A rule's page: its section in docs/reference/lint.md, and what --explain prints.

In: rules. Out: Markdown. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import fill

from pgmoat.report.lint.rule import Rule

_WIDTH = 118


def render_section(rule: Rule) -> str:
    """Return the section of *rule*, heading included."""
    data = " Needs samples of the data." if rule.needs_data else ""
    parts = (
        f"### {rule.code} {rule.slug}",
        f"{rule.title}. Weight {rule.weight:g}.{data}",
        _fold(f"**Why.** {rule.why}"),
        f"```sql\n{rule.bad}\n```",
        _fold(f"**Remedy.** {rule.remedy}"),
    )
    return "\n\n".join(parts) + "\n"


def _fold(text: str) -> str:
    return fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)


def render_sections(rules: Iterable[Rule]) -> str:
    """Return the sections of all *rules*."""
    return "\n".join(render_section(rule) for rule in rules)
