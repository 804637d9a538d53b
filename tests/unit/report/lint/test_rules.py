"""Each rule finds what it is for, and is not taken in by what only looks like it."""

from __future__ import annotations

from typing import Any

import pytest

from pgmoat.catalog.snapshot import Column
from pgmoat.report.lint.rules import RULES
from pgmoat.report.survey.snapshot import Lookup, SurveyedTable
from tests.unit.report.lint.build import column, lint, objects, sample, table

ID = column("id", "int4")
Y_N = {"Y": 40, "N": 60}


def orders(*columns: Column, **more: Any) -> SurveyedTable:
    return table("orders", ID, *columns, **more)


CUSTOMERS = table("customers", ID, column("name"))
STATES = table(
    "order_states",
    column("id", "int2"),
    column("label"),
    lookup=Lookup("id", "label", (("1", "new"), ("2", "paid"))),
)
PARENT = table("payment", ID, column("amount", "numeric"), has_inheritors=True)

FOUND: list[tuple[str, tuple[SurveyedTable, ...], list[str]]] = [
    ("PL001", (table("tblxrfc", ID),), ["tblxrfc"]),
    ("PL002", (orders(column("xfrcd")),), ["orders.xfrcd"]),
    ("PL003", (orders(column("usr_id", "int4")),), ["orders.usr_id"]),
    ("PL003", (orders(column("upd_ts", "timestamptz")),), ["orders.upd_ts"]),
    ("PL004", (orders(column("data"), column("type", "int4")),), ["orders.data", "orders.type"]),
    ("PL004", (table("info", ID, comment=None),), ["info"]),
    ("PL005", (orders(column("phone1"), column("phone2"), column("phone3")),), ["orders"]),
    ("PL005", (orders(column("col_1"), column("col_2"), column("col_3")),), ["orders"]),
    ("PL006", (table("user", ID, column("order", "int4")),), ["user", "user.order"]),
    ("PL007", (table("Orders", ID, column("CustomerId", "int4")),), ["Orders", "Orders.CustomerId"]),
    ("PL007", (orders(column("first name"), column("2nd")),), ["orders.first name", "orders.2nd"]),
    (
        "PL008",
        (orders(column("signature", "bool"), column("flg_1", "bool")),),
        ["orders.signature", "orders.flg_1"],
    ),
    ("PL008", (orders(column("activebool", "bool")),), ["orders.activebool"]),
    (
        "PL009",
        (
            table("orders", ID, column("created_at", "timestamptz")),
            table("items", ID, column("created_at", "timestamptz")),
            table("returns", ID, column("create_date", "timestamptz")),
        ),
        ["returns.create_date"],
    ),
    (
        "PL010",
        (orders(column("duration", "int4"), column("net_weight", "numeric")),),
        ["orders.duration", "orders.net_weight"],
    ),
    ("PL011", (table("customers_old", ID, comment=None), CUSTOMERS), ["customers_old"]),
    ("PL011", (table("orders_bak_20240131", ID, comment=None),), ["orders_bak_20240131"]),
    (
        "PL020",
        (orders(column("stat_cd", "int2"), samples={"stat_cd": sample({"1": 50, "2": 30, "5": 20})}),),
        ["orders.stat_cd"],
    ),
    ("PL020", (orders(column("status", "int2")),), ["orders.status"]),  # no data: the name is enough
    (
        "PL020",
        (orders(column("grp", "bpchar", length=1), samples={"grp": sample({"A": 50, "B": 30, "X": 20})}),),
        ["orders.grp"],
    ),
    ("PL020", (orders(column("status", "int2"), checks={"status": ["1", "2", "3"]}),), ["orders.status"]),
    (
        "PL020",
        (
            orders(
                column("status", "int2", "The status."),
                samples={"status": sample({"1": 50, "2": 30, "5": 9})},
            ),
        ),
        ["orders.status"],
    ),
    ("PL021", (orders(column("shipped_at", "timestamptz", null=True)),), ["orders.shipped_at"]),
    ("PL021", (orders(column("approved_by", "int4", null=True)),), ["orders.approved_by"]),
    ("PL021", (table("nodes", ID, column("parent_id", "int4", null=True)),), ["nodes.parent_id"]),
    (
        "PL021",
        (
            orders(
                column("is_gift", "bool", null=True), samples={"is_gift": sample({"t": 5, "f": 5}, nulls=2)}
            ),
        ),
        ["orders.is_gift"],
    ),
    (
        "PL022",
        (
            orders(
                column("status"),
                samples={"status": sample({"active": 90, "Active": 7, "closed ": 3, "closed": 9})},
            ),
        ),
        ["orders.status"],
    ),
    (
        "PL023",
        (orders(column("paid", "int4"), samples={"paid": sample({"0": 60, "1": 40})}),),
        ["orders.paid"],
    ),
    ("PL023", (orders(column("gift", "bpchar", length=1), samples={"gift": sample(Y_N)}),), ["orders.gift"]),
    ("PL023", (orders(column("is_error", "int2")),), ["orders.is_error"]),
    (
        "PL024",
        (
            orders(
                column("phone", null=True), samples={"phone": sample({"": 12, "N/A": 3, "x": 85}, nulls=4)}
            ),
        ),
        ["orders.phone"],
    ),
    ("PL030", (table("orders", ID, comment=None),), ["orders"]),
    ("PL031", (orders(column("xfrcd"), column("score", "int4")),), ["orders.xfrcd", "orders.score"]),
    ("PL032", (orders(column("order_status", comment="The status of the order.")),), ["orders.order_status"]),
    ("PL032", (table("orders", ID, comment="Orders table"),), ["orders"]),
    ("PL040", (table("orders", column("customer_id", "int4"), key=()),), ["orders"]),
    ("PL041", (CUSTOMERS, orders(column("customer_id", "int4"))), ["orders.customer_id"]),
    ("PL041", (CUSTOMERS, orders(column("customerid", "int8"))), ["orders.customerid"]),
    (
        "PL041",
        (
            table("patients", column("row_id", "int4"), column("subject_id", "int4"), key=("subject_id",)),
            table("admissions", ID, column("subject_id", "int4")),
        ),
        ["admissions.subject_id"],
    ),
    (
        "PL041",
        (
            STATES,
            orders(column("order_state_id", "int2"), samples={"order_state_id": sample({"1": 9, "2": 9})}),
        ),
        ["orders.order_state_id"],
    ),
    (
        "PL042",
        (table("comments", ID, column("object_type"), column("object_id", "int4")),),
        ["comments.object_id"],
    ),
    (
        "PL043",
        (
            table(
                "product_attributes", ID, column("product_id", "int4"), column("attribute"), column("value")
            ),
        ),
        ["product_attributes"],
    ),
    ("PL050", (orders(column("created_at", "timestamp")),), ["orders.created_at"]),
    (
        "PL051",
        (
            orders(
                column("ordered_on"),
                samples={"ordered_on": sample(rows=90, distinct=80, shapes={"99/99/999": 1.0})},
            ),
        ),
        ["orders.ordered_on"],
    ),
    (
        "PL051",
        (
            orders(
                column("at"),
                samples={"at": sample(rows=90, distinct=80, shapes={"999-99-99A99:99:99A": 1.0})},
            ),
        ),
        ["orders.at"],
    ),
    (
        "PL051",
        (orders(column("due"), samples={"due": sample({"2024-01-31": 40, "2024-02-29": 50})}),),
        ["orders.due"],
    ),
    (
        "PL052",
        (
            orders(
                column("price"),
                samples={"price": sample(rows=90, distinct=80, shapes={"99.99": 0.7, "9.99": 0.3})},
            ),
        ),
        ["orders.price"],
    ),
    (
        "PL052",
        (orders(column("quantity"), samples={"quantity": sample({"1": 50, "10": 40})}),),
        ["orders.quantity"],
    ),
    (
        "PL053",
        (
            orders(
                column("payload"),
                samples={"payload": sample(rows=90, distinct=90, shapes={'{"aaa": "aaa"}': 1.0})},
            ),
        ),
        ["orders.payload"],
    ),
    ("PL054", (orders(column("unit_price", "float4")),), ["orders.unit_price"]),
    ("PL054", (table("payments", ID, column("amount", "float8")),), ["payments.amount"]),
]

