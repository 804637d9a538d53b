"""From a survey to a draft."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgmoat.catalog.snapshot import ForeignKeyChild, Reach, TablePolicy, UniqueIndex
from pgmoat.policy.load import check_policy, load_policy_text
from pgmoat.report.draft.build import DraftOptions, build_draft
from pgmoat.report.draft.data import as_policy
from pgmoat.report.draft.deletes import judge_soft_delete
from pgmoat.report.draft.model import Draft, DraftColumn, DraftEntity
from pgmoat.report.draft.render import render_draft
from pgmoat.report.survey.snapshot import Lookup, Survey, SurveyedTable
from tests.unit.report.draft.surveys import column, sample, survey, table


def draft(*tables: SurveyedTable) -> Draft:
    """Return the draft, which must be a policy and read back as written."""
    return check(build_draft(survey(*tables)))


def check(found: Draft) -> Draft:
    policy = as_policy(found)
    assert [finding for finding in check_policy(policy) if finding.severity == "error"] == []
    assert load_policy_text(render_draft(found), "moat.yaml").policy == policy
    return found


def entity(found: Draft, name: str) -> DraftEntity:
    chosen = found.entity(name)
    assert chosen is not None
    return chosen


def drafted(found: Draft, name: str, base: str) -> DraftColumn:
    chosen = entity(found, name).column(base)
    assert chosen is not None
    return chosen


def say(column: DraftColumn) -> list[str]:
    return [f"{remark.kind.value}: {remark.text}" for remark in column.remarks]


def test_codes_that_nobody_explains_are_a_persons_to_decide() -> None:
    counts = {"1": 40, "2": 35, "7": 25}
    orders = table("orders", "id", column("stat_cd", "int2"), samples={"stat_cd": sample(counts)})
    found = drafted(draft(orders), "orders", "stat_cd")
    assert found.name == "status_code"
    assert found.values == (("1", "TODO_1"), ("2", "TODO_2"), ("7", "TODO_7"))
    assert say(found)[-1] == "DECIDE: what these codes mean; rows seen: 1 (40), 2 (35), 7 (25)"


@pytest.mark.parametrize("name", ["quantity", "year", "priority_count", "length", "customer_rank"])
def test_numbers_that_are_no_codes_have_no_map(name: str) -> None:
    counts = {"1": 40, "2": 35, "7": 25}
    found = drafted(draft(table("orders", "id", name, samples={name: sample(counts)})), "orders", name)
    assert found.values == ()


def test_a_comment_that_explains_all_codes_gives_the_words() -> None:
    comment = "State of the order. 1 = pending, 2 = paid, 9 = gone"
    base = column("stat_cd", "int2", comment=comment)
    for counts in ({"1": 40, "2": 35}, {}):
        orders = table("orders", "id", base, samples={"stat_cd": sample(counts)} if counts else {})
        found = drafted(draft(orders), "orders", "stat_cd")
        assert found.name == "status"
        assert found.values == (("1", "pending"), ("2", "paid"), ("9", "gone"))
        assert found.doc == "State of the order."
        assert say(found)[-1] == "note: words from the column's comment"


def test_a_comment_that_misses_a_code_leaves_all_to_a_person() -> None:
    base = column("stat_cd", "int2", comment="1 = pending, 2 = paid")
    orders = table("orders", "id", base, samples={"stat_cd": sample({"1": 40, "2": 35, "7": 25})})
    found = drafted(draft(orders), "orders", "stat_cd")
    assert dict(found.values)["7"] == "TODO_7"
    assert found.doc.startswith("1 = pending, 2 = paid.")


def test_flags_are_guessed() -> None:
    orders = table(
        "orders",
        "id",
        column("is_paid", "int2"),
        column("active", "bpchar"),
        samples={"is_paid": sample({"0": 50, "1": 50}), "active": sample({"Y": 50, "N": 50})},
    )
    found = draft(orders)
    assert drafted(found, "orders", "is_paid").values == (("0", "no"), ("1", "yes"))
    assert drafted(found, "orders", "active").values == (("N", "no"), ("Y", "yes"))
    assert say(drafted(found, "orders", "active")) == ["guess: N and Y mean no and yes"]


def test_words_of_a_check_or_an_enum_need_no_map() -> None:
    orders = table(
        "orders",
        "id",
        column("status", "text"),
        column("mood", "text", type_category="E", enum_labels=("sad", "happy")),
        checks={"status": ("open", "closed")},
    )
    found = draft(orders)
    assert (drafted(found, "orders", "status").values, drafted(found, "orders", "mood").values) == ((), ())
    assert drafted(found, "orders", "status").doc == "One of open, closed."
    assert drafted(found, "orders", "mood").doc == "One of sad, happy."


def lookup(name: str, *extra: str) -> SurveyedTable:
    plain = table(name, "id", column("name", "text"), *extra)
    return replace(plain, lookup=Lookup("id", "name", (("1", "pending"), ("2", "shipped"))))


def test_a_lookup_table_becomes_a_map() -> None:
    orders = table("orders", "id", "status_id", points={"status_id": "statuses"})
    found = draft(orders, lookup("statuses"))
    status = drafted(found, "orders", "status_id")
    assert (status.name, status.values) == ("status", (("1", "pending"), ("2", "shipped")))
    assert status.references is None
    assert found.entity("statuses") is None
    assert [item.table for item in found.left_out] == ["public.statuses"]


def test_a_lookup_table_that_says_more_stays_an_entity() -> None:
    orders = table("orders", "id", "status_id", points={"status_id": "statuses"})
    found = draft(orders, lookup("statuses", "days_allowed"))
    assert drafted(found, "orders", "status_id").references == "statuses"
    assert drafted(found, "orders", "status_id").values == ()


def test_references_come_from_constraints_and_guesses_say_so() -> None:
    found = draft(
        table("customers", "id"),
        table("orders", "id", "usr_id", "customer_id", points={"usr_id": "customers"}),
    )
    assert drafted(found, "orders", "usr_id").references == "customers"
    assert say(drafted(found, "orders", "usr_id")) == []
    assert drafted(found, "orders", "customer_id").references == "customers"
    assert say(drafted(found, "orders", "customer_id"))[-1].startswith("guess: points to customers")


@pytest.mark.parametrize(
    "base", [column("customer_id", "text"), column("customer", "int4"), column("id_customer")]
)
def test_what_cannot_point_there_does_not(base: object) -> None:
    found = draft(table("customers", "id"), table("orders", "id", base))  # pyright: ignore[reportArgumentType]
    assert all(part.references is None for part in entity(found, "orders").columns)


def test_what_is_sensitive_is_commented_out_with_the_reason() -> None:
    found = draft(table("customers", "id", column("email", "text"), column("password_hash", "text")))
    assert [part.base for part in entity(found, "customers").listed] == ["id"]
    text = render_draft(found)
    assert "\n      # email: {}  # hidden: looks like an email address" in text
    uncommented = text.replace("# email: {}", "email: {}", 1)
    assert "email" in load_policy_text(uncommented, "f").policy.entities["customers"].columns


def test_a_table_of_nothing_else_is_left_out() -> None:
    found = draft(table("people", column("email", "text"), key=()))
    assert found.entities == ()
    assert found.left_out[0].why == "every column of it looks sensitive"


def test_no_word_of_few_rows_is_told() -> None:
    rare = {"Anna": 1, "shipped": 60, "pending": 60}
    common = {"shipped": 60, "pending": 60}
    columns = (column("state", "text"), column("kind", "text"))
    found = draft(table("orders", "id", *columns, samples={"state": sample(rare), "kind": sample(common)}))
    assert drafted(found, "orders", "state").doc == ""
    assert drafted(found, "orders", "kind").doc == "So far one of pending, shipped."


def test_nulls_are_told() -> None:
    samples = {"a": sample(nulls=40), "b": sample(nulls=100), "c": sample(rows=5, nulls=2)}
    found = draft(table("orders", "id", "a", "b", "c", samples=samples))
    assert [part.doc for part in entity(found, "orders").columns] == [
        "",
        "NULL in 40 % of rows.",
        "NULL in every row so far.",
        "",
    ]


def tickets(**more: object) -> SurveyedTable:
    columns = ("id", column("status", "text"), column("notes", "text"))
    return table("tickets", *columns, checks={"status": ("open", "closed")}, **more)  # pyright: ignore[reportArgumentType]


def test_agents_write_notes_and_states_and_nothing_else() -> None:
    found = draft(tickets(), table("orders", "id", "total"))
    reader, support, operator = found.agents
    assert {access.entity for access in reader.accesses} == {"orders", "tickets"}
    assert not reader.writes
    assert [(access.entity, access.update) for access in support.accesses] == [("tickets", ("notes",))]
    assert [(a.entity, a.update, a.delete) for a in operator.accesses] == [
        ("tickets", ("status", "notes"), True)
    ]
    assert entity(found, "tickets").delete == "soft"
    assert entity(found, "orders").delete == "forbid"


def test_rows_that_others_point_to_are_not_deleted() -> None:
    found = draft(tickets(), table("replies", "id", "ticket_id", points={"ticket_id": "tickets"}))
    assert entity(found, "tickets").delete == "forbid"
    assert (
        entity(found, "tickets").suggestions[-1].why
        == "rows of public.replies would still point to deleted ones"
    )
    assert not any(access.delete for agent in found.agents for access in agent.accesses)


def test_a_unique_value_keeps_rows_from_being_deleted() -> None:
    plain = tickets().table
    index = UniqueIndex("tickets_code", ("notes",), is_primary=False, is_constraint=True, predicate=None)
    found = draft(tickets(unique_indexes=(*plain.unique_indexes, index)))
    assert entity(found, "tickets").delete == "forbid"
    assert "tickets_code, which is UNIQUE" in entity(found, "tickets").delete_remarks[0].text
    assert found.agents[1].accesses[0].update == ()


def test_a_table_without_key_is_only_read() -> None:
    found = draft(tickets(key=()))
    assert not any(agent.writes for agent in found.agents)


def test_a_table_that_marks_deleted_rows_keeps_to_it() -> None:
    found = draft(table("orders", "id", column("removed_at", "timestamptz")))
    assert entity(found, "orders").delete == "soft"
    assert entity(found, "orders").delete_columns == {"reason": "required", "deleted_at": "removed_at"}
    assert entity(found, "orders").column("removed_at") is None


def secured(*policies: TablePolicy, columns: tuple[str, ...] = ("tenant_id",)) -> SurveyedTable:
    return table("orders", "id", *columns, row_security=True, row_policies=policies)


FORGED = TablePolicy("p", is_permissive=True, command="*", roles=("PUBLIC",), reads_settings=True)
OPEN = TablePolicy("p", is_permissive=True, command="*", roles=("PUBLIC",), reads_settings=False)


def test_row_security_asks_for_a_scope_or_keeps_the_table_out() -> None:
    assert entity(draft(secured(FORGED)), "orders").rows == "tenant_id = task.tenant_id"
    assert entity(draft(secured()), "orders").rows == "tenant_id = task.tenant_id"
    assert entity(draft(secured(OPEN)), "orders").rows is None
    rejected = draft(secured(FORGED, columns=("total",)))
    assert rejected.entities == ()
    assert rejected.left_out[0].is_rejected


def test_a_plain_tenant_is_suggested_for_all_that_leads_to_it() -> None:
    found = draft(
        table("customers", "id"),
        table("orders", "id", column("customer_id", not_null=True), points={"customer_id": "customers"}),
        table("bills", "id", column("customer_id", not_null=True), points={"customer_id": "customers"}),
        table("lines", "id", column("order_id", not_null=True), points={"order_id": "orders"}),
        table("colours", "id"),
    )
    lines = {
        part.name: [s.line for s in part.suggestions if s.line.startswith("rows:")] for part in found.entities
    }
    assert lines == {
        "bills": ["rows: customer_id = task.customer_id"],
        "colours": [],
        "customers": ["rows: id = task.customer_id"],
        "lines": ["rows: order_id in orders"],
        "orders": ["rows: customer_id = task.customer_id"],
    }
    text = render_draft(found)
    for part in found.entities:  # every suggestion works once its mark is taken away
        for suggestion in part.suggestions:
            text = text.replace(f"# {suggestion.line}", suggestion.line)
    policy = load_policy_text(text, "f").policy
    assert policy.entities["lines"].rows == "order_id in orders"


def test_what_public_reaches_is_accepted_with_what_closes_it() -> None:
    reach = (
        Reach("public.f(integer)", "function", "EXECUTE", "PUBLIC"),
        Reach("public.orders", "table", "SELECT", "PUBLIC"),
        Reach("public.orders", "table", "INSERT", "PUBLIC"),
        Reach("boss", "membership", "INHERIT", "agent_reader"),
    )
    plain = survey(table("orders", "id"))
    found = check(build_draft(Survey(plain.database, plain.server_version, plain.tables, reach)))
    assert [entry.object for entry in found.accept] == ["public.f(integer)", "public.orders"]
    assert 'REVOKE SELECT, INSERT ON "public"."orders" FROM PUBLIC;' in found.accept[1].why


def test_the_same_survey_gives_the_same_bytes_in_any_order() -> None:
    tables = [table("orders", "id", "a"), tickets(), table("customers", "id")]
    texts = {
        render_draft(build_draft(replace(survey(), tables={t.table.qualified_name: t for t in order})))
        for order in (tables, tables[::-1])
    }
    assert len(texts) == 1


def test_an_empty_database() -> None:
    found = check(build_draft(survey(), DraftOptions()))
    assert found.entities == ()
    assert found.agents == ()
    assert any("is it the right database" in note for note in found.notes)


def test_many_tables_left_out_for_one_reason_stand_in_one_list() -> None:
    tables = [table(f"audit_{name}", "id", kind="v") for name in "abcdef"]
    text = render_draft(draft(table("orders", "id"), *tables))
    assert "#   6 times: a view; entities stand on tables" in text
    assert "#     public.audit_a, public.audit_b, public.audit_c" in text
    assert text.count("entities stand on tables") == 1


def test_a_boolean_is_named_as_a_claim_and_not_as_a_type() -> None:
    """As lint advises."""
    users = table(
        "users", "id", column("activebool", "bool"), column("is_paid_bool", "bool"), column("active")
    )
    found = draft(users)
    assert drafted(found, "users", "activebool").name == "is_active"
    assert drafted(found, "users", "is_paid_bool").name == "is_paid"
    assert drafted(found, "users", "active").name == "active"


def test_partitions_are_not_named_where_their_parent_is() -> None:
    parts = [ForeignKeyChild(f"public.payment_p{number}", "fk", "a") for number in range(3)]
    children = (*parts, ForeignKeyChild("public.payment", "fk", "a"))
    customers = table("customer", "id", "note", children=children)
    soft = judge_soft_delete(customers, {"public.payment", "public.customer"})
    assert soft.left_behind == "rows of public.payment would still point to deleted ones"
    assert "and 2 more" in judge_soft_delete(customers).left_behind
