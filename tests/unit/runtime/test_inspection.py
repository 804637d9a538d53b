"""Answers: what is cut off, what is warned of, what is not sent."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from pgmoat.errors import GuardRefusedError, PermissionDeniedError
from pgmoat.guard.allowed import compile_allowed
from pgmoat.guard.check import Use, Verdict
from pgmoat.policy.load import load_policy_text
from pgmoat.runtime.binding import Bound
from pgmoat.runtime.inspection import (
    find_ceilings,
    inspect_statement,
    make_call_result,
    make_plain_result,
    make_read_result,
    make_write_result,
)
from pgmoat.runtime.profile import resolve_profile

POLICY = load_policy_text(
    """
version: 1
entities: {orders: {table: public.orders, columns: {id: {}, n: {}}}}
agents:
  support: {entities: {orders: {update: [n]}}, guard: {result_rows: 2}}
  free: {entities: {orders: {}}, guard: {cost: null, plan_rows: null}}
""",
    "moat.yaml",
).policy
PROFILE = resolve_profile(POLICY, "support")
ALLOWED = compile_allowed(POLICY, "support")
COUNTERS = ("pgmoat_size", "pgmoat_sum", "pgmoat_count")


def test_a_statement_that_may_be_sent() -> None:
    assert inspect_statement(Bound("SELECT id FROM orders", ()), Use.READ, ALLOWED).command == "select"


def test_the_first_problem_is_the_message_and_the_others_its_detail() -> None:
    with pytest.raises(GuardRefusedError) as caught:
        inspect_statement(Bound("SELECT pg_sleep(1), secret FROM payments", ()), Use.READ, ALLOWED)
    error = caught.value
    assert error.rule
    assert error.hint
    text = "SELECT pg_sleep(1), secret FROM payments"
    assert error.position == text.index("payments") + 1
    assert error.detail.splitlines() == [
        "At character 33: payments",
        "Also: pg_sleep() is not allowed: it holds a connection and does nothing (functions, at character 8:"
        " pg_sleep(1), secret FROM payme …). Hint: leave it out",
    ]
    assert error.as_dict().items() >= {"rule": "relations", "position": 33, "code": "guard-refused"}.items()


def test_a_write_that_is_not_granted_is_of_both_kinds() -> None:
    with pytest.raises(PermissionDeniedError, match="may not update id of orders; it may update n") as caught:
        inspect_statement(Bound("UPDATE orders SET id = 1 WHERE id = 2", ()), Use.WRITE, ALLOWED)
    assert isinstance(caught.value, GuardRefusedError)
    assert caught.value.code == "right-missing"


def test_plans_are_asked_for_where_the_policy_has_a_ceiling() -> None:
    assert find_ceilings(PROFILE, Verdict(())) is not None
    assert find_ceilings(PROFILE, Verdict((), is_explain=True)) is None
    assert find_ceilings(resolve_profile(POLICY, "free"), Verdict(())) is None


def test_a_plan_speaks_of_entities_where_their_tables_tell_them_apart() -> None:
    policy = load_policy_text(
        """
version: 1
entities:
  purchases: {table: public.tbl_ord, columns: {id: {}}}
  clients: {table: public.users, columns: {id: {}}}
  staff: {table: hr.users, columns: {id: {}}}
agents: {a: {entities: {purchases: {}, clients: {}, staff: {}}}}
""",
        "moat.yaml",
    ).policy
    ceilings = find_ceilings(resolve_profile(policy, "a"), Verdict(()))
    assert ceilings is not None
    assert ceilings.entities == {"tbl_ord": "purchases"}


def test_a_read_is_cut_off_without_its_counters() -> None:
    rows = [(1, 3, 3, 3), (2, 3, 6, 3), (3, 3, 9, 3)]
    found = make_read_result(("id", *COUNTERS), rows, Verdict((), has_order=True), PROFILE)
    assert (found.columns, list(found)) == (("id",), [{"id": 1}, {"id": 2}])
    assert (found.affected, found.truncated, len(found.warnings)) == (2, True, 1)


def test_a_read_that_fits_and_one_of_nothing() -> None:
    found = make_read_result(("id", *COUNTERS), [(1, 3, 3, 2), (2, 3, 6, 2)], Verdict(()), PROFILE)
    assert (len(found), found.truncated, found.warnings) == (2, False, ())
    assert make_read_result(("id", *COUNTERS), [], Verdict(()), PROFILE).columns == ("id",)


def test_a_limit_without_order_is_warned_of() -> None:
    names, rows = ("id", *COUNTERS), [(1, 3, 3, 1)]
    found = make_read_result(names, rows, Verdict((), has_limit=True), PROFILE)
    assert "left to chance" in found.warnings[0]
    assert not make_read_result(names, rows, Verdict((), has_limit=True, has_order=True), PROFILE).warnings
    assert not make_read_result(names, rows, Verdict((), has_limit=True, has_one_row=True), PROFILE).warnings
    assert not make_read_result(names, [], Verdict((), has_limit=True), PROFILE).warnings
    assert not make_read_result(names, rows, Verdict((), has_limit=True, limit=2), PROFILE).warnings
    assert make_read_result(names, rows, Verdict((), has_limit=True, limit=1), PROFILE).warnings


def test_columns_of_one_name_hide_nothing() -> None:
    found = make_plain_result(["id", "id", "id_2"], [(1, 2, 3)])
    assert list(found) == [{"id": 1, "id_3": 2, "id_2": 3}]
    assert "several columns are called id" in found.warnings[0]


def test_a_write_shows_what_is_at_hand_else_what_was_stored() -> None:
    stored = {"affected": 1, "rows": [[["id", 20]], ["7"]], "statement_id": 5}
    assert list(make_write_result(stored)) == [{"id": 7}]
    found = make_write_result(stored, (("id",), ({"id": 8},)), key="k")
    assert (list(found), found.statement_id, found.key, found.warnings) == ([{"id": 8}], 5, "k", ())


def test_a_replay_and_what_was_too_large_to_keep_are_warned_of() -> None:
    stored: dict[str, Any] = {"affected": 0, "rows": [], "truncated": True, "replayed": True}
    found = make_write_result(stored)
    assert (found.replayed, found.truncated, found.rows) == (True, True, ())
    assert [warning.split(",")[0] for warning in found.warnings] == [
        "this was tried before with the same key",  # and not: it was done
        "the rows that it returned were too large to be kept",
    ]
    done = make_write_result(stored | {"affected": 1, "truncated": False})
    assert [warning.split(",")[0] for warning in done.warnings] == ["this was done before with the same key"]
    assert not make_write_result(stored, ((), ())).truncated


def test_a_call_has_decimals() -> None:
    rows = [{"id": 9007199254740993, "amount": "x"}]
    text = json.dumps({"affected": 1, "rows": rows, "truncated": False, "replayed": False, "key": "k"})
    found = make_call_result(text.replace('"x"', "0.10"))
    assert found[0] == {"id": 9007199254740993, "amount": Decimal("0.10")}
    assert str(found[0]["amount"]) == "0.10"
    assert (found.columns, found.key) == (("id", "amount"), "k")
