"""PL032: comments that say no more than the name. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgmoat.report.lint.names import singular, words_of
from pgmoat.report.lint.remedies import describe_column, describe_table
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.subject import Subject
from pgmoat.report.lint.vocabulary import word_set

_WORD = re.compile(r"[^\W_]+")
_FILLERS = word_set(
    "the a an of for this that is are in to and or it its on by with column table field value values"
    " holds contains stores stored data information info record records row rows todo tbd n na fixme"
    " comment"
)


def _find(subject: Subject) -> Iterator[Remark]:
    for table in subject.tables:
        comment = (table.table.comment or "").strip()
        if comment and repeats(comment, table.table.name):
            remedy = describe_table(subject, table, "say what one row is", "One row per ….")
            message = f"the comment says no more than the name: {_quote(comment)}"
            yield Remark(table.table.qualified_name, None, message, remedy)
    for place in subject.places:
        if place.comment and repeats(place.comment, place.name, place.table.table.name):
            remedy = describe_column(subject, place, "say what the name does not, or drop it", "….")
            message = f"the comment says no more than the name: {_quote(place.comment)}"
            yield Remark(place.table_name, place.name, message, remedy)


def repeats(comment: str, *names: str) -> bool:
    """
    Return whether *comment* has no word that *names* or the rules of grammar do not have.

    One that writes out an abbreviation of the name says more.
    """
    said = {singular(word.lower()) for part in _WORD.findall(comment) for word in words_of(part) or (part,)}
    known = {singular(word) for name in names for word in (*words_of(name), name.lower())}
    return not said - known - _FILLERS


def _quote(comment: str) -> str:
    return f"“{comment}”"


RULE = Rule(
    code="PL032",
    slug="comment-repeats-name",
    title="A comment only repeats the name",
    why="It takes room in what a model reads and tells it nothing; and the column looks documented.",
    bad="COMMENT ON COLUMN orders.order_status IS 'The status of the order.';",
    remedy="Say what the name does not: unit, source, meaning of NULL, which rows. Or drop it.",
    weight=0.04,
    find=_find,
)
