"""Abbreviations are written out as the words around them say, and left alone where nobody can know."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgmoat.policy.fields import IDENTIFIER_PATTERN
from pgmoat.report.naming.expansion import expand, snake_case
from pgmoat.report.naming.hints import read_hints
from pgmoat.report.naming.meanings import Sureness

_CERTAIN, _GUESS, _UNKNOWN = Sureness.CERTAIN, Sureness.GUESS, Sureness.UNKNOWN
_CUSTOMERS = ["customers", "cust_id", "street address of the customer", "city", "status"]
_PATIENTS = ["patients", "hospital admissions", "icu_stays", "subject_id"]


@pytest.mark.parametrize(
    ("name", "data_type", "identifier"),
    [
        ("cust_addr_ln1", "text", "customer_address_line_1"),
        ("CustID", "integer", "customer_id"),
        ("custid", "integer", "customer_id"),
        ("usr_id", "bigint", "user_id"),
        ("stat_cd", "smallint", "status_code"),
        ("tot_amt", "numeric", "total_amount"),
        ("order_no", "text", "order_number"),
        ("emp_nbr", "text", "employee_number"),
        ("disc_pct", "numeric", "discount_percent"),
        ("uom_cd", "text", "unit_of_measure_code"),
        ("upd_ts", "timestamp with time zone", "updated_at"),
        ("upd_ts", "", "updated_at"),
        ("crt_dt", "timestamp without time zone", "created_at"),
        ("crt_dt", "date", "created_date"),
        ("crt_by", "text", "created_by"),
        ("ship_dt", "date", "ship_date"),
        ("login_ts", "timestamp with time zone", "login_timestamp"),
        ("del_flg", "boolean", "is_deleted"),
        ("active_flg", "character(1)", "is_active"),
        ("flg_active", "boolean", "is_active"),
        ("is_del_ind", "boolean", "is_deleted"),
        ("tbl_customer", "", "customer"),
        ("fk_customer_id", "integer", "customer_id"),
    ],
)
def test_certain(name: str, data_type: str, identifier: str) -> None:
    found = expand(name, _CUSTOMERS, data_type)
    assert (found.identifier, found.sureness) == (identifier, _CERTAIN)
    assert found.is_changed


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("customer_id", "customer_id"),
        ("created_at", "created_at"),
        ("address1", "address1"),
        ("icd9_code", "icd9_code"),
        ("act", "act"),
        ("no", "no"),
        ("max_price", "max_price"),
        ("E-Mail", "email"),
        ("ipv4_address", "ipv4_address"),
        ("OrderDate", "order_date"),
        ("orderdate", "order_date"),
        ("ORDER_DATE", "order_date"),
        ("ICD9_CODE", "icd9_code"),
        ("DaysToManufacture", "days_to_manufacture"),
        ("addressLine1", "address_line_1"),
    ],
)
def test_a_regular_name_stays(name: str, identifier: str) -> None:
    found = expand(name, _CUSTOMERS)
    assert (found.identifier, found.expanded, found.unknown, found.sureness) == (identifier, (), (), _CERTAIN)


@pytest.mark.parametrize(
    ("context", "identifier", "sureness"),
    [
        (["invoices", "due amount"], "invoice_date", _CERTAIN),
        (["stock", "warehouse_id"], "inventory_date", _CERTAIN),
        (["invoices", "stock in the warehouse"], "invoice_date", _GUESS),
        ([], "invoice_date", _GUESS),
    ],
)
def test_context_decides(context: list[str], identifier: str, sureness: Sureness) -> None:
    found = expand("inv_dt", context)
    assert (found.identifier, found.sureness) == (identifier, sureness)
    assert {"inventory", "invoice"} & set(found.expanded[0].alternatives)


def test_other_tables_make_likelier_but_not_certain() -> None:
    near, far = read_hints(["stock"]), read_hints([], ["stock"])
    assert expand("inv_id", near).sureness is _CERTAIN
    assert (expand("inv_id", far).identifier, expand("inv_id", far).sureness) == ("inventory_id", _GUESS)


@pytest.mark.parametrize(
    ("name", "context", "identifier", "sureness"),
    [
        ("hadm_id", _PATIENTS, "hospital_admission_id", _CERTAIN),
        ("hadm_id", [], "hospital_admission_id", _GUESS),
        ("los", _PATIENTS, "length_of_stay", _CERTAIN),
        ("ORG_NAME", ["microbiology_events", "isolate"], "organism_name", _CERTAIN),
        ("CURR_SERVICE", ["PREV_SERVICE"], "current_service", _CERTAIN),
        ("support_rep_id", ["customer", "employee"], "support_representative_id", _GUESS),
        ("st", _CUSTOMERS, None, _GUESS),
        ("mtg_addr", [], "meeting_address", _GUESS),
        ("cust_addr_ln1", [], "customer_address_line_1", _CERTAIN),
        ("ln1", ["addr", "cty"], "line_1", _CERTAIN),
    ],
)
def test_in_context(name: str, context: list[str], identifier: str | None, sureness: Sureness) -> None:
    found = expand(name, context)
    assert found.sureness is sureness
    assert identifier in (None, found.identifier)


@pytest.mark.parametrize(
    "name", ["gsn", "xyzzy", "cgid", "flg_1", "co", "d_items", "input_events_cv", "客户"]
)
def test_left_alone(name: str) -> None:
    found = expand(name, _PATIENTS)
    assert found.sureness is _UNKNOWN
    assert found.identifier in (name, "flag_1", "u5ba2_u6237")


@pytest.mark.parametrize(
    ("name", "word", "meaning"), [("ctrl_act", "act", "account"), ("cust_cat_cd", "cat", "category")]
)
def test_a_word_among_abbreviations_is_doubted(name: str, word: str, meaning: str) -> None:
    found = expand(name)
    assert word in found.identifier.split("_")
    assert found.sureness is _GUESS
    assert any(one.abbreviation == word and meaning in one.alternatives for one in found.expanded)


def test_words_nearby_help_where_no_dictionary_does() -> None:
    found = expand("shipmnt_id", ["shipment"])
    assert (found.identifier, found.sureness) == ("shipment_id", _GUESS)
    assert expand("mktsg_id", ["shipment"]).sureness is _UNKNOWN


def test_what_was_expanded_is_told() -> None:
    found = expand("cust_st", _CUSTOMERS)
    assert [(one.abbreviation, one.words, one.sureness) for one in found.expanded] == [
        ("cust", "customer", _CERTAIN),
        ("st", found.expanded[1].words, _GUESS),
    ]
    assert {"street", "state", "status"} <= {found.expanded[1].words, *found.expanded[1].alternatives}


@given(
    st.text(max_size=80), st.lists(st.text(max_size=20), max_size=3), st.sampled_from(["", "date", "boolean"])
)
def test_always_an_identifier(name: str, context: list[str], data_type: str) -> None:
    for identifier in (expand(name, context, data_type).identifier, snake_case(name)):
        assert re.fullmatch(IDENTIFIER_PATTERN, identifier)
        assert len(identifier) <= 63


@given(st.text("abdeinortu_", min_size=1, max_size=20))
def test_expanding_again_changes_nothing_that_was_certain(name: str) -> None:
    found = expand(name)
    if found.sureness is _CERTAIN:
        again = expand(found.identifier)
        assert (again.identifier, again.sureness) == (found.identifier, _CERTAIN)


def test_a_name_that_would_be_too_long_stays_short() -> None:
    name = "_".join(["cust"] * 12)
    assert len(expand(name).identifier) <= 63
    assert expand(name).identifier == name
