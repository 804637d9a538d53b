"""
What ``rows:`` of an entity says: which rows a task reaches.

In: its text. Out: RowRules. I/O: none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

EXAMPLE = "customer_id = task.customer_id, or: order_id in orders"

_NAME = r'(?:[A-Za-z_][A-Za-z0-9_$]*|"(?:[^"]|"")+")'
_TASK_RULE = re.compile(rf"({_NAME})\s*=\s*task\.([A-Za-z_][A-Za-z0-9_]*)")
_REFERENCE_RULE = re.compile(rf"({_NAME})\s+in\s+([a-z_][a-z0-9_]*)", re.IGNORECASE)
_AND = re.compile(r'\s+and\s+(?=(?:[^"]*"[^"]*")*[^"]*$)', re.IGNORECASE)  # not within quotes


class RowsSyntaxError(ValueError):
    """A part of the text is no rule."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


@dataclass(frozen=True, slots=True)
class TaskRule:
    """``column = task.key``: the column holds one of the values that the task's scope has under *key*."""

    column: str  # entity name, or a hidden base column
    key: str


@dataclass(frozen=True, slots=True)
class ReferenceRule:
    """``column in entity``: the column points to a row of *entity* that the task reaches."""

    column: str
    entity: str


RowRule = TaskRule | ReferenceRule


@dataclass(frozen=True, slots=True)
class RowRules:
    """The rules that a row must all meet; none of them for ``all``."""

    rules: tuple[RowRule, ...]

    @property
    def is_all(self) -> bool:
        """Whether the owner wrote ``all``: every row, row security of the table included."""
        return not self.rules

    @property
    def references(self) -> tuple[ReferenceRule, ...]:
        """The rules that lead to other entities."""
        return tuple(rule for rule in self.rules if isinstance(rule, ReferenceRule))


def parse_rows(text: str) -> RowRules:
    """
    Return the rules in *text*.

    Raises:
        RowsSyntaxError: a part of it is no rule.
    """
    if text.strip().lower() == "all":
        return RowRules(())
    return RowRules(tuple(_parse_rule(part.strip()) for part in _AND.split(text.strip())))


def _parse_rule(part: str) -> RowRule:
    found = _TASK_RULE.fullmatch(part)
    if found is not None:
        return TaskRule(_unquote(found[1]), found[2])
    found = _REFERENCE_RULE.fullmatch(part)
    if found is not None:
        return ReferenceRule(_unquote(found[1]), found[2])
    raise RowsSyntaxError(part)


def _unquote(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
