"""
Why no row has a value: what the value may have been meant to be.

In: Terms that no row of their leaf meets. Out: Reasons. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from pgmoat.guard.diagnose.block import Block
from pgmoat.guard.diagnose.facts import (
    Values,
    is_moment,
    is_number,
    is_ordered,
    is_textual,
    read_alike,
    read_narrowed,
    read_neighbours,
    read_range,
    read_same_day,
    read_sample,
    read_type,
)
from pgmoat.guard.diagnose.literal import Literal
from pgmoat.guard.diagnose.probe import Steps, quote, show
from pgmoat.guard.diagnose.reason import Reason, ReasonKind
from pgmoat.guard.diagnose.term import Term
from pgmoat.guard.parse import Node

_NEAR = 0.7
_LISTED, _LISTED_LETTERS = 30, 300
_LONGEST = 50  # letters of a value that is compared with others: it takes the square of the length
_MOST_WORK = 250_000  # letters times letters
_NEGATIONS = ("in", "un", "non", "non-", "not ", "not_", "dis", "de", "im", "ir", "il")
_MOST_VALUES = 4


def explain_values(block: Block, term: Term, condition: Node) -> Steps[list[Reason]]:
    """Return why no row has any of the term's values."""
    words = dict(term.leaf.access.words).get(term.column, ()) if term.leaf.access is not None else ()
    given = [value for value in term.values if value.text is not None][:_MOST_VALUES]
    if words and term.is_plain:
        return [_explain_word(term, value, words, show(condition)) for value in given]
    type_name = yield from read_type(block, term)
    reasons: list[Reason] = []
    for value in given:
        if is_textual(type_name):
            reason = yield from _explain_text(block, term, value, show(condition))
        else:
            reason = yield from _explain_ordered(block, term, value, type_name, show(condition))
        reasons.append(reason)
    return reasons


def explain_unknown_words(term: Term, condition: Node) -> list[Reason]:
    """Return which of the term's values are no words of the column's value map; nothing without a map."""
    words = dict(term.leaf.access.words).get(term.column, ()) if term.leaf.access is not None else ()
    if not words or not term.is_plain:
        return []
    unknown = [value for value in term.values if value.text is not None and value.text not in words]
    return [_explain_word(term, value, words, show(condition)) for value in unknown[:_MOST_VALUES]]


def _explain_word(term: Term, value: Literal, words: tuple[str, ...], condition: str) -> Reason:
    text, name = value.text or "", name_term(term)
    kind, alike = _find_alike(text, words)
    if text in words:
        message = f"no row of {term.leaf.name} has {name} = {quote(text)}, which is one of its words"
        return Reason("absent_value", message, "certain", term.leaf.name, term.column, text, None, condition)
    near = alike or find_near(text, words)
    hint = f". Did you mean {quote(near)}?" if near is not None else ""
    message = f"{name} is never {quote(text)}; its words are {', '.join(words)}{hint}"
    return Reason(kind, message, "certain", term.leaf.name, term.column, text, near, condition)


def _explain_text(block: Block, term: Term, value: Literal, condition: str) -> Steps[Reason]:
    text, name = value.text or "", name_term(term)
    alike = (yield from read_alike(block, term, value)) or ()
    kind, exact = _find_alike(text, tuple(found for found in alike if found != text))
    if exact is not None:
        what = "is written otherwise" if kind == "wrong_case" else "differs in spaces"
        message = (
            f"no row of {term.leaf.name} has {name} = {quote(text)}; {quote(exact)}, which {what}, is there"
        )
        return Reason(kind, message, "certain", term.leaf.name, term.column, text, exact, condition)
    sample = (yield from read_sample(block, term)) or Values((), is_all=False)
    known = sample.texts
    if not sample.is_all:
        known += (yield from read_neighbours(block, term, value)) or ()
    near = find_near(text, known)
    kind = "wrong_case" if near is not None and near.lower() == text.lower() else "unknown_value"
    message = f"no row of {term.leaf.name} has {name} = {quote(text)}"
    if near is not None:
        message += (
            f"; the nearest value is {quote(near)}"
            if sample.is_all
            else f"; {quote(near)} is near, and there"
        )
    if sample.is_all and not sample.texts:
        message += ": it is NULL in all of them"
    listed = ", ".join(quote(found) for found in sorted(sample.texts))
    if sample.is_all and 0 < len(sample.texts) <= _LISTED and len(listed) <= _LISTED_LETTERS:
        message += f"; its values are {listed}"
    return Reason(kind, message, "certain", term.leaf.name, term.column, text, near, condition)


