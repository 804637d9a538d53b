"""Plans that are too expensive or too large, and those that only look so."""

from __future__ import annotations

from typing import Any

import pytest

from pgmoat.guard.estimate import Ceilings, judge_plan


def make_step(kind: str, rows: float, cost: float, *below: dict[str, Any], **fields: Any) -> dict[str, Any]:
    named = {name.replace("_", " ").title(): value for name, value in fields.items()}
    step = {"Node Type": kind, "Plan Rows": rows, "Startup Cost": 0.0, "Total Cost": cost, **named}
    relationships = ["Outer", "Inner"]
    plans = [{"Parent Relationship": relationships[n], **child} for n, child in enumerate(below)]
    return {**step, "Plans": plans} if plans else step


def make_plan(step: dict[str, Any]) -> object:
    return [{"Plan": step}]


SCAN = make_step("Seq Scan", 1_200_000, 20_000.0, relation_name="orders", alias="o")


def test_a_large_step_is_named() -> None:
    problem = judge_plan(make_plan(SCAN), Ceilings(None, 1_000_000))
    assert problem is not None
    assert problem.rule == "plan_rows"
    assert problem.message == (
        "Seq Scan on orders o expects 1,200,000 rows, more than guard.plan_rows allows (1,000,000)"
    )
    assert "indexed column" in problem.hint


def test_a_table_is_called_as_the_agent_knows_it() -> None:
    scan = make_step("Seq Scan", 2_000, 20.0, relation_name="tbl_ord", alias="b")
    entities = {"tbl_ord": "purchases", "ref": "refunds"}
    problem = judge_plan(make_plan(scan), Ceilings(None, 1_000, entities))
    assert problem is not None
    assert problem.message.startswith("Seq Scan on purchases expects 2,000 rows")
    hidden = make_step("Seq Scan", 1, 0.1, relation_name="codes")
    other = make_step("Index Scan", 1, 0.2, hidden, relation_name="ref", index_name="ref_pkey")
    crossed = make_step("Nested Loop", 4_000, 500.0, make_step("Hash", 2_000, 21.0, scan), other)
    problem = judge_plan(make_plan(crossed), Ceilings(None, 3_000, entities))
    assert problem is not None
    assert problem.message.startswith("Nested Loop over purchases, refunds expects 4,000 rows")
    assert "codes" not in problem.message
    decoding = make_step("Materialize", 3, 1.0, hidden, parent_relationship="Inner")
    decoded = make_step("Nested Loop", 2_000, 90.0, scan | {"Parent Relationship": "Outer"}, decoding)
    problem = judge_plan(make_plan(decoded), Ceilings(None, 500, entities))
    assert problem is not None
    assert problem.message.startswith("Seq Scan on purchases expects 2,000 rows")


def test_the_step_that_costs_most_is_named() -> None:
    plan = make_plan(make_step("Aggregate", 1, 26_000.0, SCAN, strategy="Plain"))
    problem = judge_plan(plan, Ceilings(25_000, None))
    assert problem is not None
    assert problem.rule == "cost"
    assert problem.message == (
        "the plan costs 26,000, more than guard.cost allows (25,000); Seq Scan on orders o alone costs 20,000"
    )


@pytest.mark.parametrize(
    "ceilings", [Ceilings(None, None), Ceilings(20_000, 1_200_000), Ceilings(None, 10**9)]
)
def test_what_is_within(ceilings: Ceilings) -> None:
    assert judge_plan(make_plan(SCAN), ceilings) is None


def test_a_limit_lets_steps_stop_early() -> None:
    limited = make_plan(make_step("Limit", 10, 0.2, SCAN))
    assert judge_plan(limited, Ceilings(1_000, 1_000)) is None


def test_a_sort_wants_all_rows_first() -> None:
    ordered = make_step("Sort", 1_200_000, 30_000.0, SCAN)
    problem = judge_plan(make_plan(make_step("Limit", 10, 25_000.0, ordered)), Ceilings(None, 1_000))
    assert problem is not None
    assert problem.message.startswith("Seq Scan on orders o expects 1,200,000 rows")


def test_the_inner_side_of_a_loop_counts_for_each_row_outside() -> None:
    inner = make_step("Index Scan", 20, 8.0, relation_name="items", alias="items", index_name="items_idx")
    loop = make_step("Nested Loop", 600, 9_000.0, make_step("Seq Scan", 1_000, 10.0), inner)
    problem = judge_plan(make_plan(loop), Ceilings(None, 10_000))
    assert problem is not None
    assert problem.message.startswith("Index Scan using items_idx on items expects 20,000 rows in 1,000 runs")
    assert judge_plan(make_plan(loop), Ceilings(None, 20_000)) is None


def test_what_is_kept_is_not_run_again() -> None:
    kept = make_step("Materialize", 20, 9.0, make_step("Seq Scan", 20, 8.0))
    loop = make_step("Nested Loop", 100, 9_000.0, make_step("Seq Scan", 1_000, 10.0), kept)
    problem = judge_plan(make_plan(loop), Ceilings(8_000, None))
    assert problem is not None
    assert "Materialize alone costs" in problem.message


def test_a_subquery_for_each_row_is_found_by_its_cost() -> None:
    subquery = {
        **make_step("Aggregate", 1, 1_000.0, relation_name="items", strategy="Plain"),
        "Parent Relationship": "SubPlan",
        "Subplan Name": "SubPlan 1",
    }
    scan = {**make_step("Seq Scan", 500, 500_100.0, relation_name="orders"), "Plans": [subquery]}
    problem = judge_plan(make_plan(scan), Ceilings(10_000, None))
    assert problem is not None
    assert "Aggregate on items alone" in problem.message
    assert "join" in problem.hint
    hashed = {**scan, "Filter": "(ANY (id = (hashed SubPlan 1).col1))"}
    problem = judge_plan(make_plan(hashed), Ceilings(10_000, None))
    assert problem is not None
    assert "Seq Scan on orders alone" in problem.message


_UNREADABLE: list[object] = [
    *(None, 1, "plan", [], {}, [1], [{}], {"Plan": 1}, {"Plan": {}}, {"Plan": {"Node Type": "Result"}}),
    {"Plan": {**SCAN, "Total Cost": "cheap"}},
    {"Plan": {**SCAN, "Total Cost": float("nan")}},
    {"Plan": {**SCAN, "Plans": [1]}},
    {"Plan": {**SCAN, "Plans": 1}},
    {"Plan": {**SCAN, "Plans": [{}]}},
]


@pytest.mark.parametrize("plan", _UNREADABLE)
def test_a_plan_that_cannot_be_read_is_refused(plan: object) -> None:
    problem = judge_plan(plan, Ceilings(10**9, 10**9))
    assert problem is not None
    assert judge_plan(plan, Ceilings(None, None)) is None


def test_a_bare_plan_is_read_too() -> None:
    assert judge_plan({"Plan": SCAN}, Ceilings(10**9, 10**9)) is None
