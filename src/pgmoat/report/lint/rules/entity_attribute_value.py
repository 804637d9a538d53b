"""PL043: attributes that are kept as rows. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.report.lint.evidence import show_values
from pgmoat.report.lint.names import words_of
from pgmoat.report.lint.remedies import describe_table
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.subject import Place, Subject
from pgmoat.report.lint.vocabulary import word_set
from pgmoat.report.survey.snapshot import SurveyedTable

_NAMING = word_set("attribute attr property prop key param parameter field option setting meta feature")
_VALUES = frozenset(["value", "values", "val", "data"])
_MOST_COLUMNS = 10


def _find(subject: Subject) -> Iterator[Remark]:
    for table in subject.tables:
        found = find_attributes(table)
        if found is None:
            continue
        entity, naming, value = found
        seen = f", such as {show_values(naming, 4)}" if naming.values else ""
        yield Remark(
            table.table.qualified_name,
            None,
            f"attributes as rows: {naming.name} names what {value.name} holds for each {entity.name}{seen}",
            describe_table(
                subject,
                table,
                "make the attributes columns, or list them with their types in a comment",
                f"One row per {entity.name} and attribute. Attributes: … (number), … (date).",
            ),
        )


def find_attributes(table: SurveyedTable) -> tuple[Place, Place, Place] | None:
    """Return the columns for entity, attribute and value; None when it is no such table."""
    if len(table.columns) > _MOST_COLUMNS or len((table.table.comment or "").strip()) > 80:
        return None
    places = [Place(table, column) for column in table.columns]
    value = next((place for place in places if set(words_of(place.name)[-1:]) & _VALUES), None)
    naming = next((place for place in places if place is not value and _names_attribute(place)), None)
    entity = next(
        (
            place
            for place in places
            if place is not naming and place is not value and _is_entity(table, place)
        ),
        None,
    )
    return None if value is None or naming is None or entity is None else (entity, naming, value)


def _names_attribute(place: Place) -> bool:
    words = [word for word in words_of(place.name) if word not in ("id", "name", "code")]
    return bool(words) and words[-1] in _NAMING and place.column.type_category in ("S", "N")


def _is_entity(table: SurveyedTable, place: Place) -> bool:
    """Whether it says what the attribute is of: a reference, or an id that is not the table's own."""
    if table.table.primary_key == (place.name,):
        return False
    return place.is_reference or words_of(place.name)[-1:] == ("id",)


RULE = Rule(
    code="PL043",
    slug="entity-attribute-value",
    title="Attributes are kept as rows",
    why="The schema does not say which attributes there are, nor of which type. A model needs a self-join"
    " for each, and guesses how their names are spelt.",
    bad="CREATE TABLE product_attributes (product_id integer, attribute text, value text);",
    remedy="Columns for the attributes that are asked for; otherwise a comment that lists them, with their"
    " types.",
    weight=0.35,
    find=_find,
)
