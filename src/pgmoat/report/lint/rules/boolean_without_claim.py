"""PL008: booleans whose name is no claim. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.report.lint.names import words_of
from pgmoat.report.lint.remedies import rename_column
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.subject import Place, Subject
from pgmoat.report.lint.vocabulary import CLAIM_ADJECTIVES, CLAIMS

_FLAGS = frozenset({"flag", "flg", "bool", "boolean", "fl", "ind", "yn"})
_ADJECTIVE_ENDINGS = (
    "ed",
    "able",
    "ible",
    "al",
    "ive",
    "ous",
    "ful",
    "less",
    "ent",
    "ant",
    "ic",
    "ary",
    "due",
)


def _find(subject: Subject) -> Iterator[Remark]:
    for place in subject.places:
        if place.column.base_type_name != "bool" or place.comment:
            continue
        words = words_of(place.name)
        if not words or _is_claim(words):
            continue
        yield _remark(subject, place, words)


def _remark(subject: Subject, place: Place, words: tuple[str, ...]) -> Remark:
    rest = tuple(word for word in words if word not in _FLAGS and not word.isdigit())
    is_adjective = bool(rest) and (rest[-1] in CLAIM_ADJECTIVES or rest[-1].endswith(_ADJECTIVE_ENDINGS))
    said = f"{'is' if is_adjective else 'has'}_{'_'.join(rest)}" if rest else "is_…"
    return Remark(
        place.table_name,
        place.name,
        f"boolean {place.name} does not say what is true when it is true",
        rename_column(subject, place, said, "name it as a claim: is_…, has_…, requires_…, can_…"),
    )


def _is_claim(words: tuple[str, ...]) -> bool:
    """Whether a verb or an adjective makes a claim of it; in doubt it does."""
    if _FLAGS & set(words):
        return False
    return any(
        word in CLAIMS or word in CLAIM_ADJECTIVES or (len(word) > 4 and word.endswith(_ADJECTIVE_ENDINGS))
        for word in words
    )


RULE = Rule(
    code="PL008",
    slug="boolean-without-claim",
    title="A boolean's name is no claim",
    why="Is signature true when the customer has signed, or when somebody must? A model picks one.",
    bad="CREATE TABLE orders (signature boolean, flg_1 boolean);",
    remedy="Name it as a claim: is_signed, has_signature, requires_signature. Participles and adjectives"
    " (verified, active) are claims too. Or write a comment that says what is true when it is true.",
    weight=0.2,
    find=_find,
)