LEFT_ALONE: list[tuple[str, tuple[SurveyedTable, ...]]] = [
    ("PL001", (CUSTOMERS, table("order_items", ID))),
    ("PL002", (orders(column("customer_name"), column("created_at", "timestamptz"), column("email")),)),
    ("PL003", (orders(column("url"), column("ip_address"), column("customer_id", "int4"), column("sku")),)),
    ("PL003", (orders(column("xfrcd")),)),  # nothing to expand: another rule's
    ("PL004", (orders(column("data", comment="What the scanner sent, as JSON.")),)),
    ("PL004", (orders(column("type"), checks={"type": ["retail", "trade"]}),)),
    ("PL004", (orders(column("payment_type"), column("name"), column("status")),)),
    ("PL005", (orders(column("address1"), column("address2")),)),
    (
        "PL005",
        (
            orders(
                column("q1", comment="January"), column("q2", comment="April"), column("q3", comment="July")
            ),
        ),
    ),
    ("PL006", (table("users", ID, column("order_id", "int4"), column("name"), column("date", "date")),)),
    ("PL007", (orders(column("customer_id", "int4"), column("line_2")),)),
    ("PL008", (orders(column("is_gift", "bool"), column("active", "bool"), column("verified", "bool")),)),
    (
        "PL008",
        (
            orders(
                column("requires_signature", "bool"),
                column("can_return", "bool"),
                column("refundable", "bool"),
            ),
        ),
    ),
    ("PL008", (orders(column("signature", "bool", "True if an adult must sign.")),)),
    ("PL008", (orders(column("signature")),)),
    (
        "PL009",  # side by side in one table they are two things
        (table("orders", ID, column("created_at", "timestamptz"), column("create_date", "timestamptz")),),
    ),
    ("PL009", (table("orders", ID, column("billing_city")), table("items", ID, column("shipping_city")))),
    ("PL010", (orders(column("duration_ms", "int4"), column("duration"), column("weight_kg", "numeric")),)),
    ("PL010", (orders(column("weight", "numeric"), column("weight_unit")),)),
    ("PL010", (orders(column("length", "int4", "In minutes.")),)),
    ("PL011", (table("old_town", ID), orders(column("threshold", "int4"), column("household_id", "int4")))),
    (
        "PL020",
        (orders(column("quantity", "int2"), samples={"quantity": sample({"1": 50, "2": 30, "5": 20})}),),
    ),
    (
        "PL020",
        (orders(column("reorder_level", "int2"), samples={"reorder_level": sample({"0": 50, "25": 30})}),),
    ),
    (
        "PL020",
        (
            orders(
                column("status", "int2", "1 = pending, 2 = paid, 5 = shipped"),
                samples={"status": sample({"1": 50, "2": 30, "5": 20})},
            ),
        ),
    ),
    ("PL020", (orders(column("status", labels=("pending", "paid"))),)),
    ("PL020", (orders(column("status"), checks={"status": ["pending", "paid"]}),)),
    (
        "PL020",
        (STATES, orders(column("status", "int2"), references={"status": ("public.order_states", "id")})),
    ),
    (
        "PL020",
        (orders(column("country", "bpchar", length=2), samples={"country": sample({"DE": 50, "FR": 30})}),),
    ),
    ("PL020", (orders(column("gift", "bpchar", length=1), samples={"gift": sample(Y_N)}),)),  # a flag
    ("PL020", (orders(column("month", "int2"), samples={"month": sample({"1": 50, "2": 30, "12": 20})}),)),
    ("PL020", (orders(column("status"), samples={"status": sample({"pending": 50, "paid": 30})}),)),
    ("PL021", (orders(column("shipped_at", "timestamptz", "When it left; NULL until then.", null=True)),)),
    ("PL021", (orders(column("shipped_at", "timestamptz")),)),
    ("PL021", (orders(column("fax", null=True), samples={"fax": sample({"1": 1}, nulls=99)}),)),
    (
        "PL021",  # nullable, and never NULL
        (
            orders(
                column("shipped_at", "timestamptz", null=True),
                samples={"shipped_at": sample(rows=90, distinct=90)},
            ),
        ),
    ),
    ("PL022", (orders(column("status"), samples={"status": sample({"active": 90, "closed": 7})}),)),
    (
        "PL022",
        (orders(column("name"), samples={"name": sample({"May": 1, "may": 1})}),),
    ),  # not words that come back
    ("PL023", (orders(column("quantity", "int4"), samples={"quantity": sample({"0": 60, "1": 40})}),)),
    ("PL023", (orders(column("status", "int4"), samples={"status": sample({"0": 60, "1": 40, "2": 1})}),)),
    (
        "PL023",
        (orders(column("paid", "int4", "0 = open, 1 = paid"), samples={"paid": sample({"0": 60, "1": 40})}),),
    ),
    ("PL024", (orders(column("size"), samples={"size": sample({"S": 9, "M": 9, "L": 9})}),)),
    (
        "PL024",
        (
            orders(
                column("size", comment="N/A: made to measure"), samples={"size": sample({"N/A": 9, "M": 9})}
            ),
        ),
    ),
    (
        "PL030",
        (
            table(
                "order_products",
                column("order_id", "int4"),
                column("product_id", "int4"),
                comment=None,
                references={"order_id": ("public.orders", "id"), "product_id": ("public.products", "id")},
            ),
        ),
    ),
    ("PL031", (orders(column("customer_name"), column("xfrcd", comment="The carrier's code.")),)),
    ("PL032", (orders(column("status", comment="Where it stands: pending ones need action.")),)),
    ("PL032", (orders(column("due", "date", comment="Primary key.")),)),
    ("PL040", (CUSTOMERS,)),
    ("PL040", (table("orders", column("customer_id", "int4"), key=(), kind="v"),)),
    (
        "PL041",
        (
            CUSTOMERS,
            orders(column("customer_id", "int4"), references={"customer_id": ("public.customers", "id")}),
        ),
    ),
    ("PL041", (CUSTOMERS, orders(column("customer_id", "uuid")))),  # of another type
    ("PL041", (table("customers", column("customer_id", "int4")), orders(column("session_id", "int4")))),
    ("PL041", (table("customers", column("customer_id", "int4")),)),  # its own key
    (
        "PL041",  # none of its values is there
        (
            STATES,
            orders(column("order_state_id", "int2"), samples={"order_state_id": sample({"7": 9, "8": 9})}),
        ),
    ),
    ("PL042", (table("comments", ID, column("order_type"), column("product_id", "int4")),)),
    ("PL043", (table("settings", column("key"), column("value")),)),
    (
        "PL043",
        (table("prices", ID, column("product_id", "int4"), column("currency"), column("value", "numeric")),),
    ),
    ("PL050", (orders(column("created_at", "timestamptz"), column("born", "date")),)),
    ("PL050", (orders(column("created_at", "timestamp", "In UTC.")),)),
    (
        "PL051",
        (
            orders(
                column("phone"), samples={"phone": sample(rows=90, distinct=80, shapes={"999-999-999": 1.0})}
            ),
        ),
    ),
    ("PL051", (orders(column("due", "date"), samples={"due": sample(rows=90, distinct=80)}),)),
    ("PL052", (orders(column("zip"), samples={"zip": sample(rows=90, distinct=80, shapes={"999": 1.0})}),)),
    ("PL052", (orders(column("version"), samples={"version": sample({"1.0": 50, "2.1": 40})}),)),
    (
        "PL053",
        (orders(column("note"), samples={"note": sample(rows=90, distinct=90, shapes={"[aaa] aaa": 1.0})}),),
    ),
    (
        "PL054",
        (orders(column("unit_price", "numeric"), column("tax_rate", "float8"), column("dose", "float8")),),
    ),
    ("PL054", (table("infusions", ID, column("amount", "float8")),)),
]


