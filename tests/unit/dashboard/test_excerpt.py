"""What of a held write has room beside others, and that nothing is left out without being said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pgmoat.dashboard.excerpt import shorten, show_whole
from pgmoat.ledger.approvals import HeldRow, HeldWrite
from pgmoat.ledger.remarks import NOTHING

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ROW = HeldRow("orders", "update", {"id": "1", "note": None}, {"id": "1", "note": "x"})
HELD = HeldWrite(
    id=1,
    agent="clerk",
    task_id="T-1",
    step=None,
    operation="write()",
    key="k",
    given_reason=None,
    why="because",
    asked_at=NOW,
    expires_at=NOW,
    affected=1,
    revision=1,
    state="pending",
    decided_at=None,
    decided_by=None,
    decided_as=None,
    decision_reason=None,
    done_at=None,
    fingerprint=b"",
    is_cut=False,
    counts=(),
    statement="SELECT 1",
    arguments=(("$1", None),),
    rows=(ROW,),
)


def test_what_is_short_is_whole() -> None:
    excerpt = shorten(HELD, NOTHING)
    assert excerpt.is_whole
    assert not show_whole(HELD, NOTHING).is_long
    assert (excerpt.rows, excerpt.arguments) == (HELD.rows, HELD.arguments)


@pytest.mark.parametrize(
    "held",
    [
        replace(HELD, is_cut=True),
        replace(HELD, rows=(ROW,) * 6),
        replace(HELD, arguments=tuple((str(n), "x") for n in range(13))),
        replace(HELD, arguments=(("x", "y" * 401),)),
        replace(HELD, arguments=(("y" * 401, None),)),
        replace(HELD, statement="y" * 2_001),
        replace(HELD, rows=(replace(ROW, before={"note": "y" * 401}),)),
        replace(HELD, rows=(replace(ROW, after={"note": "y" * 401}),)),
    ],
)
def test_what_is_left_out_makes_it_less_than_whole(held: HeldWrite) -> None:
    assert not shorten(held, NOTHING).is_whole
    whole = show_whole(held, NOTHING)
    assert whole.is_whole
    assert whole.is_long
    assert (whole.rows, whole.arguments) == (held.rows, held.arguments)
    assert (whole.most_characters, whole.most_of_statement) == (None, None)


def test_it_changes_nothing_only_where_all_is_known_and_stays() -> None:
    idle = replace(ROW, after=ROW.before)
    assert shorten(replace(HELD, rows=(idle, idle)), NOTHING).changes_nothing
    assert not shorten(replace(HELD, rows=(idle, ROW)), NOTHING).changes_nothing
    assert not shorten(replace(HELD, rows=(idle,), is_cut=True), NOTHING).changes_nothing
    assert not shorten(replace(HELD, rows=()), NOTHING).changes_nothing
