"""PL031: columns that neither name nor comment explains. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.report.lint.names import is_cryptic, words_of
from pgmoat.report.lint.remedies import describe_column
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.subject import Place, Subject
from pgmoat.report.lint.vocabulary import UNITLESS_WORDS

_OPEN_WORDS = frozenset(
    {"rate", "score", "level", "points", "factor", "ratio", "threshold", "limit", "grade"}
)
"""One-word names that need a word more: of what, from where, better when higher or lower?"""


def _find(subject: Subject) -> Iterator[Remark]:
    for place in subject.places:
        if place.comment or place.is_key or place.is_reference or place.column.enum_labels:
            continue
        reason = _judge(place)
        if reason:
            remedy = describe_column(subject, place, "say what it holds", "….")
            yield Remark(place.table_name, place.name, reason, remedy)


def _judge(place: Place) -> str:
    words = words_of(place.name)
    if is_cryptic(place.name):
        return "neither its name nor a comment says what it holds"
    is_short = len(words) == 1 and words[0] in _OPEN_WORDS and words[0] not in UNITLESS_WORDS
    if is_short and place.column.type_category in ("N", "S") and not place.allowed_values:
        return f"{place.name} alone leaves open of what, and no comment says it"
    return ""


RULE = Rule(
    code="PL031",
    slug="column-comment-missing",
    title="Neither name nor comment says what a column holds",
    why="A model fills the gap with what such a column holds elsewhere, and nobody notices where it is"
    " wrong.",
    bad="CREATE TABLE accounts (limit_2 numeric, xfrc text);",
    remedy="COMMENT ON COLUMN, or doc in the policy: what it holds, in which unit, from where.",
    weight=0.2,
    find=_find,
)
