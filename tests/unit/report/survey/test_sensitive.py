"""Which names, comments, types and values are judged sensitive, and how surely."""

from __future__ import annotations

import time

import pytest

from pgmoat.catalog.snapshot import Column
from pgmoat.report.survey.evidence import examine_values
from pgmoat.report.survey.kinds import KINDS, Harm
from pgmoat.report.survey.sensitive import Sureness, judge_column, judge_name
from pgmoat.report.survey.snapshot import ColumnSample
from pgmoat.report.survey.words import find_term, split_name


def make_sample(values: list[str]) -> ColumnSample:
    return ColumnSample(len(values), 0, len(set(values)), True, evidence=examine_values(values))


@pytest.mark.parametrize(
    ("name", "type_name", "kind"),
    [
        ("email", "text", "email"),
        ("EMailAddress", "varchar", "email"),
        ("userEmail", "text", "email"),
        ("e_mail", "text", "email"),
        ("home_phone", "varchar", "phone"),
        ("PhoneNumber", "int8", "phone"),
        ("password", "varchar", "password"),
        ("pwd", "text", "password"),
        ("encrypted_password", "varchar", "password-hash"),
        ("passwordhash", "varchar", "password-hash"),
        ("api_key", "text", "token"),
        ("refreshToken", "text", "token"),
        ("reset_digest", "text", "token"),
        ("client_secret", "text", "secret"),
        ("creditcardnumber", "text", "card"),
        ("cc_num", "text", "card"),
        ("cvv2", "bpchar", "card-code"),
        ("iban", "varchar", "iban"),
        ("ssn", "bpchar", "national-id"),
        ("nationalidnumber", "varchar", "national-id"),
        ("passport_no", "text", "passport"),
        ("tax_id", "text", "tax-id"),
        ("client_ip", "inet", "ip-address"),
        ("ip_address", "text", "ip-address"),
        ("mac_address", "macaddr", "mac-address"),
        ("DOB", "timestamp", "birth-date"),
        ("date_of_birth", "date", "birth-date"),
        ("blood_type", "text", "health"),
        ("ethnicity", "varchar", "belief"),
        ("union_member", "bpchar", "belief"),
        ("criminal_flag", "bpchar", "belief"),
        ("base_salary", "numeric", "salary"),
        ("latitude", "float8", "location"),
        ("addressline1", "varchar", "address"),
        ("zip", "bpchar", "address"),
        ("LastName", "text", "person-name"),
        ("lname", "text", "person-name"),
        ("fingerprint_template", "bytea", "biometric"),
        ("notes", "text", "free-text"),
    ],
)
def test_names_that_say_it(name: str, type_name: str, kind: str) -> None:
    found = judge_name(name, type_name=type_name)
    assert found is not None
    assert found.kind == kind
    assert found.sureness in (Sureness.LIKELY, Sureness.POSSIBLE)
    assert found.reason.startswith("its name says ")


@pytest.mark.parametrize(
    ("name", "type_name"),
    [
        ("email_verified_at", "timestamptz"),
        ("email_confirmed", "bool"),
        ("email_count", "int4"),
        ("email_template", "text"),
        ("password_changed_at", "timestamp"),
        ("phone_type", "text"),
        ("token_type", "varchar"),
        ("card_type", "text"),
        ("creditcardid", "int4"),
        ("address_id", "int4"),
        ("automobile_number", "text"),
        ("secretary", "text"),
        ("passenger_count", "int4"),
        ("compass", "text"),
        ("shipping_method", "text"),
        ("description", "text"),
        ("country", "text"),
        ("status", "text"),
        ("name", "text"),
        ("class", "text"),
        ("script", "text"),
        ("latest", "text"),
        ("updated_at", "timestamptz"),
        ("spinner", "text"),
        ("tint", "text"),
        ("zipped", "bool"),
        ("addressable", "bool"),
        ("ipsum", "text"),
        ("microphone", "text"),
        ("salted_butter", "bool"),
        ("rating", "enum"),
    ],
)
def test_names_that_do_not(name: str, type_name: str) -> None:
    assert judge_name(name, type_name=type_name) is None


def test_values_alone_say_it() -> None:
    cards = [
        "4111111111111111",
        "5555555555554444",
        "378282246310005",
        "6011111111111117",
        "4012888888881881",
    ]
    found = judge_name("ref", sample=make_sample(cards))
    assert found is not None
    assert (found.kind, found.sureness, found.harm) == ("card", Sureness.LIKELY, Harm.SECRET)
    assert found.reason == "100 % of 5 sampled values pass the Luhn check of card numbers"
    few = judge_name("ref", sample=make_sample(cards[:3]))
    assert few is not None
    assert few.sureness is Sureness.POSSIBLE


