"""What a person is shown of many rows and of large ones: nothing that is written can hide the rest."""

from __future__ import annotations

from typing import LiteralString

import pytest

from pgmoat.ledger.approvals import HeldWrite, RowCount, read_held_write
from tests.integration.approvals.people import decide, hold_once, run_once
from tests.moat_fixtures import Moat, refused

HIDING: LiteralString = (
    "UPDATE counters SET note = CASE WHEN id = 1 THEN repeat('x', 66000) ELSE 'DANGER' END WHERE id <= 100"
)


def read(shop: Moat, number: int) -> HeldWrite:
    with shop.superuser() as connection:
        return read_held_write(connection, number)


def test_one_long_value_does_not_hide_the_rows_after_it(shop: Moat, route: str) -> None:
    held = read(shop, hold_once(shop, "worker", "k1", HIDING, route=route))
    assert (held.is_cut, len(held.rows)) == (True, 100)
    notes = [row.after["note"] for row in held.rows if row.after]
    assert notes[0] is not None
    assert notes[0].startswith("x" * 200 + "… (66000 characters, SHA-256 ")
    assert notes[1:] == ["DANGER"] * 99


def test_long_values_that_differ_at_their_end(shop: Moat) -> None:
    """Both begin alike, and still the column is one that changes."""
    shop.run("UPDATE public.counters SET note = repeat('x', 70000) WHERE id = 1")
    held = read(
        shop,
        hold_once(shop, "worker", "k1", "UPDATE counters SET note = left(note, 69999) || 'y' WHERE id = 1"),
    )
    assert list(held.rows[0].changed) == ["note"]


def test_what_stands_under_it_binds_all_of_a_long_value(shop: Moat) -> None:
    decide(shop, hold_once(shop, "worker", "k1", HIDING))
    with refused("PM053"):
        run_once(
            shop,
            "worker",
            "k1",
            "UPDATE counters SET note = CASE WHEN id = 1 THEN repeat('x', 65999) || 'y' ELSE 'DANGER' END"
            " WHERE id <= 100",
        )
    assert run_once(shop, "worker", "k1", HIDING)["affected"] == 100


@pytest.mark.parametrize("note", ["short", "x" * 2_000, "\x01" * 2_000])
def test_a_preview_takes_64_kb(shop: Moat, note: str) -> None:
    """Values that do not fit are cut to 200 characters or to 20, before any row is left out."""
    shop.run("UPDATE public.counters SET note = %s", note)
    number = hold_once(shop, "worker", "k1", "UPDATE counters SET v = 1 WHERE id <= 100")
    ((size, rows),) = shop.read(
        "SELECT octet_length(preview::text), jsonb_array_length(preview) FROM pgmoat.approvals WHERE id = %s",
        number,
    )
    assert size <= 65536
    assert rows == 100
    assert read(shop, number).is_cut is (note != "short")


def test_how_many_of_what(shop: Moat) -> None:
    """Of all rows, also those that are not shown."""
    statement: LiteralString = (
        "WITH a AS (UPDATE counters SET v = 1 WHERE id <= 130 RETURNING id)"
        " INSERT INTO flags (name, v) SELECT 'f' || id, 1 FROM a WHERE id <= 2"
    )
    held = read(shop, hold_once(shop, "worker", "k1", statement))
    assert held.counts == (RowCount("counters", "update", 130), RowCount("flags", "insert", 2))
    assert (held.affected, len(held.rows)) == (132, 100)
