"""
A rule's page: its section in docs/reference/lint.md, and what --explain prints.

In: rules. Out: Markdown. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable

from pgmoat.report.lint.rule import Rule


def render_section(rule: Rule) -> str:
    """Return the section of *rule*, heading included."""
    data = " Needs samples of the data." if rule.needs_data else ""
    return (
        f"### {rule.code} {rule.slug}\n\n"
        f"{rule.title}. Weight {rule.weight:g}.{data}\n\n"
        f"**Why.** {rule.why}\n\n"
        f"```sql\n{rule.bad}\n```\n\n"
        f"**Remedy.** {rule.remedy}\n"
    )


def render_sections(rules: Iterable[Rule]) -> str:
    """Return the sections of all *rules*."""
    return "\n".join(render_section(rule) for rule in rules)
