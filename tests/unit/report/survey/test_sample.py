"""How a table is sampled: whole, by rows or by blocks."""

from __future__ import annotations

import pytest

from pgmoat.catalog.snapshot import Table
from pgmoat.model.installer import SUPERUSER
from pgmoat.report.survey.sample import choose_sample, refuse_sample
from pgmoat.report.survey.structure import Relation


def make_relation(live_rows: int = 0, kind: str = "r", *, extension: str | None = None) -> Relation:
    return Relation(1, "public", "t", kind, False, extension, True, True, (), False, False, live_rows)


def make_table(rows: int) -> Table:
    return Table("public", "t", "r", "owner", False, rows, (), (), (), (), (), None)


@pytest.mark.parametrize(
    ("rows", "live_rows", "tables", "percent", "method", "most"),
    [
        (0, 0, 10, None, "BERNOULLI", 2_000),
        (2_000, 0, 10, None, "BERNOULLI", 2_000),
        (0, 8_000, 10, 15.0, "BERNOULLI", 1_000),
        (1_000_000, 0, 10, 0.144, "SYSTEM", 1_000),
        (300, 0, 1_000, 40.0, "BERNOULLI", 100),
        (20_000, 0, 1_000, 7.2, "SYSTEM", 100),
    ],
)
def test_small_tables_whole_others_by_rows_or_blocks(  # noqa: PLR0917 - one case
    rows: int, live_rows: int, tables: int, percent: float | None, method: str, most: int
) -> None:
    chosen = choose_sample(make_relation(live_rows), make_table(rows), tables, SUPERUSER)
    assert chosen.percent == pytest.approx(percent)
    assert (chosen.method, chosen.rows) == (method, most)


def test_whose_rows_are_not_read() -> None:
    table = make_table(1)
    assert refuse_sample(make_relation(), table, SUPERUSER) == ""
    assert refuse_sample(make_relation(kind="v"), table, SUPERUSER).startswith("a view")
    assert refuse_sample(make_relation(kind="f"), table, SUPERUSER).startswith("a foreign table")
    assert "postgis" in refuse_sample(make_relation(extension="postgis"), table, SUPERUSER)
