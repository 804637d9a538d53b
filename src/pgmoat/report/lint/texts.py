"""
What texts hold that another type should: dates, numbers, JSON.

In: a place. Out: a judgement. I/O: none.
"""

from __future__ import annotations

import re

from pgmoat.report.lint.subject import Place

_TEXTS = frozenset({"text", "varchar", "bpchar"})
_LEAST_ROWS = 5
NEARLY_ALL = 0.97
_SAYS_FORMAT = re.compile(r"\b(text|string|format|form|cast|YYYY|ISO)\b", re.IGNORECASE)


def says_format(place: Place) -> bool:
    """Whether the comment says that it is a text, and how it is written."""
    return _SAYS_FORMAT.search(place.comment) is not None


def share_of(place: Place, values: re.Pattern[str], shapes: re.Pattern[str]) -> float:
    """
    Return the share of texts that match, 0 to 1: of the values where all are known, else of the shapes.

    0 for a column that holds no text, or too few of them to tell.
    """
    sample = place.sample
    if (
        place.column.base_type_name not in _TEXTS
        or sample is None
        or sample.rows - sample.nulls < _LEAST_ROWS
    ):
        return 0.0
    if sample.values:
        seen = sum(value.rows for value in sample.values)
        return sum(value.rows for value in sample.values if values.fullmatch(value.value.strip())) / seen
    return sum(shape.share for shape in sample.shapes if shapes.fullmatch(shape.pattern))
