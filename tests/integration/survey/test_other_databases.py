"""
What is judged sensitive in databases by others.

The lists were reviewed by hand: all that should be there is, and nothing else.
"""

from __future__ import annotations

import time
from typing import Any

import psycopg
import pytest

from pgmoat.report.survey.read import read_survey
from pgmoat.report.survey.sensitive import judge_column

EXPECTED = {
    "pagila": """
        public.actor.first_name person-name likely
        public.actor.last_name person-name likely
        public.address.address address likely
        public.address.address2 address likely
        public.address.postal_code address likely
        public.address.phone phone likely
        public.customer.first_name person-name likely
        public.customer.last_name person-name likely
        public.customer.email email certain
        public.staff.first_name person-name likely
        public.staff.last_name person-name likely
        public.staff.email email likely
        public.staff.password password likely
        public.staff.picture biometric possible
    """,
    "northwind": """
        public.customers.contact_name person-name likely
        public.customers.address address likely
        public.customers.postal_code address likely
        public.customers.phone phone likely
        public.customers.fax phone likely
        public.employees.last_name person-name likely
        public.employees.first_name person-name likely
        public.employees.birth_date birth-date likely
        public.employees.address address likely
        public.employees.postal_code address likely
        public.employees.home_phone phone certain
        public.employees.photo biometric possible
        public.employees.notes free-text likely
        public.employees.photo_path biometric possible
        public.orders.ship_address address likely
        public.orders.ship_postal_code address likely
        public.shippers.phone phone likely
        public.suppliers.contact_name person-name likely
        public.suppliers.address address likely
        public.suppliers.postal_code address likely
        public.suppliers.phone phone likely
        public.suppliers.fax phone likely
    """,
    "chinook": """
        public.customer.first_name person-name likely
        public.customer.last_name person-name likely
        public.customer.address address likely
        public.customer.postal_code address likely
        public.customer.phone phone certain
        public.customer.fax phone certain
        public.customer.email email certain
        public.employee.last_name person-name likely
        public.employee.first_name person-name likely
        public.employee.birth_date birth-date likely
        public.employee.address address likely
        public.employee.postal_code address likely
        public.employee.phone phone certain
        public.employee.fax phone certain
        public.employee.email email certain
        public.invoice.billing_address address likely
        public.invoice.billing_postal_code address likely
    """,
    "adventureworks": """
        humanresources.employee.nationalidnumber national-id likely
        humanresources.employee.birthdate birth-date likely
        humanresources.employee.maritalstatus belief likely
        humanresources.employee.gender belief likely
        humanresources.employeepayhistory.rate salary possible
        humanresources.jobcandidate.resume profile likely
        person.address.addressline1 address likely
        person.address.addressline2 address likely
        person.address.postalcode address likely
        person.address.spatiallocation location likely
        person.emailaddress.emailaddress email likely
        person.password.passwordhash password-hash likely
        person.password.passwordsalt password-hash likely
        person.person.firstname person-name likely
        person.person.middlename person-name likely
        person.person.lastname person-name likely
        person.person.additionalcontactinfo profile likely
        person.person.demographics profile likely
        person.personphone.phonenumber phone likely
        production.productreview.reviewername person-name likely
        production.productreview.emailaddress email certain
        production.productreview.comments free-text likely
        sales.creditcard.cardnumber card likely
        sales.salesorderheader.creditcardapprovalcode card likely
        sales.salesorderheader.comment free-text likely
        sales.salesperson.bonus salary possible
        sales.store.demographics profile likely
    """,
    "mimic": """
        mimiciii.admissions.religion belief likely
        mimiciii.admissions.marital_status belief likely
        mimiciii.admissions.ethnicity belief likely
        mimiciii.admissions.diagnosis health likely
        mimiciii.d_icd_diagnoses.icd9_code health possible
        mimiciii.d_icd_procedures.icd9_code health possible
        mimiciii.diagnoses_icd.icd9_code health possible
        mimiciii.noteevents.text free-text possible
        mimiciii.patients.gender belief likely
        mimiciii.patients.dob birth-date likely
        mimiciii.procedures_icd.icd9_code health possible
    """,
}


def test_sensitive_columns_and_the_time_it_takes(
    others: psycopg.Connection[Any], request: pytest.FixtureRequest
) -> None:
    started = time.monotonic()
    survey = read_survey(others)
    assert time.monotonic() - started < 5
    found = [
        f"{name}.{column.name} {judged.kind} {judged.sureness.value}"
        for name, table in survey.tables.items()
        if table.table.kind != "v"
        for column in table.columns
        if (judged := judge_column(column, table.samples.get(column.name), table=name)) is not None
    ]
    expected = EXPECTED[request.node.callspec.params["others"]]
    assert found == [line.strip() for line in expected.strip().splitlines()]
    assert not any(
        sample.values for name, sample in _list_samples(survey.tables) if name in _never_kept(found)
    )
    assert survey.notes == ()


def _list_samples(tables: Any) -> Any:
    return [
        (f"{name}.{column}", sample)
        for name, table in tables.items()
        for column, sample in table.samples.items()
    ]


def _never_kept(found: list[str]) -> set[str]:
    return {line.split()[0] for line in found}
