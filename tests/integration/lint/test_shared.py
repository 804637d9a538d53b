"""
Five databases by others: what is found there was looked at by a person, finding by finding.

Names are judged by a model that is trained anew now and then; what it says is tested beside it. Here stand
the findings of all other rules, and what must not be found.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.integration.lint.conftest import SHARED, Lint
from tests.postgres_fixtures import Database

_OF_NAMES = {"PL001", "PL002", "PL003", "PL031"}
MOST_SECONDS = 10
GLUED = {"mimic", "adventureworks"}

COUNTS: dict[str, dict[str, int]] = {
    "northwind": {"PL021": 2, "PL023": 1, "PL030": 12, "PL054": 3},
    "chinook": {"PL021": 1, "PL030": 10, "PL050": 3},
    "pagila": {"PL008": 1, "PL010": 2, "PL023": 1, "PL030": 13, "PL050": 17},
    "mimic": {"PL004": 1, "PL021": 6, "PL023": 7, "PL032": 13, "PL050": 46},
    "adventureworks": {"PL006": 2, "PL021": 7, "PL032": 35, "PL041": 3, "PL050": 102},
}
FOUND: dict[str, set[tuple[str, str]]] = {
    "northwind": {
        ("PL021", "orders.shipped_date"),
        ("PL021", "employees.reports_to"),
        ("PL023", "products.discontinued"),
        ("PL054", "order_details.unit_price"),
        ("PL003", "customer_demographics.customer_desc"),
    },
    "chinook": {("PL021", "employee.reports_to"), ("PL050", "invoice.invoice_date")},
    "pagila": {
        ("PL008", "customer.activebool"),
        ("PL010", "film.length"),
        ("PL010", "film.rental_duration"),
        ("PL023", "customer.active"),
    },
    "mimic": {
        ("PL003", "mimiciii.admissions.hadm_id"),
        ("PL004", "mimiciii.procedureevents_mv.value"),
        ("PL023", "mimiciii.admissions.hospital_expire_flag"),
        ("PL032", "mimiciii.admissions.marital_status"),
    },
    "adventureworks": {
        ("PL006", "sales.salesterritory.group"),
        ("PL021", "production.workorder.enddate"),
        ("PL041", "production.transactionhistoryarchive.productid"),
    },
}
LEFT_ALONE: dict[str, set[tuple[str, str]]] = {
    "northwind": {
        ("PL020", "products.reorder_level"),
        ("PL021", "customers.fax"),
        ("PL052", "customers.postal_code"),
    },
    "chinook": {
        ("PL020", "invoice.billing_state"),
        ("PL021", "customer.fax"),
        ("PL003", "customer.support_rep_id"),
    },
    "pagila": {
        ("PL030", "payment_p2007_01"),
        ("PL020", "film.rental_duration"),
        ("PL051", "film.release_year"),
    },
    "mimic": {("PL030", "mimiciii.chartevents_1"), ("PL054", "mimiciii.inputevents_mv.amount")},
    "adventureworks": {
        ("PL020", "person.person.persontype"),
        ("PL008", "sales.salesorderheader.onlineorderflag"),
    },
}


@pytest.mark.parametrize("name", SHARED)
def test_a_database_by_others(lint: Lint, shared: Callable[[str], Database], name: str) -> None:
    database = shared(name)
    started = time.monotonic()
    answer = lint(database, "--json")
    assert time.monotonic() - started < MOST_SECONDS
    assert answer.code == 2
    counts = Counter(rule for rule, _ in answer.found if rule not in _OF_NAMES)
    assert set(counts) == set(COUNTS[name])
    for rule, wanted in COUNTS[name].items():
        # Where words are glued, how a name is split decides on a few of many.
        assert abs(counts[rule] - wanted) <= (wanted // 3 if name in GLUED else 0), rule
    assert answer.found >= FOUND[name]
    assert answer.found.isdisjoint(LEFT_ALONE[name])


@pytest.mark.parametrize("name", SHARED)
def test_names_in_full_words_are_seldom_blamed(
    lint: Lint, shared: Callable[[str], Database], name: str
) -> None:
    answer = lint(shared(name), "--json", "--rule", "PL001", "--rule", "PL002")
    columns = sum(len(table["columns"]) for table in answer.data["tables"])
    allowed = 0.1 if name == "mimic" else 0.01
    assert len(answer.found) <= allowed * columns
