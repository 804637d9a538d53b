"""PL020: codes that nothing explains. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgmoat.report.lint.evidence import show_values
from pgmoat.report.lint.flags import find_flag
from pgmoat.report.lint.names import full_words, is_cryptic, last_words, words_of
from pgmoat.report.lint.remedies import map_values
from pgmoat.report.lint.rule import Remark, Rule
from pgmoat.report.lint.subject import Place, Subject
from pgmoat.report.lint.vocabulary import CODE_WORDS, QUANTITY_WORDS, SURE_CODE_WORDS, word_set

_INTEGERS = frozenset({"int2", "int4", "int8"})
_TEXTS = frozenset({"text", "varchar", "bpchar", "char", "name"})
_CODE = re.compile(r"[A-Za-z0-9]{1,2}")
_NUMBER = re.compile(r"-?[0-9]{1,3}")
_MOST_CODES = 15
_EVIDENT = word_set("country http state province region currency language lang locale gender sex initial")
"""Short codes under these names are everybody's: ISO codes, M and F, a letter of a name."""
_EXPLAINS = re.compile(
    r"(?<![\w.])'?[A-Za-z0-9]{1,3}'?\s*(=|:|-|\u2013|=>|->|\bis\b|\bmeans\b|\bfor\b)\s*\w", re.ASCII
)


def _find(subject: Subject) -> Iterator[Remark]:
    for place in subject.places:
        if not _is_open(place):
            continue
        message = _judge_values(place) if place.values else _judge_catalog(place)
        if message:
            codes = place.values or place.allowed_values or ("1", "2")
            remedy = map_values(
                subject,
                place,
                ((code, "TODO") for code in sorted(codes)[:_MOST_CODES]),
                "say what each code means: in the policy, an enum, a lookup table or the comment",
            )
            yield Remark(place.table_name, place.name, message, remedy)


def _is_open(place: Place) -> bool:
    """Whether nothing else says what the column's values are."""
    if place.is_key or place.is_reference or place.is_unique or place.column.generated:
        return False
    if place.column.enum_labels or explains_codes(place.comment) or find_flag(place):
        return False
    return not any(len(value) > 3 and not value.isdigit() for value in place.allowed_values)


def explains_codes(comment: str) -> bool:
    """Whether a comment says what codes mean: ``1 = pending, 2 = paid``."""
    return len(_EXPLAINS.findall(comment)) >= 2


def _judge_values(place: Place) -> str:
    """Return the finding for a column whose values were seen, empty when they are no codes."""
    filled = place.sample.rows - place.sample.nulls if place.sample is not None else 0
    values = place.values
    if not 2 <= len(values) <= _MOST_CODES or filled < 3 * len(values):
        return ""
    kind = place.column.base_type_name
    if kind in _INTEGERS:
        is_code = all(_NUMBER.fullmatch(value) for value in values) and _is_named_as_code(place)
    else:
        is_code = (
            kind in _TEXTS
            and all(_CODE.fullmatch(value.strip()) for value in values if value.strip())
            and any(value.strip() for value in values)
            and not _EVIDENT & full_words(place.name)
            and not (all(value.strip().isdigit() for value in values) and not _is_named_as_code(place))
        )
    return f"codes without a meaning: {show_values(place)}{_say_check(place)}" if is_code else ""


def _is_named_as_code(place: Place) -> bool:
    words = words_of(place.name)
    if QUANTITY_WORDS & full_words(place.name) and not CODE_WORDS & set(words[-1:]):
        return False
    return bool(CODE_WORDS & set(last_words(words, 1))) or is_cryptic(place.name)


def _judge_catalog(place: Place) -> str:
    """Return the finding for a column of which no values are known: only where its name is sure."""
    if place.sample is not None and place.sample.distinct > _MOST_CODES:
        return ""
    column = place.column
    words = words_of(place.name)
    is_small = column.base_type_name in _INTEGERS - {"int8"} or (
        column.base_type_name in _TEXTS and column.max_length is not None and column.max_length <= 2
    )
    if not is_small or _EVIDENT & full_words(place.name) or not SURE_CODE_WORDS & set(last_words(words, 1)):
        return ""
    return (
        f"{column.type_name} under this name holds codes, and nothing says what they mean{_say_check(place)}"
    )


def _say_check(place: Place) -> str:
    return "; its CHECK lists the codes and no meaning" if place.allowed_values else ""


RULE = Rule(
    code="PL020",
    slug="unexplained-codes",
    title="Codes have no meaning",
    why="A model that is asked for shipped orders guesses that 5 means shipped. The answer looks right,"
    " and is wrong.",
    bad="CREATE TABLE orders (stat_cd smallint);  -- 1, 2, 5, 7, 9",
    remedy="A value map in the policy: agents then read and write words. Or an enum, a lookup table with a"
    " foreign key, or a comment of the form 1 = pending, 2 = paid.",
    weight=0.5,
    find=_find,
)
