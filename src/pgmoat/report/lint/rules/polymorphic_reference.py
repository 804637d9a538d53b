"""PL042: an id whose table stands in another column. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.report.lint.evidence import show_values
from pgmoat.report.lint.remedies import describe_column
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.subject import Place, Subject

_ENDS = ("_type", "_kind", "_table", "_class", "type")
_TYPE_NAMES = frozenset({"text", "varchar", "bpchar", "name", "int2", "int4"})


def _find(subject: Subject) -> Iterator[Remark]:
    for place in subject.places:
        if (
            not place.name.endswith(("_id", "id"))
            or place.is_reference
            or place.column.base_type_name == "bool"
        ):
            continue
        stem = place.name.removesuffix("id").removesuffix("_")
        partner = _find_partner(place, stem)
        if stem and partner is not None and not explains_target(place.comment + partner.comment):
            seen = f": {show_values(partner)}" if partner.values else ""
            yield Remark(
                place.table_name,
                place.name,
                f"{place.name} points to a table that {partner.name} names in each row{seen}",
                describe_column(
                    subject,
                    place,
                    f"say which table each word of {partner.name} stands for, or have a column with a foreign"
                    " key for each",
                    f"Id in the table that {partner.name} names: … is …, … is ….",
                ),
            )


def _find_partner(place: Place, stem: str) -> Place | None:
    """Return the column that names the table, if there is one and it is no foreign key itself."""
    for end in _ENDS:
        column = place.table.table.column(f"{stem}{end}")
        if column is None or (column.base_type_name not in _TYPE_NAMES and not column.enum_labels):
            continue
        partner = Place(place.table, column)
        # An id that is unique or a number beside a text says more than a class of things.
        if not partner.is_reference and not place.is_unique and not place.is_key:
            return partner
    return None


def explains_target(comments: str) -> bool:
    """Whether comments say where the id points to."""
    return len(comments) > 40


RULE = Rule(
    code="PL042",
    slug="polymorphic-reference",
    title="An id points to one of several tables",
    why="No constraint says which tables, and a model joins the id with the first one that fits its name:"
    " rows of one kind meet rows of another.",
    bad="CREATE TABLE comments (object_type text, object_id integer);",
    remedy="A column with a foreign key for each table, with a CHECK that one of them is filled. Otherwise a"
    " comment that names the table for each type.",
    weight=0.3,
    find=_find,
)