def test_name_and_values_together_are_certain() -> None:
    emails = [f"user{number}@shop.example" for number in range(6)]
    found = judge_name("contact_email", sample=make_sample(emails))
    assert found is not None
    assert found.sureness is Sureness.CERTAIN
    assert found.reasons == ("its name says email", "100 % of 6 sampled values are email addresses")


def test_a_password_that_is_a_hash_is_called_one() -> None:
    found = judge_name("password", sample=make_sample([f"$2b$12${letter * 53}" for letter in "abcdef"]))
    assert found is not None
    assert (found.kind, found.sureness) == ("password-hash", Sureness.CERTAIN)


def test_an_email_column_without_emails_is_in_doubt() -> None:
    found = judge_name("email", sample=make_sample(["yes", "no", "later", "never", "daily", "weekly"]))
    assert found is not None
    assert found.sureness is Sureness.POSSIBLE


def test_digests_beside_a_name_that_explains_them_are_nothing() -> None:
    digests = make_sample([f"{number:064x}" for number in range(9)])
    assert judge_name("sha256", sample=digests) is None
    assert judge_name("etag", sample=digests) is None
    found = judge_name("data", sample=digests)
    assert found is not None
    assert found.sureness is Sureness.POSSIBLE


def test_texts_that_hold_emails_are_free_text() -> None:
    texts = [f"line {number}" for number in range(9)] + ["mail ann@shop.example today"]
    found = judge_name("description", sample=make_sample(texts))
    assert found is not None
    assert (found.kind, found.harm) == ("free-text", Harm.HINT)


def test_comments_speak_where_names_do_not() -> None:
    found = judge_name("fld7", comment="Social security number of the borrower.")
    assert found is not None
    assert (found.kind, found.reason) == ("national-id", "its comment says social security")
    assert judge_name("fld7", comment="Foreign key to CreditCard.CreditCardID.") is None
    assert judge_name("payfrequency", type_name="int2", comment="1 = Salary received monthly.") is None
    assert judge_name("fld7", comment="A town. Its residents have a passport.") is None


def test_the_table_speaks_too() -> None:
    assert judge_name("name", table="public.customers") is not None
    assert judge_name("name", table="public.products") is None
    found = judge_name("number", table="credit_cards")
    assert found is not None
    assert found.kind == "card"


def test_words_spelled_out_by_somebody_else_count() -> None:
    assert judge_name("cst_ml") is None
    found = judge_name("cst_ml", words=("customer", "email"))
    assert found is not None
    assert found.kind == "email"


def test_types_of_their_own() -> None:
    found = judge_name("seen_from", type_name="inet")
    assert found is not None
    assert (found.kind, found.sureness) == ("ip-address", Sureness.POSSIBLE)


def test_a_column_of_the_catalog() -> None:
    column = Column(
        name="mood", type_name="public.mood", type_category="E", base_type_name="mood", max_length=None,
        enum_labels=("sad", "ok"), not_null=False, default=None, default_is_portable=False, identity="",
        generated=False, sequence=None, comment="Password for the e-mail account.",
    )  # fmt: skip
    assert judge_column(column) is None


def test_every_kind_has_terms_or_evidence_and_a_meaning() -> None:
    for kind, (meaning, _) in KINDS.items():
        assert meaning
        assert kind in {term.kind for name in _SOME_NAMES if (term := find_term(split_name(name)))}, kind


_SOME_NAMES = (
    "password", "password_hash", "token", "client_secret", "credit_card", "cvv", "iban", "ssn", "passport",
    "tax_id", "email", "phone", "ip", "imei", "dob", "diagnosis", "religion", "salary", "latitude", "address",
    "surname", "fingerprint", "notes", "resume",
)  # fmt: skip


def test_a_large_schema_is_judged_in_a_moment() -> None:
    """Nine thousand columns of a thousand tables: each word is looked up once, not each term in each name."""
    words = (
        "order",
        "invoice",
        "status",
        "region",
        "price",
        "created",
        "branch",
        "total",
        "level",
        "carrier",
    )
    names = [f"{first}_{second}_{number}" for first in words for second in words for number in range(90)]
    started = time.process_time()
    assert not any(judge_name(name, table="orders", comment="Set when it leaves.") for name in names)
    assert time.process_time() - started < 3, "a machine of 2020 takes a third of a second"


def test_the_same_term_wins_whichever_word_leads_to_it() -> None:
    """The longest certain term, wherever it stands, also within a word."""
    assert find_term(("customer", "credit", "card", "number")) == find_term(("credit", "card", "number"))
    found = find_term(("useremail",))
    assert found is not None
    assert found.kind == "email"
    assert find_term(("automobile",)) is None
