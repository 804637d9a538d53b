"""Singular and plural of names of tables."""

from __future__ import annotations

import pytest

from pgmoat.report.naming.inflection import plural, singular

_PAIRS = """
order orders, order_item order_items, customer_address customer_addresses, category categories, box
boxes, status statuses, bus buses, cache caches, branch branches, class classes, person people, child
children, analysis analyses, house houses, purchase purchases, process processes, movie movies, tax
taxes, alias aliases, bonus bonuses, response responses, country countries, key keys, day days, invoice
invoices, match matches, expense expenses, license licenses, employee employees, currency currencies,
photo photos, inventory inventories, hero heroes, history histories, criterion criteria, index indexes,
leaf leaves, quiz quizzes, id ids, city cities, shelf shelves, database databases, axis axes, diagnosis
diagnoses, icu_stay icu_stays, salesperson salespeople
"""


@pytest.mark.parametrize("pair", [pair.split() for pair in _PAIRS.split(",")], ids=" ".join)
def test_pair(pair: list[str]) -> None:
    one, many = pair
    assert (plural(one), singular(many)) == (many, one)
    assert (plural(many), singular(one)) == (many, one)


@pytest.mark.parametrize(
    "word", ["news", "series", "staff", "sales", "equipment", "settings", "address_2", "", "_"]
)
def test_the_same_in_both(word: str) -> None:
    assert (plural(word), singular(word)) == (word, word)
