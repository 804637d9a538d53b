"""
Why no row matches a LIKE: other letters, spaces, or no % where the text goes on.

In: Terms that no row of their leaf meets. Out: Reasons. I/O: none.

What would match is never thought up: PostgreSQL is asked for a value that does.
"""

from __future__ import annotations

from dataclasses import replace

from pgmoat.guard.diagnose.block import Block
from pgmoat.guard.diagnose.facts import read_match, read_sample
from pgmoat.guard.diagnose.probe import Steps, quote, show
from pgmoat.guard.diagnose.reason import Reason
from pgmoat.guard.diagnose.term import Term
from pgmoat.guard.diagnose.values import find_near, name_term
from pgmoat.guard.parse import Node
from pgmoat.guard.rewrite import make_text

_LIKE, _ILIKE = "~~", "~~*"


def explain_pattern(block: Block, term: Term, condition: Node) -> Steps[list[Reason]]:
    """Return why no row matches a pattern of LIKE."""
    pattern, text, name = term.values[0], term.values[0].text or "", name_term(term)
    message = f"no row of {term.leaf.name} matches {show(condition)}"
    place = (term.leaf.name, term.column, pattern.text)
    if term.operator == _LIKE:
        alike = yield from read_match(block, term, _ILIKE, pattern.node)
        if alike is not None:
            told = f"{message}, but {name} has {quote(alike)}: write ILIKE, or the case of the data"
            return [Reason("wrong_case", told, "certain", *place, alike, show(condition))]
    plain = Reason("pattern", message, "certain", *place, None, show(condition))
    bare = text.strip("%")
    if not bare.strip() or {"_", "%", "\\"} & set(bare):
        return [plain]
    trimmed = text.replace(bare, bare.strip())
    alike = (
        (yield from read_match(block, term, term.operator, make_text(trimmed))) if trimmed != text else None
    )
    if alike is not None:
        told = f"{message}, but {name} has {quote(alike)}: leave the spaces out"
        return [replace(plain, kind="wrong_spaces", message=told, suggestion=alike)]
    if bare == text:
        open_ended = yield from _explain_whole(block, term, plain)
        if open_ended is not None:
            return [open_ended]
    sample = yield from read_sample(block, term)
    near = None if sample is None else find_near(bare, sample.texts)
    hint = "" if near is None else f"; {quote(near)} is near, and there"
    return [replace(plain, message=f"{message}{hint}", suggestion=near)]


def _explain_whole(block: Block, term: Term, plain: Reason) -> Steps[Reason | None]:
    """Return that the pattern has no % and is the whole text; None where it is no part of one either."""
    wider = f"%{plain.value}%"
    for operator in dict.fromkeys((term.operator, _ILIKE)):
        alike = yield from read_match(block, term, operator, make_text(wider))
        if alike is not None:
            word = "LIKE" if operator == _LIKE else "ILIKE"
            way = f"it has no %, and {name_term(term)} has {quote(alike)}: write {word} {quote(wider)}"
            return replace(plain, message=f"{plain.message}: {way}", suggestion=wider)
    return None
