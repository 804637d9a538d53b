"""What a session says of itself, and what it cannot make the watchdog believe."""

from __future__ import annotations

import pytest

from pgmoat.sampling.claim import Claim, parse_claim


@pytest.mark.parametrize(
    ("query", "name", "wanted"),
    [
        ("SELECT 1", "", Claim()),
        ("SELECT 1", "psql", Claim()),
        (
            "/*agent_id='a',step='look%20up',task_id='T%2F1'*/ SELECT 1",
            "pgmoat:T-2:x",
            Claim("T/1", "look up"),
        ),
        ("  /* agent_id='a', task_id='T-1' */SELECT 1", "", Claim("T-1")),
        ("/*step='s'*/ SELECT 1", "pgmoat:T-2:x", Claim("T-2", "x")),
        ("SELECT 1 /*task_id='T-1'*/", "", Claim()),
        ("/*task_id='T-1'", "", Claim()),
        ("/* by hand, dbDriver='x y',task_id='T-1'\n*/ SELECT 1", "", Claim("T-1")),
        ("/*task_id=''*/", "pgmoat:T-2", Claim("T-2")),
        ("/*task_id='%00%ff'*/", "", Claim("\ufffd")),
        ("", "pgmoat:a:b:step", Claim("a:b", "step")),
        ("", "pgmoat:T-1:", Claim("T-1")),
        ("", "pgmoat:T%7E1:s", Claim("T~1", "s")),
        ("", "pgmoat:long~0a1b2c3d:s", Claim(None, "s")),
    ],
)
def test_claims(query: str, name: str, wanted: Claim) -> None:
    assert parse_claim(query, name) == wanted


def test_a_claim_is_cut() -> None:
    assert parse_claim(f"/*task_id='{'x' * 999}'*/", "").task_id == "x" * 200
