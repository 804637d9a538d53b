"""
Why a query gave no rows, for a model to act on.

I/O: none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ReasonKind = Literal[
    "limit_zero",
    "offset_beyond_end",
    "constant_false",
    "null_comparison",
    "not_in_null",
    "reversed_range",
    "out_of_range",
    "whole_day",
    "wrong_case",
    "wrong_spaces",
    "unknown_value",
    "absent_value",
    "pattern",
    "no_match",
    "combination",
    "wrong_join_key",
    "no_partner",
    "subquery_empty",
    "having",
    "all_null",
    "empty_table",
    "out_of_scope",
    "hidden_deleted",
    "hidden_out_of_scope",
    "not_explained",
]
"""Stable names; docs/explanation/empty-answers.md says what each means."""

Certainty = Literal["certain", "guess"]


@dataclass(frozen=True, slots=True)
class Reason:
    """
    One reason for an empty answer.

    ``certain``: PostgreSQL was asked, or the policy or the statement alone say so. A ``suggestion`` is never
    more than a guess. ``hidden``: rows that the policy lets the agent know of; 100 stands for more, too.
    """

    kind: ReasonKind
    message: str
    certainty: Certainty = "certain"
    entity: str = ""
    column: str = ""  # as the statement or the entity names it
    value: str | None = None  # what the statement asks for
    suggestion: str | None = None  # what it may have meant
    condition: str = ""  # the part of the statement, as SQL
    hidden: int | None = None

    @property
    def sentence(self) -> str:
        """The message, with "perhaps" where it is a guess."""
        return self.message if self.certainty == "certain" else f"perhaps: {self.message}"
