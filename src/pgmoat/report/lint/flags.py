"""
Flags that are stored as something else than a boolean.

In: a place. Out: the pair of values that mean yes and no. I/O: none.
"""

from __future__ import annotations

from pgmoat.report.lint.names import full_words
from pgmoat.report.lint.subject import Place
from pgmoat.report.lint.vocabulary import QUANTITY_WORDS

_PAIRS = (("1", "0"), ("Y", "N"), ("T", "F"), ("YES", "NO"), ("TRUE", "FALSE"), ("J", "N"), ("1", "2"))
_INTEGERS = frozenset({"int2", "int4", "int8", "numeric"})
_TEXTS = frozenset({"text", "varchar", "bpchar", "char"})
_FLAG_WORDS = frozenset(["flag", "flg", "is", "has", "ind", "indicator"])
_CLAIMING = frozenset(["is", "has", "flag", "flg"])


def find_flag(place: Place) -> tuple[str, str] | None:
    """Return the values for yes and for no of a flag in a number or a text; None when it is none."""
    kind = place.column.base_type_name
    if place.is_key or place.is_reference or place.is_unique or kind not in _INTEGERS | _TEXTS:
        return None
    if place.column.enum_labels:  # the words of a value map: agents read yes and no
        return None
    seen = {value.strip() for value in place.values} or {value.strip() for value in place.allowed_values}
    if len(seen) == 1 and not _CLAIMING & full_words(place.name):
        return None
    if seen:
        return _match(place, seen)
    is_small = kind in ("int2", "int4") or (kind in _TEXTS and place.column.max_length == 1)
    is_unknown = place.sample is None or place.sample.distinct == 0
    if is_small and is_unknown and _CLAIMING & full_words(place.name):
        return ("1", "0") if kind in _INTEGERS else ("Y", "N")
    return None


def _match(place: Place, seen: set[str]) -> tuple[str, str] | None:
    words = full_words(place.name)
    if place.column.base_type_name in _INTEGERS:
        is_count = bool(QUANTITY_WORDS & words) and not _FLAG_WORDS & words
        return ("1", "0") if seen <= {"0", "1"} and not is_count else None
    upper = {value.upper() for value in seen}
    pair = next((pair for pair in _PAIRS[1:6] if upper <= set(pair)), None)
    if pair is None:
        return None
    yes = next((value for value in seen if value.upper() == pair[0]), pair[0])
    no = next((value for value in seen if value.upper() == pair[1]), pair[1])
    return yes, no
