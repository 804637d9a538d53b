"""PL009: one concept under several names. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from pgmoat.report.lint.concepts import name_concept
from pgmoat.report.lint.evidence import join_words
from pgmoat.report.lint.remedies import rename_column
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.subject import Place, Subject, is_view


def _find(subject: Subject) -> Iterator[Remark]:
    concepts: dict[str, dict[str, list[Place]]] = defaultdict(lambda: defaultdict(list))
    for place in subject.places:
        if not is_view(place.table):
            concepts[name_concept(place)][place.name].append(place)
    for names in concepts.values():
        if len(names) > 1:
            yield from _compare(subject, names)


def _compare(subject: Subject, names: Mapping[str, list[Place]]) -> Iterator[Remark]:
    """Yield a remark on each column that is not called what most are; nothing where one table has both."""
    usual = max(names, key=lambda name: (len(names[name]), len(name), name))
    theirs = {place.table_name for place in names[usual]}
    for name, places in names.items():
        for place in places:
            if name == usual or place.table_name in theirs:
                continue
            elsewhere = join_words(sorted(theirs), 3)
            yield Remark(
                place.table_name,
                place.name,
                f"the same is called {usual} in {elsewhere}",
                rename_column(subject, place, usual),
            )


RULE = Rule(
    code="PL009",
    slug="several-names",
    title="One concept has several names",
    why="A model that has learnt created_at from one table writes it for the next, where it is create_date; and it"
    " takes cust_id and customer_id for two different things.",
    bad="CREATE TABLE orders (created_at timestamptz); CREATE TABLE items (create_date timestamptz);",
    remedy="Choose one name for all of them. In the policy that costs people nothing.",
    weight=0.1,
    find=_find,
)