def _explain_ordered(
    block: Block, term: Term, value: Literal, type_name: str, condition: str
) -> Steps[Reason]:
    text, name = value.text or "", name_term(term)
    place = (term.leaf.name, term.column, text)
    shown = text if is_number(type_name) else quote(text)
    message = f"no row of {term.leaf.name} has {name} = {shown}"
    if is_moment(type_name) and value.is_day:
        is_there = yield from read_same_day(block, term, value, type_name)
        if is_there:
            way = f"write {term.column} >= '{text}' AND {term.column} < the next day"
            message += f", which is midnight of that day; there are rows later on that day: {way}"
            return Reason("whole_day", message, "certain", *place, None, condition)
    if type_name == "real" and (yield from read_narrowed(block, term, value, type_name)):
        near = f"{text}::real"
        message += f" to the last digit, as {name} is real, which is less exact; write {near}: there are rows"
        return Reason("unknown_value", message, "certain", *place, near, condition)
    found = (yield from read_range(block, term)) if is_ordered(type_name) else None
    if found is not None:
        is_one = found[0] == found[1]
        message += (
            f"; it is always {found[0]}" if is_one else f"; its values go from {found[0]} to {found[1]}"
        )
    return Reason("unknown_value", message, "certain", *place, None, condition)


def _find_alike(text: str, values: tuple[str, ...]) -> tuple[ReasonKind, str | None]:
    """Return the value that is *text* but for case or spaces, and in which of the two it differs."""
    for kind, fold in (("wrong_case", str.lower), ("wrong_spaces", str.strip)):
        alike = next((value for value in values if fold(value) == fold(text)), None)
        if alike is not None:
            return ("wrong_case" if kind == "wrong_case" else "wrong_spaces"), alike
    alike = next((value for value in values if value.strip().lower() == text.strip().lower()), None)
    return ("unknown_value", None) if alike is None else ("wrong_case", alike)


def find_near(text: str, values: tuple[str, ...]) -> str | None:
    """Return the value that *text* may be a slip of; never itself, nor what it says the opposite of."""
    folded = text.lower().strip()
    if len(folded) > _LONGEST:
        return None
    by_lower = {value.lower(): value for value in values if value != text and len(value) <= 2 * _LONGEST}
    near = get_close_matches(folded, _bound(folded, by_lower), n=2, cutoff=_NEAR)
    return next((by_lower[found] for found in near if not _is_opposite(folded, found)), None)


def _bound(text: str, values: Iterable[str]) -> Iterator[str]:
    """Yield as many values as are compared in a moment, those of about the same length first."""
    work = 0
    for value in sorted(values, key=lambda value: abs(len(value) - len(text))):
        work += len(text) * len(value)
        if work > _MOST_WORK:
            return
        yield value


def _is_opposite(one: str, other: str) -> bool:
    """Return whether one of two words is the other with a prefix that negates it: unpaid, inactive."""
    pairs = ((one, other), (other, one))
    return any(f"{prefix}{word}" == whole for word, whole in pairs for prefix in _NEGATIONS)


def name_term(term: Term) -> str:
    """Return the column, or the expression as SQL."""
    return term.column if term.is_plain else show(term.expression)
