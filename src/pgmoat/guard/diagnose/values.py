"""
Why no row has a value: what the value may have been meant to be.

In: Terms that no row of their leaf meets. Out: Reasons. I/O: none.
"""

from __future__ import annotations

from difflib import get_close_matches

from pgmoat.guard.diagnose.block import Block
from pgmoat.guard.diagnose.facts import (
    Values,
    is_moment,
    is_number,
    is_ordered,
    is_textual,
    read_alike,
    read_neighbours,
    read_range,
    read_same_day,
    read_sample,
    read_type,
)
from pgmoat.guard.diagnose.literal import Literal
from pgmoat.guard.diagnose.probe import Steps, show
from pgmoat.guard.diagnose.reason import Reason, ReasonKind
from pgmoat.guard.diagnose.term import Term
from pgmoat.guard.parse import Node

_NEAR = 0.6
_LISTED = 12
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


def explain_pattern(block: Block, term: Term, condition: Node) -> Steps[list[Reason]]:
    """Return why no row matches a pattern of LIKE."""
    pattern = term.values[0]
    bare = (pattern.text or "").strip("%")
    name = _name(term)
    message = f"no row of {term.leaf.name} matches {show(condition)}"
    kept = [Reason("pattern", message, "certain", term.leaf.name, term.column, pattern.text)]
    if not bare or "_" in bare or "%" in bare:
        return kept
    sample = yield from read_sample(block, term)
    if sample is None:
        return kept
    folded = bare.strip().lower()
    alike = next((text for text in sample.texts if folded and folded in text.lower()), None)
    if alike is None:
        near = _find_near(bare, sample.texts)
        hint = f"; the nearest is {near!r}" if near is not None else ""
        return [_replace(kept[0], f"{message}{hint}", near)]
    kind: ReasonKind = "wrong_case" if bare.strip() == bare else "wrong_spaces"
    way = "write ILIKE, or the case of the data" if kind == "wrong_case" else "leave the spaces out"
    return [
        Reason(
            kind,
            f"{message}, but {name} has {alike!r}: {way}",
            "certain",
            term.leaf.name,
            term.column,
            pattern.text,
            alike,
            show(condition),
        )
    ]


def _explain_word(term: Term, value: Literal, words: tuple[str, ...], condition: str) -> Reason:
    text, name = value.text or "", _name(term)
    kind, alike = _find_alike(text, words)
    if text in words:
        message = f"no row of {term.leaf.name} has {name} = {text!r}, which is one of its words"
        return Reason("absent_value", message, "certain", term.leaf.name, term.column, text, None, condition)
    near = alike or _find_near(text, words)
    hint = f". Did you mean {near!r}?" if near is not None else ""
    message = f"{name} is never {text!r}; its words are {', '.join(words)}{hint}"
    return Reason(kind, message, "certain", term.leaf.name, term.column, text, near, condition)


def _explain_text(block: Block, term: Term, value: Literal, condition: str) -> Steps[Reason]:
    text, name = value.text or "", _name(term)
    alike = (yield from read_alike(block, term, value)) or ()
    kind, exact = _find_alike(text, tuple(found for found in alike if found != text))
    if exact is not None:
        what = "is written otherwise" if kind == "wrong_case" else "differs in spaces"
        message = f"no row of {term.leaf.name} has {name} = {text!r}; {exact!r}, which {what}, is there"
        return Reason(kind, message, "certain", term.leaf.name, term.column, text, exact, condition)
    sample = (yield from read_sample(block, term)) or Values((), is_all=False)
    near = _find_near(text, sample.texts)
    if near is None and not sample.is_all:
        near = _find_near(text, (yield from read_neighbours(block, term, value)) or ())
    kind = "wrong_case" if near is not None and near.lower() == text.lower() else "unknown_value"
    message = f"no row of {term.leaf.name} has {name} = {text!r}"
    if near is not None:
        message += f"; the nearest value is {near!r}"
    if sample.is_all and not sample.texts:
        message += ": it is NULL in all of them"
    if sample.is_all and 0 < len(sample.texts) <= _LISTED:
        message += f"; its values are {', '.join(repr(found) for found in sorted(sample.texts))}"
    return Reason(kind, message, "certain", term.leaf.name, term.column, text, near, condition)


def _explain_ordered(
    block: Block, term: Term, value: Literal, type_name: str, condition: str
) -> Steps[Reason]:
    text, name = value.text or "", _name(term)
    place = (term.leaf.name, term.column, text)
    shown = text if is_number(type_name) else repr(text)
    message = f"no row of {term.leaf.name} has {name} = {shown}"
    if is_moment(type_name) and value.is_day:
        is_there = yield from read_same_day(block, term, value, type_name)
        if is_there:
            way = f"write {term.column} >= '{text}' AND {term.column} < the next day"
            message += f", which is midnight of that day; there are rows later on that day: {way}"
            return Reason("whole_day", message, "certain", *place, None, condition)
    found = (yield from read_range(block, term)) if is_ordered(type_name) else None
    if found is not None:
        message += f"; its values go from {found[0]} to {found[1]}"
    return Reason("unknown_value", message, "certain", *place, None, condition)


def _find_alike(text: str, values: tuple[str, ...]) -> tuple[ReasonKind, str | None]:
    """Return the value that is *text* but for case or spaces, and in which of the two it differs."""
    for kind, fold in (("wrong_case", str.lower), ("wrong_spaces", str.strip)):
        alike = next((value for value in values if fold(value) == fold(text)), None)
        if alike is not None:
            return ("wrong_case" if kind == "wrong_case" else "wrong_spaces"), alike
    alike = next((value for value in values if value.strip().lower() == text.strip().lower()), None)
    return ("unknown_value", None) if alike is None else ("wrong_case", alike)


def _find_near(text: str, values: tuple[str, ...]) -> str | None:
    by_lower = {value.lower(): value for value in values}
    near = get_close_matches(text.lower().strip(), by_lower, n=1, cutoff=_NEAR)
    return by_lower[near[0]] if near else None


def _name(term: Term) -> str:
    return term.column if term.is_plain else show(term.expression)


def _replace(reason: Reason, message: str, suggestion: str | None) -> Reason:
    return Reason(
        reason.kind,
        message,
        reason.certainty,
        reason.entity,
        reason.column,
        reason.value,
        suggestion,
        reason.condition,
    )
