"""
What differs between the three databases: what is missing in them here, and what their agents try.

Out: EXAMPLES. I/O: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString


@dataclass(frozen=True, slots=True)
class Scope:
    """An agent in a task with a scope, and what it reads and may not do."""

    agent: str
    scope: str
    reads: Mapping[LiteralString, LiteralString]  # what the agent reads: what the superuser does
    writes: LiteralString  # a write to a row in scope
    misses: LiteralString  # the same to a row outside
    leaves: tuple[LiteralString, ...]  # writes that would put a row outside
    deletes: tuple[LiteralString, LiteralString]  # a DELETE of one row, and the query that finds it deleted


@dataclass(frozen=True, slots=True)
class Operation:
    """A call, one that a precondition refuses, and the query of what the first changes."""

    agent: str
    name: str
    arguments: Mapping[str, Any]
    refused: Mapping[str, Any]
    effect: LiteralString
    scope: str = "{}"


@dataclass(frozen=True, slots=True)
class Log:
    """A log's name, key and row, and the state: before, after a step, and one that may not follow."""

    agent: str
    scope: str
    name: LiteralString
    key: LiteralString
    row: int
    before: str
    after: str
    forbidden: str
    state: LiteralString  # the code that people see
    codes: tuple[Any, Any]


@dataclass(frozen=True, slots=True)
class Example:
    """A database by others, what is missing in it here, and what its agents do."""

    name: str
    file: str
    decoded: tuple[str, str, LiteralString, LiteralString]  # agent, scope, its query, the superuser's
    scope: Scope
    operation: Operation
    log: Log
    base: LiteralString  # a table that agents may not touch
    view: LiteralString
    before: LiteralString = ""
    after: LiteralString = ""

    @property
    def policy_file(self) -> Path:
        """The policy beside this module."""
        return Path(__file__).with_name(f"{self.name}.yaml")


NORTHWIND = Example(
    "northwind",
    "northwind.sql",
    decoded=(
        "buyer",
        "{}",
        "SELECT id, availability FROM products ORDER BY id",
        "SELECT product_id, CASE discontinued WHEN 1 THEN 'discontinued' ELSE 'sold' END"
        " FROM products ORDER BY product_id",
    ),
    scope=Scope(
        "account_manager",
        '{"customer_id": "ALFKI"}',
        {
            "SELECT id FROM customers": "SELECT customer_id FROM customers WHERE customer_id = 'ALFKI'",
            "SELECT id FROM orders ORDER BY id": "SELECT order_id FROM orders WHERE customer_id = 'ALFKI'"
            " AND deleted_at IS NULL ORDER BY 1",
            "SELECT order_id, product_id FROM order_lines ORDER BY 1, 2": "SELECT order_id, product_id"
            " FROM order_details JOIN orders AS o USING (order_id) WHERE customer_id = 'ALFKI'"
            " AND o.deleted_at IS NULL ORDER BY 1, 2",
        },
        "UPDATE orders SET ship_address = 'Obere Str. 58' WHERE id = 10643",
        "UPDATE orders SET ship_address = 'mine' WHERE id = 10248",
        (
            "INSERT INTO orders (id, customer_id) VALUES (20001, 'VINET')",
            "INSERT INTO order_lines (order_id, product_id, unit_price, quantity, discount)"
            " VALUES (10248, 1, 1, 1, 0)",
        ),
        (
            "DELETE FROM orders WHERE id = 10643",
            "SELECT deleted_by, delete_reason FROM orders WHERE order_id = 10643",
        ),
    ),
    operation=Operation(
        "shipping",
        "ship_order",
        {"order_id": 11077, "shipper_id": 2, "shipped_on": "1998-05-08"},
        {"order_id": 10248, "shipper_id": 2, "shipped_on": "1998-05-08"},
        "SELECT shipped_date::text, ship_via FROM orders WHERE order_id = 11077",
    ),
    log=Log(
        "buyer",
        "{}",
        "product_log",
        "product_id",
        3,
        "sold",
        "discontinued",
        "discontinued",
        "SELECT discontinued FROM products WHERE product_id = 3",
        (0, 1),
    ),
    base="public.employees",
    view="agent.products",
)

