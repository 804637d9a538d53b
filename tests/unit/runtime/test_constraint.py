"""Errors of constraints, as the agent knows table and columns."""

from __future__ import annotations

import pytest

from pgmoat.runtime.failures import explain_failure
from tests.unit.runtime.test_failures import make_error
from tests.unit.runtime.test_wording import PROFILE


@pytest.mark.parametrize(
    ("message", "detail", "shown", "rest"),
    [
        (
            'null value in column "nm" of relation "ppl" violates not-null constraint',
            "Failing row contains (7, null, 123-45).",
            'null value in column "name" of people violates not-null constraint',
            "",
        ),
        (
            'new row for relation "ppl" violates check constraint "ppl_nm_check"',
            "Failing row contains (7, x, 123-45).",
            'new row for people violates check constraint "ppl_nm_check"',
            "",
        ),
        (
            'insert or update on table "vst" violates foreign key constraint "vst_pid_fkey"',
            'Key (pid)=(5) is not present in table "ppl".',
            'insert or update on visits violates foreign key constraint "vst_pid_fkey"',
            "Key (person_id)=(5) is not present in people.",
        ),
        (
            'duplicate key value violates unique constraint "others_a_b_key"',
            "Key (a, b)=(1, 2) already exists.",
            'duplicate key value violates unique constraint "others_a_b_key"',
            "Key (a, b)=(1, 2) already exists.",
        ),
        (
            'null value in column "nm" of relation "others" violates not-null constraint',
            "",
            'null value in column "nm" of relation "others" violates not-null constraint',
            "",
        ),
    ],
)
def test_names_and_no_row(message: str, detail: str, shown: str, rest: str) -> None:
    found = explain_failure(make_error("23502", message, detail=detail), PROFILE)
    assert (found.message, found.detail) == (shown, rest)


def test_without_a_policy_it_is_postgresqls() -> None:
    assert explain_failure(make_error("23502", 'of relation "ppl"')).message == 'of relation "ppl"'
