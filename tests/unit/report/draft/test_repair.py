"""Each error has its smallest change."""

from __future__ import annotations

from pgmoat.catalog.snapshot import CodeCounts
from pgmoat.model.finding import Finding, PolicyPath, Severity
from pgmoat.report.draft.build import build_draft
from pgmoat.report.draft.model import Draft
from pgmoat.report.draft.render import render_draft
from pgmoat.report.draft.repair import Facts, repair
from tests.unit.report.draft.surveys import column, sample, survey, table

SURVEY = survey(
    table("customers", "id"),
    table(
        "orders",
        "id",
        column("stat_cd", "int2"),
        column("status", "text"),
        "customer_id",
        points={"customer_id": "customers"},
        checks={"status": ("open", "closed")},
        samples={"stat_cd": sample({"1": 50, "2": 50})},
    ),
)
DRAFT = build_draft(SURVEY)
TABLES = {name: part.table for name, part in SURVEY.tables.items()}


def mend(path: PolicyPath, code: str = "some-code", counts: dict[str, int] | None = None) -> Draft:
    finding = Finding(Severity.ERROR, code, path, "it does not fit")
    codes = {("public.orders", "stat_cd"): CodeCounts(counts or {}, sampled=False)}
    return repair(DRAFT, [finding], Facts(TABLES, codes))


def values(draft: Draft) -> tuple[tuple[str, str], ...]:
    orders = draft.entity("orders")
    assert orders is not None
    stat = orders.column("stat_cd")
    assert stat is not None
    return stat.values


def test_codes_that_the_sample_lacked_are_added() -> None:
    path = ("entities", "orders", "columns", "stat_cd", "values")
    found = mend(path, "codes-not-mapped", {"1": 900, "2": 80, "9": 1})
    assert values(found) == (("1", "TODO_1"), ("2", "TODO_2"), ("9", "TODO_9"))


def test_a_map_that_cannot_be_mended_goes() -> None:
    path = ("entities", "orders", "columns", "stat_cd", "values")
    assert values(mend(path, "codes-not-mapped", {str(code): 1 for code in range(50)})) == ()
    assert values(mend((*path, "1"), "code-type")) == ()


def test_no_value_of_the_data_gets_into_the_file() -> None:
    path = ("entities", "orders", "columns", "stat_cd", "values")
    found = mend(path, "codes-not-mapped", {"1": 50, "Anna Smith": 1})
    assert values(found) == ()
    assert "Anna" not in render_draft(found)
    assert "no value map: the data holds values that are no codes" in render_draft(found)


def test_a_column_that_is_refused_is_commented_out() -> None:
    found = mend(("entities", "orders", "columns", "customer_id")).entity("orders")
    assert found is not None
    refused = found.column("customer_id")
    assert refused is not None
    assert refused.hidden == "plan refuses it: it does not fit"


def test_deletes_are_forbidden_for_entity_and_agents() -> None:
    assert any(access.delete for agent in DRAFT.agents for access in agent.accesses)
    found = mend(("entities", "orders", "delete", "deleted_at"))
    orders = found.entity("orders")
    assert orders is not None
    assert orders.delete == "forbid"
    assert not any(access.delete for agent in found.agents for access in agent.accesses)


def test_a_table_that_cannot_be_an_entity_is_left_out_with_all_that_names_it() -> None:
    found = mend(("entities", "customers", "table"))
    assert [part.name for part in found.entities] == ["orders"]
    assert found.left_out[-1].table == "public.customers"
    assert found.left_out[-1].why == "it does not fit"
    assert all(access.entity != "customers" for agent in found.agents for access in agent.accesses)
    assert all(column.references is None for column in found.entities[0].columns)


def test_a_right_that_is_refused_is_taken_back() -> None:
    found = mend(("agents", "operator", "entities", "orders", "update"))
    assert [access.update for access in found.agents[2].accesses if access.entity == "orders"] == [()]


def test_what_no_draft_can_mend_changes_nothing() -> None:
    assert mend((), "cannot-create-roles") == DRAFT
    assert mend(("accept",), "reach-system-role") == DRAFT