ADVENTUREWORKS = Example(
    "adventureworks",
    "adventureworks_nodata.sql",
    decoded=(
        "merchandise",
        "{}",
        "SELECT id, quality FROM products ORDER BY id",
        "SELECT productid, CASE class WHEN 'L ' THEN 'low' WHEN 'M ' THEN 'medium' ELSE 'high' END"
        " FROM production.product ORDER BY productid",
    ),
    scope=Scope(
        "sales",
        '{"customer_id": 2}',
        {
            "SELECT id FROM customers": "SELECT 2",
            "SELECT id, status FROM sales_orders ORDER BY id": "SELECT salesorderid, 'in process'"
            " FROM sales.salesorderheader WHERE customerid = 2 AND deleted_at IS NULL ORDER BY 1",
            "SELECT order_id, line FROM sales_order_lines ORDER BY 1, 2": "SELECT salesorderid,"
            " salesorderdetailid FROM sales.salesorderdetail"
            " JOIN sales.salesorderheader AS h USING (salesorderid)"
            " WHERE customerid = 2 AND h.deleted_at IS NULL ORDER BY 1, 2",
        },
        "UPDATE sales_orders SET remark = 'call first' WHERE id = 1",
        "UPDATE sales_orders SET remark = 'mine' WHERE id = 2",
        (
            "INSERT INTO sales_order_lines (order_id, quantity, product_id, special_offer_id, unit_price)"
            " VALUES (2, 1, 1, 1, 1)",
        ),
        (
            "DELETE FROM sales_orders WHERE id = 1",
            "SELECT deleted_by, delete_reason FROM sales.salesorderheader WHERE salesorderid = 1",
        ),
    ),
    operation=Operation(
        "merchandise",
        "change_price",
        {"product_id": 1, "price": 250},
        {"product_id": 2, "price": 2000},
        "SELECT listprice::text FROM production.product WHERE productid = 1",
    ),
    log=Log(
        "sales",
        '{"customer_id": 3}',
        "sales_order_log",
        "sales_order_id",
        2,
        "in process",
        "approved",
        "in process",
        "SELECT status FROM sales.salesorderheader WHERE salesorderid = 2",
        (1, 2),
    ),
    base="humanresources.employee",
    view="agent.sales_orders",
    # The server of the wheel has no contrib modules: the function is all that its tables need of them.
    before="CREATE FUNCTION public.uuid_generate_v1() RETURNS uuid LANGUAGE sql"
    " AS 'SELECT gen_random_uuid()'",
    after="""
INSERT INTO person.countryregion (countryregioncode, name) VALUES ('DE', 'Germany');
INSERT INTO sales.salesterritory (name, countryregioncode, "group") VALUES ('Germany', 'DE', 'Europe');
INSERT INTO person.stateprovince (stateprovincecode, countryregioncode, name, territoryid)
VALUES ('HE', 'DE', 'Hessen', 1);
INSERT INTO person.address (addressline1, city, stateprovinceid, postalcode)
VALUES ('Am Tor 1', 'Kassel', 1, '34117');
INSERT INTO purchasing.shipmethod (name, shipbase, shiprate) VALUES ('Rail', 1, 1);
INSERT INTO production.product (name, productnumber, safetystocklevel, reorderpoint, standardcost, listprice,
                                daystomanufacture, class, sellstartdate)
SELECT 'Bicycle ' || i, 'BI-' || i, 10, 5, 100, 200, 3, (ARRAY['L ', 'M ', 'H '])[1 + i % 3], '2014-01-01'
  FROM generate_series(1, 30) AS i;
INSERT INTO sales.specialoffer (description, type, category, startdate, enddate)
VALUES ('None', 'None', 'None', '2014-01-01', '2015-01-01');
INSERT INTO sales.specialofferproduct (specialofferid, productid) SELECT 1, productid FROM production.product;
INSERT INTO sales.customer (territoryid) SELECT NULL FROM generate_series(1, 10);
INSERT INTO sales.salesorderheader
       (orderdate, duedate, customerid, billtoaddressid, shiptoaddressid, shipmethodid, subtotal)
SELECT '2014-06-01', '2014-07-01', 1 + i % 10, 1, 1, 1, i FROM generate_series(1, 100) AS i;
INSERT INTO sales.salesorderdetail (salesorderid, orderqty, productid, specialofferid, unitprice)
SELECT 1 + i % 100, 1, 1 + i % 30, 1, 9.5 FROM generate_series(1, 300) AS i;
""",
)

PAGILA = Example(
    "pagila",
    "pagila_0_10_1_with_data.sql",
    decoded=(
        "desk_clerk",
        '{"store_id": 1}',
        "SELECT id, standing, account FROM customers ORDER BY id",
        "SELECT customer_id, CASE active WHEN 1 THEN 'good' ELSE 'suspended' END,"
        " CASE WHEN activebool THEN 'open' ELSE 'closed' END"
        " FROM customer WHERE store_id = 1 AND deleted_at IS NULL ORDER BY 1",
    ),
    scope=Scope(
        "desk_clerk",
        '{"store_id": 1}',
        {
            "SELECT id FROM customers ORDER BY id": "SELECT customer_id FROM customer WHERE store_id = 1"
            " AND deleted_at IS NULL ORDER BY 1",
            "SELECT id FROM rentals ORDER BY id": "SELECT rental_id FROM rental"
            " JOIN customer USING (customer_id) WHERE store_id = 1 AND deleted_at IS NULL ORDER BY 1",
        },
        "UPDATE customers SET email = 'mary@example.com' WHERE id = 1",
        "UPDATE customers SET email = 'mine' WHERE id = 4",
        (
            "UPDATE customers SET store_id = 2 WHERE id = 1",
            "INSERT INTO rentals (rented_at, copy_id, customer_id, clerk_id) VALUES (now(), 1, 4, 1)",
        ),
        (
            "DELETE FROM customers WHERE id = 1",
            "SELECT deleted_by, delete_reason FROM customer WHERE customer_id = 1",
        ),
    ),
    operation=Operation(
        "desk_clerk",
        "take_back",
        {"rental_id": 13209, "at": "2006-03-01"},
        {"rental_id": 1, "at": "2006-03-01"},
        "SELECT return_date::date::text FROM rental WHERE rental_id = 13209",
        '{"store_id": [1, 2]}',
    ),
    log=Log(
        "desk_clerk",
        '{"store_id": 1}',
        "standing_log",
        "customer_id",
        2,
        "good",
        "suspended",
        "suspended",
        "SELECT active FROM customer WHERE customer_id = 2",
        (1, 0),
    ),
    base="public.staff",
    view="agent.customers",
)

EXAMPLES = (NORTHWIND, ADVENTUREWORKS, PAGILA)
