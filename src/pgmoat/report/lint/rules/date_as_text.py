"""PL051: dates and times that are stored as text. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgmoat.report.lint.evidence import show_percent, show_value
from pgmoat.report.lint.remedies import describe_column
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.subject import Place, Subject
from pgmoat.report.lint.texts import NEARLY_ALL, says_format, share_of

_TIME = r"([T ]\d{1,2}:\d\d(:\d\d(\.\d+)?)?( ?(Z|[+-]\d\d:?(\d\d)?))?)?"
_MONTH, _DAY = r"(0?[1-9]|1[0-2])", r"(0?[1-9]|[12]\d|3[01])"
_VALUES = re.compile(
    rf"(19|20)\d\d[-/.]{_MONTH}[-/.]{_DAY}{_TIME}|{_DAY}[-/.]{_DAY}[-/.](19|20)\d\d{_TIME}", re.ASCII
)
# Runs of digits are cut to three in a shape: 2024-01-31 is 999-99-99.
_TIME_SHAPE = r"([TA ]99?:99(:99(\.9+)?)?( ?([ZA]|[+-]99:?(99)?))?)?"
_SHAPES = re.compile(rf"999[-/.]99?[-/.]99?{_TIME_SHAPE}|99?[-/.]99?[-/.]999{_TIME_SHAPE}")


def _find(subject: Subject) -> Iterator[Remark]:
    for place in subject.places:
        share = share_of(place, _VALUES, _SHAPES)
        if share >= NEARLY_ALL and not says_format(place):
            yield Remark(
                place.table_name,
                place.name,
                f"dates in a text: {_show(place)}",
                describe_column(
                    subject,
                    place,
                    "make it a date or a timestamptz; until then say its format in the comment",
                    "Date as text, of the form ….",
                ),
            )


def _show(place: Place) -> str:
    sample = place.sample
    if sample is None:
        return ""
    if sample.values:
        return f"such as {show_value(sample.values[0].value)}"
    return f"of the shape {sample.shapes[0].pattern} ({show_percent(sample.shapes[0].share)})"


RULE = Rule(
    code="PL051",
    slug="date-as-text",
    title="Dates are stored as text",
    why="A model compares them as dates, PostgreSQL compares letters: '9/1/2024' comes after '10/1/2024',"
    " and nothing fails.",
    bad="CREATE TABLE orders (ordered_on text);  -- '10/01/2024'",
    remedy="ALTER the column to date or timestamptz with USING to_date(…). Until then say its format in the"
    " comment.",
    weight=0.25,
    find=_find,
    needs_data=True,
)
