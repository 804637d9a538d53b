"""Which two calls are one request: equal values in any form, and nothing else."""

from __future__ import annotations

from typing import LiteralString

import pytest

from tests.integration.operations.calls import count_effects
from tests.moat_fixtures import Moat, refused

_AT: LiteralString = "timestamptz '2026-01-01 12:00+00'"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("refund_order(5, 1.0, NULL, 'k')", "refund_order(5, 1.00, idempotency_key => 'k')"),
        ("refund_order(5, 10, NULL, 'k')", "refund_order(5, 1e1, NULL, 'k')"),
        (f"remember({_AT}, '{{\"a\": 1, \"b\": 2}}', idempotency_key => 'k')",
         f"remember({_AT}, '{{\"b\":2,   \"a\":1}}', idempotency_key => 'k')"),
        (f"remember({_AT}, idempotency_key => 'k')",
         "remember(timestamptz '2026-01-01 14:00+02', idempotency_key => 'k')"),
    ],
)  # fmt: skip
def test_one_request_in_two_forms(shop: Moat, first: LiteralString, second: LiteralString) -> None:
    with shop.task("support") as connection:
        connection.execute(b"SELECT " + first.encode())
    with shop.task("support") as connection:
        connection.execute("SET LOCAL TimeZone = 'Asia/Tokyo'")
        connection.execute("SET LOCAL DateStyle = 'German'")
        row = connection.execute(b"SELECT (" + second.encode() + b") ->> 'replayed'").fetchone()
    assert row == ("true",)
    assert count_effects(shop)[1:] == (1, 1)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("refund_order(5, 1, '', 'k')", "refund_order(5, 1, NULL, 'k')"),
        ("refund_order(5, 1, 'a', 'k')", "refund_order(5, 1, 'a ', 'k')"),
        (f"remember({_AT}, 'null', idempotency_key => 'k')", f"remember({_AT}, idempotency_key => 'k')"),
        (f"remember({_AT}, '[null]', idempotency_key => 'k')",
         f"remember({_AT}, 'null', idempotency_key => 'k')"),
        (f"remember({_AT}, tags => '{{a,b}}', idempotency_key => 'k')",
         f"remember({_AT}, tags => '{{\"a,b\"}}', idempotency_key => 'k')"),
        (f"remember({_AT}, mood => 'happy', idempotency_key => 'k')",
         f"remember({_AT}, mood => 'angry', idempotency_key => 'k')"),
    ],
)  # fmt: skip
def test_two_requests_that_look_alike(shop: Moat, first: LiteralString, second: LiteralString) -> None:
    with shop.task("support") as connection:
        connection.execute(b"SELECT " + first.encode())
    with refused("PM041"), shop.task("support") as connection:
        connection.execute(b"SELECT " + second.encode())


def test_settings_of_the_session_change_neither_result_nor_meaning(shop: Moat) -> None:
    with shop.task("support") as connection:
        for setting in (
            "standard_conforming_strings = off",
            "transform_null_equals = on",
            "extra_float_digits = -15",
        ):
            connection.execute(f"SET LOCAL {setting}".encode())
        connection.execute(f"SELECT remember({_AT}, idempotency_key => 'k')".encode())
    assert shop.value("SELECT why FROM public.refunds") == "2026-01-01 12:00:00+00"
