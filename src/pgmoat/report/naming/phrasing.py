"""
How a careful data modeller words a name whose parts are known: moments, flags, prefixes that say nothing.

In: parts of a name. Out: parts of a name. I/O: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pgmoat.report.naming.meanings import Expanded, Sureness

_MOMENTS = frozenset(["ts", "tstamp", "tmstmp", "tmstp", "tstmp", "tmst", "tms", "dttm", "dtm", "dttime"])
_DATES = frozenset(["dt", "dte"])
_FLAGS = frozenset(["flg", "ind", "fl", "fg", "yn"])
_EMPTY_PREFIXES = frozenset(["tbl", "tb", "vw"])
_KEY_PREFIXES = frozenset(["fk", "pk"])
_PARTICIPLES_TEXT = "sent paid sold read seen made begun done lost won hidden built bought left shipped"
_PARTICIPLES = frozenset(_PARTICIPLES_TEXT.split())
_STATES_TEXT = (
    "active inactive valid invalid primary default public private taxable available visible current "
    "final mandatory optional eligible open internal external manual automatic temporary permanent "
    "refundable billable exempt overdue urgent hidden new paid sold"
)
_STATES = frozenset(_STATES_TEXT.split())


@dataclass(frozen=True, slots=True)
class Part:
    """A word of a name as it was written, and what is written for it now."""

    word: str
    text: str
    expanded: Expanded | None = None


def phrase(parts: Sequence[Part], data_type: str) -> list[Part]:
    """Return *parts* in the words that are usual for what they say."""
    return _phrase_flag(_phrase_moment(_drop_prefix(list(parts)), data_type), data_type)


def _drop_prefix(parts: list[Part]) -> list[Part]:
    """``tbl_customer`` is a customer, and ``fk_customer_id`` a customer's id."""
    if len(parts) > 1 and parts[0].word in _EMPTY_PREFIXES:
        return [_rewrite(parts[0], ""), *parts[1:]]
    if len(parts) > 2 and parts[0].word in _KEY_PREFIXES and parts[-1].text in ("id", "code", "number"):
        return [_rewrite(parts[0], ""), *parts[1:]]
    return parts


def _phrase_moment(parts: list[Part], data_type: str) -> list[Part]:
    """``upd_ts`` is updated_at; ``order_dt`` an order_date."""
    if len(parts) < 2:
        return parts
    last = parts[-1]
    is_done = is_participle(parts[-2].text)
    if last.word in _MOMENTS or (last.word in _DATES and data_type.startswith("timestamp")):
        return [*parts[:-1], _rewrite(last, "date" if data_type == "date" else "at")] if is_done else parts
    return parts


def _phrase_flag(parts: list[Part], data_type: str) -> list[Part]:
    """``active_flg`` is is_active; a flag without an adjective stays a flag."""
    flags = [at for at in {0, len(parts) - 1} if parts and parts[at].word in _FLAGS]
    if len(parts) < 2 or len(flags) != 1:
        return parts
    flag, rest = parts[flags[0]], [part for at, part in enumerate(parts) if at != flags[0]]
    if rest[0].text == "is" or (rest[0].text == "has" and len(rest) > 1):
        return [*rest[:-1], rest[-1], _rewrite(flag, "")]
    if is_participle(rest[-1].text) or rest[-1].text in _STATES:
        return [_rewrite(flag, "is"), *rest]
    if flag.word != "ind" or data_type == "boolean":
        at = flags[0]
        return [*parts[:at], _rewrite(flag, "flag"), *parts[at + 1 :]]
    return parts


def is_participle(text: str) -> bool:
    """Return whether the last word of *text* says that something was done."""
    word = text.rpartition("_")[2]
    return word in _PARTICIPLES or (len(word) > 4 and word.endswith("ed") and not word.endswith("eed"))


def _rewrite(part: Part, text: str) -> Part:
    alternatives = part.expanded.alternatives if part.expanded else ()
    return replace(part, text=text, expanded=Expanded(part.word, text, Sureness.CERTAIN, alternatives))
