"""PL010: measures without a unit. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.report.lint.names import full_words, words_of
from pgmoat.report.lint.remedies import rename_column
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.subject import Place, Subject
from pgmoat.report.lint.vocabulary import UNITLESS_WORDS, UNITS

_UNIT_COLUMNS = frozenset({"unit", "units", "uom", "measure"})
_NUMBERS = frozenset({"int2", "int4", "int8", "numeric", "float4", "float8"})


def _find(subject: Subject) -> Iterator[Remark]:
    for place in subject.places:
        if place.column.base_type_name not in _NUMBERS or place.comment or place.is_reference:
            continue
        words = words_of(place.name)
        if (
            not words
            or not UNITLESS_WORDS & full_words(words[-1])
            or UNITS & set(words)
            or _has_unit_column(place, words)
        ):
            continue
        yield Remark(
            place.table_name,
            place.name,
            f"{place.name} is a number without a unit",
            rename_column(
                subject,
                place,
                f"{'_'.join(words)}_…",
                f"put the unit into the name: {'_'.join(words)}_…, or say it",
            ),
        )


def _has_unit_column(place: Place, words: tuple[str, ...]) -> bool:
    """Whether another column of the table holds the unit: weight and weight_unit, amount and amountuom."""
    for column in place.table.columns:
        others = words_of(column.name)
        is_of_it = column.name.startswith(place.name) or set(words) & set(others)
        if column.name != place.name and _UNIT_COLUMNS & set(others) and is_of_it:
            return True
        if column.name != place.name and column.name.endswith(("uom", "unit")) and is_of_it:
            return True
    return False


RULE = Rule(
    code="PL010",
    slug="unit-missing",
    title="A measure has no unit",
    why="A duration of 90 may be seconds, minutes or days. A model does not ask; it computes.",
    bad="CREATE TABLE films (length smallint);",
    remedy="Put the unit into the name (length_minutes, weight_kg, timeout_ms), into the type (interval), or"
    " into the comment.",
    weight=0.15,
    find=_find,
)
