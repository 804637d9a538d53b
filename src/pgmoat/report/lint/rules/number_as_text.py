"""PL052: numbers that are stored as text. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgmoat.report.lint.evidence import show_percent, show_values
from pgmoat.report.lint.names import words_of
from pgmoat.report.lint.remedies import describe_column
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.subject import Place, Subject
from pgmoat.report.lint.texts import NEARLY_ALL, says_format, share_of
from pgmoat.report.lint.vocabulary import MONEY_WORDS, QUANTITY_WORDS, UNITLESS_WORDS, word_set

_DECIMALS = re.compile(r"[-+]?\d+[.,]\d+")
_DECIMAL_SHAPES = re.compile(r"[-+]?9+[.,]9+")
_NUMBERS = re.compile(r"[-+]?\d+([.,]\d+)?")
_NUMBER_SHAPES = re.compile(r"[-+]?9+([.,]9+)?")
_NO_MEASURE = word_set(
    "number num no nbr nr version revision id code line page row episode sort order unit units phone"
    " fax postal zip"
)
_MEASURES = (QUANTITY_WORDS | MONEY_WORDS | UNITLESS_WORDS | {"amount", "total"}) - _NO_MEASURE


def _find(subject: Subject) -> Iterator[Remark]:
    for place in subject.places:
        if place.is_unique or place.is_reference or place.is_key or says_format(place):
            continue
        if not _is_number(place):
            continue
        yield Remark(
            place.table_name,
            place.name,
            f"numbers in a text: {_show(place)}",
            describe_column(
                subject,
                place,
                "make it numeric or an integer; until then say so in the comment",
                "Number as text: cast it to numeric.",
            ),
        )


def _is_number(place: Place) -> bool:
    """Whether the texts are numbers to compute with; digits alone may as well be a code."""
    words = set(words_of(place.name))
    if words & {"version", "revision", "release", "code"}:
        return False
    if share_of(place, _NUMBERS, _NUMBER_SHAPES) < NEARLY_ALL:
        return False
    has_measure = bool(words & _MEASURES) and not words & _NO_MEASURE
    return has_measure or share_of(place, _DECIMALS, _DECIMAL_SHAPES) >= NEARLY_ALL


def _show(place: Place) -> str:
    sample = place.sample
    if sample is None:
        return ""
    if sample.values:
        return f"such as {show_values(place, 3)}"
    return f"of the shape {sample.shapes[0].pattern} ({show_percent(sample.shapes[0].share)})"


RULE = Rule(
    code="PL052",
    slug="number-as-text",
    title="Numbers are stored as text",
    why="'9' is greater than '10' there, and sum() is an error. A model that sorts by it gets the wrong"
    " top ten.",
    bad="CREATE TABLE invoices (amount text);  -- '19.90'",
    remedy="ALTER the column to numeric or integer with USING. Until then say so in the comment.",
    weight=0.25,
    find=_find,
    needs_data=True,
)
