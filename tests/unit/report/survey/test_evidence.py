"""What values look like: forms that are of a kind, and neighbours that only seem to be."""

from __future__ import annotations

import pytest

from pgmoat.report.survey.evidence import examine_values, passes_luhn, passes_mod_97

KINDS = {
    "email": ["ann@shop.example", "bob.b+x@mail.co.uk", "O'Neil@a-b.org", "x_y@z.info"],
    "card": ["4111111111111111", "5555 5555 5555 4444", "378282246310005", "6011-1111-1111-1117"],
    "iban": ["DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19", "FR1420041010050500013M02606"],
    "national-id": ["078-05-1120", "219-09-9999", "457-55-5462"],
    "phone": ["+49 561 123-456", "(555) 010-9999", "555-010-1234", "+1 (212) 555-0100 x12"],
    "password-hash": [
        "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$RdescudvJCsgt3ub+b2dWRWJTmaaJObG",
        "pbkdf2_sha256$600000$abc$def",
        "SCRAM-SHA-256$4096:abc=$def=:ghi=",
    ],
    "token": [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIyIn0.def",
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIzIn0.ghi",
    ],
    "mac-address": ["00:1A:2B:3C:4D:5E", "00-1a-2b-3c-4d-5f", "08:00:2b:01:02:03"],
    "ip-address": ["10.0.0.1", "192.168.255.254/24", "8.8.8.8"],
    "biometric": ["\\xffd8ffe000104a46", "\\x89504e470d0a1a0a", "\\x4749463839610100"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_told(kind: str) -> None:
    found = examine_values(KINDS[kind])
    assert [(part.kind, part.share, part.is_within) for part in found] == [(kind, 1.0, False)]


@pytest.mark.parametrize(
    "values",
    [
        ["12:30:45", "08:00:00", "23:59:59"],
        ["978-3-16-148410-0", "978-0-306-40615-7", "978-1-4028-9462-6"],
        ["2024-01-31", "2024-02-29", "2023-12-24"],
        ["34117-1234", "10115-0001", "90210-4321"],
        ["1234567890123", "4000000000000", "9999999999999"],
        ["550e8400-e29b-41d4-a716-446655440000", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "x"],
        ["ab@c", "@home", "me@here"],
        ["AB-100-2000", "AB-100-2001", "AB-100-2002"],
        ["0.99", "4.99", "2.99"],
        ["1.2.3", "1.10.0", "2.0.1"],
        ["DE00370400440532013000", "GB00NWBK60161331926819", "FR0020041010050500013M02606"],
        ["000-12-3456", "666-12-3456", "900-12-3456"],
        ["ann@shop.example"],
    ],
)
def test_neighbours_are_nothing(values: list[str]) -> None:
    assert examine_values(values) == ()


def test_a_share_is_of_the_values_that_are_there() -> None:
    values = [f"user{number}@shop.example" for number in range(9)] + ["unknown", "", "  "]
    (found,) = examine_values(values)
    assert (found.kind, found.share, found.values) == ("email", 0.9, 10)


def test_texts_that_hold_something() -> None:
    values = [f"remark {number}" for number in range(20)] + ["please write to ann@shop.example soon"]
    (found,) = examine_values(values)
    assert (found.kind, found.is_within) == ("email", True)
    assert "ann@" not in repr(found)


def test_digests_are_told_apart_from_password_hashes() -> None:
    (found,) = examine_values([f"{number:032x}" for number in range(5)])
    assert (found.kind, found.test) == ("password-hash", "have the form of MD5 or SHA digests")


def test_check_digits() -> None:
    assert passes_luhn("4111 1111 1111 1111")
    assert not passes_luhn("4111 1111 1111 1112")
    assert not passes_luhn("0000000000000000")
    assert passes_mod_97("GB29NWBK60161331926819")
    assert not passes_mod_97("GB28NWBK60161331926819")
