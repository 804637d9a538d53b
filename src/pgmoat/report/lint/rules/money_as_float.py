"""PL054: money in floating point. In: Subject. Out: Remarks. I/O: none."""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.report.lint.keywords import quote, quote_qualified
from pgmoat.report.lint.names import full_words
from pgmoat.report.lint.rule import Remark, Remedy, Rule
from pgmoat.report.lint.subject import Place, Subject, is_view
from pgmoat.report.lint.vocabulary import MONEY_TABLE_WORDS, MONEY_WORDS, word_set

_RATIOS = word_set("rate ratio percent percentage pct factor share index weight count days")


def _find(subject: Subject) -> Iterator[Remark]:
    for place in subject.places:
        if place.column.base_type_name not in ("float4", "float8") or not _is_money(place):
            continue
        column = quote(place.name)
        sql = f"ALTER TABLE {quote_qualified(place.table_name)} ALTER {column} TYPE numeric(12, 2)"
        yield Remark(
            place.table_name,
            place.name,
            f"money as {place.column.type_name}: sums are off by cents",
            Remedy("make it numeric", "" if subject.is_policy or is_view(place.table) else sql),
        )


def _is_money(place: Place) -> bool:
    words = full_words(place.name)
    if _RATIOS & words:
        return False
    if MONEY_WORDS & words:
        return True
    return bool(words & {"amount", "total"}) and bool(MONEY_TABLE_WORDS & full_words(place.table.table.name))


RULE = Rule(
    code="PL054",
    slug="money-as-float",
    title="Money is stored in floating point",
    why="0.1 + 0.2 is not 0.3 there. A model that adds up or compares with = gets an answer that is wrong"
    " by a cent, and so does the agent that refunds it.",
    bad="CREATE TABLE products (unit_price real);",
    remedy="numeric with a scale, or integer cents with the unit in the name.",
    weight=0.15,
    find=_find,
)
