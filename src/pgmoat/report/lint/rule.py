"""
What a rule of the lint is, and what it finds.

I/O: none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pgmoat.report.lint.subject import Subject

DOCS_PAGE = "docs/reference/lint.md"


@dataclass(frozen=True, slots=True)
class Remedy:
    """What mends a finding: in words, in the database, and for agents alone."""

    words: str
    sql: str = ""  # a statement that mends it in the database
    policy: str = ""  # lines of moat.yaml that mend it for agents


@dataclass(frozen=True, slots=True)
class Remark:
    """What a rule has to say about one table or column, with its evidence."""

    table: str  # schema.table; in a policy's view the entity
    column: str | None
    message: str
    remedy: Remedy
    detail: str = ""  # tells remarks of one rule about one object apart; holds no count
    share: float = 1.0  # of the rule's weight, where something else helps already


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that makes a schema hard to read for a model."""

    code: str  # stable, never reused
    slug: str
    title: str  # what is wrong, as a claim
    why: str
    bad: str  # an example in SQL
    remedy: str  # in general; each finding has its own
    weight: float  # what it takes from a table or column, 0 to 1
    find: Callable[[Subject], Iterator[Remark]]
    needs_data: bool = False  # finds nothing without samples

    @property
    def anchor(self) -> str:
        """The heading of its section, as a link names it."""
        return f"{self.code.lower()}-{self.slug}"

    @property
    def docs(self) -> str:
        """Where its section stands."""
        return f"{DOCS_PAGE}#{self.anchor}"


@dataclass(frozen=True, slots=True)
class LintFinding:
    """A remark with the rule that made it."""

    rule: Rule
    remark: Remark

    @property
    def code(self) -> str:
        """The rule's code."""
        return self.rule.code

    @property
    def table(self) -> str:
        """The table that it is about, or that its column belongs to."""
        return self.remark.table

    @property
    def object(self) -> str:
        """``schema.table`` or ``schema.table.column``."""
        return f"{self.table}.{self.remark.column}" if self.remark.column is not None else self.table

    @property
    def loss(self) -> float:
        """What it takes from its table or column, 0 to 1."""
        return self.rule.weight * self.remark.share

    @property
    def fingerprint(self) -> str:
        """The same for the same fault of the same object, whatever the wording, the order and the counts."""
        parts = (self.code, self.table, self.remark.column or "", self.remark.detail)
        # Lengths before the parts: no name can run into the next.
        text = "".join(f"{len(part)}:{part}" for part in parts)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
