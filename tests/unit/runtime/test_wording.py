"""PostgreSQL's errors in the names that the agent knows."""

from __future__ import annotations

import pytest

from pgmoat.errors import AgentError, PermissionDeniedError
from pgmoat.policy.load import load_policy_text
from pgmoat.runtime.failures import clarify_failures, explain_failure
from pgmoat.runtime.profile import resolve_profile
from tests.unit.runtime.test_failures import make_error

PROFILE = resolve_profile(
    load_policy_text(
        """
version: 1
entities:
  people:
    table: public.ppl
    columns: {id: {}, nm: {name: name}, ssn: {}}
  visits:
    table: public.vst
    columns: {id: {}, pid: {name: person_id}, what: {}}
agents:
  clerk:
    entities:
      people: {select: [id, name], update: [name], delete: false}
      visits: {insert: [person_id, what]}
""",
        "moat.yaml",
    ).policy,
    "clerk",
)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            'cannot update view "visits"',
            "this agent may not update visits; it may insert person_id, what",
        ),
        (
            'cannot delete from view "people"',
            "this agent may not delete from people; it may update name",
        ),
        ('cannot insert into view "others"', "this agent may not insert into others"),
    ],
)
def test_a_view_without_trigger_is_a_right_that_is_missing(said: str, message: str) -> None:
    error = make_error("55000", said, detail="Views …", hint="provide an INSTEAD OF UPDATE trigger")
    assert type(explain_failure(error)) is PermissionDeniedError
    found = explain_failure(error, PROFILE)
    assert (found.message, found.detail) == (message, "")
    assert "person grants more" in found.hint


def test_a_column_that_is_not_granted_gets_those_that_are() -> None:
    found = explain_failure(make_error("42501", "permission denied for view people"), PROFILE)
    assert found.message == ("permission denied for people: this agent may only read id, name; update name")
    assert found.hint.startswith("Name the columns: SELECT * and RETURNING * ")
    assert found.hint.endswith("A person grants more in the policy.")


def test_an_entity_without_hidden_columns_is_asked_for_by_star() -> None:
    found = explain_failure(make_error("42501", "permission denied for view visits"), PROFILE)
    assert "read id, person_id, what; insert person_id, what" in found.message
    assert "*" not in found.hint
    other = explain_failure(make_error("42501", "permission denied for schema public"), PROFILE)
    assert other.message == "permission denied for schema public"


def test_a_text_in_double_quotes() -> None:
    missing = make_error("42703", 'column "p1" does not exist')
    assert "'p1'" in explain_failure(missing, PROFILE, 'SELECT id FROM people WHERE name = "p1"').hint
    assert not explain_failure(missing, PROFILE, "SELECT p1 FROM people").hint
    near = make_error("42703", 'column "p1" does not exist', hint="Perhaps you meant …")
    assert explain_failure(near, PROFILE, 'SELECT "p1" FROM people').hint == "Perhaps you meant …"


def test_errors_of_a_block_are_reworded_and_stay_the_same() -> None:
    cause = make_error("55000", 'cannot update view "visits"')
    raised = explain_failure(cause)
    with pytest.raises(AgentError) as caught, clarify_failures(PROFILE):
        raise raised from cause
    assert caught.value is raised
    assert str(raised) == raised.message == "this agent may not update visits; it may insert person_id, what"
