"""The list of scenarios and the example policy, as data."""

from __future__ import annotations

from pgmoat.demo.script import SCENARIOS
from pgmoat.demo.shop import find_policy_file, load_example
from pgmoat.model.finding import Severity

_PROMISED = {
    "hard delete",
    "truncate",
    "drop",
    "update of all rows",
    "loop past the budget",
    "budget dodged by set_config",
    "two entities in one CTE",
    "read of payments",
    "un-delete",
    "forged deleted_by",
    "forged task token",
    "another agent's token",
    "LOCK TABLE",
    "SELECT FOR UPDATE",
    "INSERT without a task",
    "COPY without a task",
    "lifted statement_timeout",
    "expired task",
    "frozen in mid-session",
    "two agents, one row",
    "write to a hidden column",
    "filter on a decoded column",
    "retry storm",
    "same key, other payload",
    "read of another customer's order",
    "write of another customer's order",
    "illegal step",
    "stale step",
    "edit of the event log",
    "budget dodged by a new task",
    "child task beyond its parent",
    "undo",
}


def test_every_promised_scenario_is_there_once() -> None:
    names = [scenario.name for scenario in SCENARIOS]
    assert len(names) == len(set(names))
    assert set(names) >= _PROMISED


def test_what_is_tried_is_words_and_sql_on_one_line() -> None:
    for scenario in SCENARIOS:
        assert scenario.tried.startswith(scenario.words)
        assert "\n" not in scenario.tried
        assert "%" not in scenario.tried  # parameters read as PostgreSQL writes them


def test_parameters_are_numbered() -> None:
    loop = next(scenario for scenario in SCENARIOS if scenario.name == "loop past the budget")
    assert "BETWEEN $1 AND $2" in loop.tried


def test_lifted_timeout_says_that_the_wall_comes_later() -> None:
    lifted = next(scenario for scenario in SCENARIOS if scenario.name == "lifted statement_timeout")
    assert "watchdog, which comes later" in lifted.words


def test_example_policy_loads_without_warnings_and_explains_everything() -> None:
    example = load_example()
    # The entities for scoped agents are on tables that have an entity already; there is nothing else to say.
    assert {(found.code, found.severity) for found in example.findings} == {("same-table", Severity.NOTE)}
    assert set(example.policy.agents) == {
        "fulfillment",
        "customer_support",
        "analytics",
        "concierge",
        "courier",
    }
    assert all(agent.doc for agent in example.policy.agents.values())
    for entity in example.policy.entities.values():
        assert entity.doc
        assert all(entity.column(name).doc for name in entity.columns)


def test_example_policy_keeps_payments_and_personal_data_out() -> None:
    policy = load_example().policy
    assert "public.payments" not in {entity.table for entity in policy.entities.values()}
    hidden = {"lst_nm", "eml", "tel", "brth_dt", "tax_no"}
    assert not hidden & set(policy.entities["customers"].columns)
    assert "payments" in find_policy_file().read_text(encoding="utf-8")  # it says so
