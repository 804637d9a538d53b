"""PL024: texts that stand for no value. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.report.lint.evidence import show_value
from pgmoat.report.lint.remedies import describe_column, update_values
from pgmoat.report.lint.rule import Remark, Remedy, Rule
from pgmoat.report.lint.subject import Place, Subject, is_view
from pgmoat.report.lint.vocabulary import word_set
from pgmoat.report.survey.snapshot import ColumnSample, ValueCount

_SENTINELS = word_set(" n/a na null (null) nil - -- ? tbd #n/a <null> \\n")


def _find(subject: Subject) -> Iterator[Remark]:
    for place in subject.places:
        found = _find_sentinels(place)
        if found:
            yield _remark(subject, place, found)


def _find_sentinels(place: Place) -> list[ValueCount]:
    if place.column.type_category != "S" or place.sample is None or place.is_key:
        return []
    found = [seen for seen in _list_texts(place.sample) if seen.value.strip().lower() in _SENTINELS]
    listed = {value.lower() for value in place.allowed_values}
    told = place.comment.lower()
    return [
        seen
        for seen in found
        if seen.value.lower() not in listed and not (seen.value.strip() and seen.value.lower() in told)
    ]


def _list_texts(sample: ColumnSample) -> tuple[ValueCount, ...]:
    """Return the values; where they are many or sensitive how many are empty, which shapes tell."""
    if sample.values:
        return sample.values
    seen = sample.rows - sample.nulls
    return tuple(
        ValueCount("", round(shape.share * seen)) for shape in sample.shapes if not shape.pattern.strip()
    )


def _remark(subject: Subject, place: Place, found: list[ValueCount]) -> Remark:
    shown = " and ".join(f"{show_value(seen.value)} in {seen.rows:,} rows" for seen in found)
    beside = (
        f", beside {place.sample.nulls:,} NULLs" if place.sample is not None and place.sample.nulls else ""
    )
    sql = update_values(place, [seen.value for seen in found], None)
    told = describe_column(subject, place, "say what they mean", f"{show_value(found[0].value)}: ….")
    can_change = not (place.column.not_null or subject.is_policy or is_view(place.table))
    words = "make them NULL, or say what they mean" if can_change else told.words
    return Remark(
        place.table_name,
        place.name,
        f"a text stands for no value: {shown}{beside}",
        Remedy(words, sql if can_change else told.sql, told.policy),
    )


RULE = Rule(
    code="PL024",
    slug="sentinel-value",
    title="A text stands for no value",
    why="A model asks IS NULL and misses the rows that hold '' or N/A; its counts of distinct values have"
    " one too many.",
    bad="INSERT INTO customers (phone) VALUES (''), ('N/A'), (NULL);",
    remedy="NULL for what is not there, with a CHECK that keeps the other spellings out; otherwise a"
    " comment.",
    weight=0.12,
    find=_find,
    needs_data=True,
)
