"""
What sampled rows tell of each column; the values themselves are dropped here, but for codes.

In: columns, values as text. Out: ColumnSample. I/O: none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from itertools import groupby

from pgmoat.catalog.snapshot import Column
from pgmoat.report.survey.evidence import examine_values
from pgmoat.report.survey.sensitive import judge_column
from pgmoat.report.survey.snapshot import ColumnSample, Shape, ValueCount

CUT = 100
"""Characters of a value that are fetched."""

MOST_VALUES = 30
LONGEST_VALUE = 40
_LOOKED_AT = 300  # distinct values that are looked at for their form
_MOST_SHAPES = 5
_REPEATS = 3  # rows for each different value, or they are no codes
_CODE_TYPES = frozenset({"int2", "int4", "int8", "bpchar", "varchar", "text", "char", "bool"})
_SHORT_NUMBER = re.compile(r"numeric\([1-4],0\)")  # flags and codes of databases that came from elsewhere
_CODE_NAME = re.compile(
    r"(?:^|_)(?:status|stat|state|type|typ|code|cd|kind|class|category|flag|flg|level|mode|role|gender|sex"
    r"|priority|rating|reason|method|is|has)(?:$|_)|(?:status|type|code|flag)$",
    re.IGNORECASE,
)
_SHAPED_TYPES = frozenset({"bpchar", "varchar", "text", "char", "citext", "name"})
_EXAMINED_TYPES = frozenset(
    {
        *_SHAPED_TYPES,
        "int8",
        "numeric",
        "bytea",
        "inet",
        "cidr",
        "macaddr",
        "macaddr8",
        "json",
        "jsonb",
        "xml",
        "hstore",
    }
)
_LETTERS = str.maketrans(
    {**dict.fromkeys("abcdefghijklmnopqrstuvwxyz", "a"), **dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "A")}
    | dict.fromkeys("0123456789", "9")
)


def summarize_column(
    column: Column, values: Sequence[str | None], *, is_whole: bool, is_key: bool, table: str = ""
) -> ColumnSample:
    """
    Return what *values* tell of *column*.

    Values are kept where they are codes: few, short, repeated, of a fitting type, no key (*is_key*: of this
    table or another), and nothing that could be sensitive.
    """
    counts = Counter(value for value in values if value is not None)
    seen = sum(counts.values())
    evidence = examine_values(_some(counts)) if column.base_type_name in _EXAMINED_TYPES else ()
    sample = ColumnSample(
        rows=len(values),
        nulls=len(values) - seen,
        distinct=len(counts),
        is_whole=is_whole,
        shapes=_count_shapes(counts) if column.base_type_name in _SHAPED_TYPES else (),
        longest=max(map(len, counts), default=0),
        looks_like=tuple(dict.fromkeys(found.kind for found in evidence if not found.is_within)),
        evidence=evidence,
    )
    if (
        is_key
        or not may_be_codes(column, sample, seen)
        or judge_column(column, sample, table=table) is not None
    ):
        return sample
    kept = tuple(ValueCount(value, rows) for value, rows in counts.most_common())
    return with_values(sample, kept, "sample")


def with_values(sample: ColumnSample, values: tuple[ValueCount, ...], counted: str) -> ColumnSample:
    """Return *sample* with *values*, whose rows were counted as *counted* says."""
    return ColumnSample(
        rows=sample.rows,
        nulls=sample.nulls,
        distinct=sample.distinct,
        is_whole=sample.is_whole,
        values=values,
        shapes=sample.shapes,
        longest=sample.longest,
        looks_like=sample.looks_like,
        evidence=sample.evidence,
        counted=counted,
    )


def may_be_codes(column: Column, sample: ColumnSample, seen: int) -> bool:
    """Whether the values are few, short and repeated enough to be codes."""
    is_fitting = column.base_type_name in _CODE_TYPES or _SHORT_NUMBER.fullmatch(column.type_name)
    if not is_fitting and not column.enum_labels:
        return False
    if not 0 < sample.distinct <= MOST_VALUES or sample.longest > LONGEST_VALUE:
        return False
    is_named = _CODE_NAME.search(column.name) is not None and sample.longest <= LONGEST_VALUE // 2
    return seen >= _REPEATS * sample.distinct or is_named or bool(column.enum_labels)


def shape_of(value: str) -> str:
    """Return the pattern of *value*: letters a and A, digits 9, runs of one cut to three."""
    plain = "".join(
        letter
        if letter.isascii()
        else ("a" if letter.islower() else "A" if letter.isalpha() else "9" if letter.isdigit() else "?")
        for letter in value
    ).translate(_LETTERS)
    return "".join(letter * min(3, sum(1 for _ in run)) for letter, run in groupby(plain))[:40]


def _some(counts: Collection[str]) -> list[str]:
    """Return some of many distinct values, spread over all of them."""
    step = max(1, len(counts) // _LOOKED_AT)
    return list(counts)[::step][:_LOOKED_AT]


def _count_shapes(counts: Counter[str]) -> tuple[Shape, ...]:
    shapes: Counter[str] = Counter()
    for value in _some(counts):
        shapes[shape_of(value)] += counts[value]
    total = sum(shapes.values())
    return tuple(Shape(pattern, rows / total) for pattern, rows in shapes.most_common(_MOST_SHAPES))