@pytest.mark.parametrize(
    ("code", "tables", "wanted"), FOUND, ids=[f"{case[0]}-{case[2][0]}" for case in FOUND]
)
def test_a_rule_finds_what_it_is_for(code: str, tables: tuple[SurveyedTable, ...], wanted: list[str]) -> None:
    report = lint(*tables, code=code)
    assert objects(report) == wanted
    for finding in report.findings:
        assert finding.remark.message
        assert finding.remark.remedy.words
        assert 0 < finding.loss <= 0.5


@pytest.mark.parametrize(("code", "tables"), LEFT_ALONE, ids=[case[0] for case in LEFT_ALONE])
def test_a_rule_leaves_alone_what_is_in_order(code: str, tables: tuple[SurveyedTable, ...]) -> None:
    assert objects(lint(*tables, code=code)) == []


def test_every_rule_has_a_case_of_each_kind() -> None:
    codes = {rule.code for rule in RULES}
    assert {case[0] for case in FOUND} == codes
    assert {case[0] for case in LEFT_ALONE} == codes


def test_codes_and_names_are_unique() -> None:
    assert len({rule.code for rule in RULES}) == len({rule.slug for rule in RULES}) == len(RULES)
    assert [rule.code for rule in RULES] == sorted(rule.code for rule in RULES)


