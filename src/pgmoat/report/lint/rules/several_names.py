"""PL009: one concept under several names. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from pgmoat.report.lint.evidence import join_words
from pgmoat.report.lint.names import hints_of
from pgmoat.report.lint.remedies import rename_column
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.subject import Place, Subject, is_view
from pgmoat.report.naming.concepts import NamedColumn, SameConcept, group_same_concepts
from pgmoat.report.naming.expansion import expand
from pgmoat.report.naming.meanings import Sureness

_SHOWN = 3


def _find(subject: Subject) -> Iterator[Remark]:
    places = {(place.table_name, place.name): place for place in subject.places if not is_view(place.table)}
    for concept in group_same_concepts([_name(place) for place in places.values()]):
        yield from _compare(subject, places, concept)


def _name(place: Place) -> NamedColumn:
    key = place.table.foreign_key_of(place.name)
    references = key.references if key is not None else ""
    return NamedColumn(place.table_name, place.name, place.column.type_name, references)


def _compare(
    subject: Subject, places: dict[tuple[str, str], Place], concept: SameConcept
) -> Iterator[Remark]:
    """Yield a remark on each column that is not called what most are."""
    tables: dict[str, list[str]] = defaultdict(list)
    for column in concept.columns:
        tables[column.column].append(column.table)
    # As often used: the one that says it best, so that the order of tables does not decide.
    usual = max(tables, key=lambda name: (len(tables[name]), name == concept.concept, name))
    elsewhere = join_words(sorted(tables[usual]), _SHOWN)
    for column in concept.columns:
        if column.column != usual and _is_sure(places[column.table, column.column]):
            yield Remark(
                column.table,
                column.column,
                f"the same is called {usual} in {elsewhere} ({concept.reason})",
                rename_column(subject, places[column.table, column.column], usual),
            )


def _is_sure(place: Place) -> bool:
    """Whether its own table reads its name the same way: pri may be a price, or a priority."""
    read = expand(place.name, hints_of(place.table), place.column.type_name)
    return read.sureness is Sureness.CERTAIN


RULE = Rule(
    code="PL009",
    slug="several-names",
    title="One concept has several names",
    why="A model that has learnt created_at from one table writes it for the next, where it is"
    " create_date; and it takes cust_id and customer_id for two different things.",
    bad="CREATE TABLE orders (created_at timestamptz); CREATE TABLE items (create_date timestamptz);",
    remedy="Choose one name for all of them. In the policy that costs people nothing.",
    weight=0.1,
    find=_find,
)
