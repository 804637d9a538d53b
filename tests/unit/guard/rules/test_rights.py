"""Writes that the policy grants, and those that it does not."""

from __future__ import annotations

import pytest

from pgmoat.guard.allowed import compile_allowed
from pgmoat.guard.check import Problem, Use, check_statement
from pgmoat.policy.load import load_policy_text

ALLOWED = compile_allowed(
    load_policy_text(
        """
version: 1
entities:
  visits:
    table: public.vst
    columns: {id: {}, pid: {name: person_id}, what: {}, at: {}}
    log: {name: visit_log, state: what, transitions: {a: [b]}}
agents:
  clerk:
    entities:
      visits: {insert: [person_id, what]}
      visit_log: {insert: all}
  editor: {entities: {visits: {update: [person_id]}}}
""",
        "moat.yaml",
    ).policy,
    "clerk",
)


def list_problems(text: str) -> tuple[Problem, ...]:
    """Return what the guard says of a write by the clerk."""
    return check_statement(text, Use.WRITE, ALLOWED).problems


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "UPDATE visits SET what = 'x' WHERE id = 1",
            "this agent may not update visits; it may insert person_id, what",
        ),
        (
            "DELETE FROM agent.visits WHERE id = 1",
            "this agent may not delete from visits; it may insert person_id, what",
        ),
        (
            "INSERT INTO visits (person_id, at) VALUES (1, now())",
            "this agent may not insert at of visits; it may insert person_id, what",
        ),
        (
            "UPDATE visit_log SET reason = 'x' WHERE event_id = 1",
            "this agent may not update visit_log; it may insert all columns",
        ),
    ],
)
def test_what_is_not_granted(text: str, message: str) -> None:
    (problem,) = list_problems(text)
    assert (problem.rule, problem.message) == ("rights", message)
    assert problem.position is not None
    assert "person grants more" in problem.hint


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO visits (person_id, what) VALUES (1, 'x')",
        "INSERT INTO visits (nothing_like_it) VALUES (1)",  # PostgreSQL says so, with the nearest name
        "INSERT INTO visit_log (visit_id, new_status) VALUES (1, 'b')",
    ],
)
def test_what_is_granted(text: str) -> None:
    assert not list_problems(text)


def test_a_write_within_with_is_looked_at() -> None:
    text = (
        "WITH d AS (DELETE FROM visits WHERE id = 1 RETURNING id) INSERT INTO visits (what) SELECT 'x' FROM d"
    )
    assert [problem.rule for problem in list_problems(text)] == ["rights"]