def test_partitions_and_tables_of_extensions_are_not_judged() -> None:
    partition = table("orders_2024", column("xfrcd"), comment=None, key=(), is_partition=True)
    spatial = table("spatial_ref_sys", column("srtext"), comment=None, extension="postgis")
    assert lint(partition, spatial).tables == ()


def test_a_partition_by_inheritance_is_judged_through_its_parent() -> None:
    child = table("payment_p2007_01", ID, column("amount", "numeric"), comment=None, key=())
    other = table("payment_methods", column("name"), comment=None, key=())
    assert [part.table for part in lint(PARENT, child, other).tables] == [
        "public.payment",
        "public.payment_methods",
    ]


def test_views_are_judged_only_when_asked_and_need_no_key() -> None:
    view = table(
        "big_orders", column("xfrcd"), column("created_at", "timestamp"), comment=None, key=(), kind="v"
    )
    assert lint(view).tables == ()
    found = {finding.code for finding in lint(view, with_views=True).findings}
    assert {"PL002", "PL030"} <= found
    assert "PL040" not in found


def test_no_name_is_proposed_that_another_column_has() -> None:
    report = lint(orders(column("cust_id", "int4"), column("customer_id", "int4")), code="PL003")
    remedy = report.findings[0].remark.remedy
    assert remedy.policy == 'cust_id: {name: "…"}'
    assert "customer_id is taken" in remedy.words


def test_no_name_is_proposed_that_sql_reserves() -> None:
    report = lint(table("ord", ID, column("usr", "int4")), code="PL003")
    assert [part.remark.remedy.policy for part in report.findings] == [
        "orders: {table: public.ord, …}",
        "usr: {name: order_user}",
    ]
