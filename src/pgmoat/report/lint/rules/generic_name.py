"""PL004: names that say nothing. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.report.lint.names import singular, words_of
from pgmoat.report.lint.remedies import rename_column, rename_table
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.rules.entity_attribute_value import find_attributes
from pgmoat.report.lint.subject import Place, Subject
from pgmoat.report.lint.vocabulary import GENERIC_COLUMNS, GENERIC_TABLES


def _find(subject: Subject) -> Iterator[Remark]:
    for table in subject.tables:
        words = tuple(word for word in words_of(table.table.name) if not word.isdigit())
        if len(words) == 1 and words[0] in GENERIC_TABLES and not (table.table.comment or "").strip():
            name = table.table.name
            remedy = rename_table(subject, table, "…", "name it after what one row is")
            yield Remark(table.table.qualified_name, None, f"{name} says nothing of its rows", remedy)
    for place in subject.places:
        # attribute and value of a table of attributes are another rule's.
        if _is_generic(place) and find_attributes(place.table) is None:
            stem = singular(place.table.table.name)
            remedy = rename_column(subject, place, f"{stem}_{place.name}", "name it after what it holds")
            message = f"{place.name} says nothing of what it holds, nor does a comment"
            yield Remark(place.table_name, place.name, message, remedy)


def _is_generic(place: Place) -> bool:
    words = tuple(word for word in words_of(place.name) if not word.isdigit())
    if len(words) != 1 or words[0] not in GENERIC_COLUMNS or place.comment or place.is_reference:
        return False
    # A list of words that the column may hold says what it is.
    return not any(len(value) > 2 for value in place.allowed_values)


RULE = Rule(
    code="PL004",
    slug="generic-name",
    title="A name fits anything",
    why="data, value, info and type are in every schema. A model that looks for an order's discount does"
    " not find it in a column called value, or takes the wrong one.",
    bad="CREATE TABLE items (id integer, type integer, data text);",
    remedy="Name it after what it holds: payment_method, shipping_address. Where the name has to stay, write"
    " a comment.",
    weight=0.2,
    find=_find,
)
