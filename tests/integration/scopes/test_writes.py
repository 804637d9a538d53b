"""
What a task writes: rows of its scope, and no row in or out of it.

I/O: PostgreSQL.
"""

from __future__ import annotations

from typing import Any, LiteralString

import psycopg
import pytest

from tests.integration.scopes.test_reads import GIFT, open_scoped
from tests.moat_fixtures import Connection, Moat, enter, refused

OUTSIDE: dict[str, LiteralString] = {
    "insert for another": "INSERT INTO orders (customer_id, ref) VALUES (43, 'new')",
    "insert for one that is not there": "INSERT INTO orders (customer_id, ref) VALUES (999, 'new')",
    "insert for nobody": "INSERT INTO orders (customer_id, ref) VALUES (NULL, 'new')",
    "insert without the column": "INSERT INTO orders (ref) VALUES ('new')",
    "insert of a mixed lot": "INSERT INTO orders (customer_id, ref) VALUES (42, 'a'), (43, 'b')",
    "insert in a with": "WITH w AS (INSERT INTO orders (customer_id) VALUES (43) RETURNING 1)"
    " SELECT * FROM w",
    "insert of a parent": "INSERT INTO customers (id, name) VALUES (45, 'Di')",
    "insert a reference": "INSERT INTO items (order_id, sku) VALUES (2, 'x')",
    "insert a reference to nothing": "INSERT INTO items (order_id, sku) VALUES (12345, 'x')",
    "insert a reference to null": "INSERT INTO items (sku) VALUES ('x')",
    "insert a reference to nobody's": "INSERT INTO items (order_id, sku) VALUES (31, 'x')",
    "move a row away": "UPDATE orders SET customer_id = 43 WHERE id = 1",
    "move a row to nobody": "UPDATE orders SET customer_id = NULL WHERE id = 1",
    "move a reference": "UPDATE items SET order_id = 2 WHERE id = 1",
    "move a reference to nobody's": "UPDATE items SET order_id = 31 WHERE id = 1",
    "move a reference to null": "UPDATE items SET order_id = NULL WHERE id = 1",
    "move all references": "UPDATE items SET order_id = order_id + 1",
}


def read_all(shop: Moat) -> list[tuple[Any, ...]]:
    """Return every row of people's tables."""
    return [
        row
        for query in (
            "SELECT 'o', o::text FROM public.orders AS o ORDER BY id",
            "SELECT 'i', i::text FROM public.order_items AS i ORDER BY id",
            "SELECT 'c', c::text FROM public.customers AS c ORDER BY id",
            "SELECT 'n', n::text FROM public.notes AS n ORDER BY id",
        )
        for row in shop.read(query)
    ]


@pytest.mark.parametrize("statement", OUTSIDE.values(), ids=OUTSIDE)
def test_no_row_comes_in_or_goes_out_of_scope(shop: Moat, statement: LiteralString) -> None:
    before = read_all(shop)
    with refused("PM029") as caught, shop.task("clerk", open_scoped(shop, customer_id=42)) as connection:
        connection.execute(statement)
    assert "secret" not in str(caught.value)
    assert read_all(shop) == before
    assert shop.value("SELECT count(*) FROM pgmoat.change") == 0


def copy_orders(connection: Connection, *customers: int) -> None:
    with connection.cursor() as cursor, cursor.copy("COPY orders (customer_id) FROM STDIN") as copy:
        for customer in customers:
            copy.write_row((customer,))


def test_copy_keeps_to_the_scope(shop: Moat) -> None:
    before = read_all(shop)
    with refused("PM029"), shop.task("clerk", open_scoped(shop, customer_id=42)) as connection:
        copy_orders(connection, 42, 43)
    assert read_all(shop) == before
    with shop.task("clerk", open_scoped(shop, customer_id=42)) as connection:
        copy_orders(connection, 42)
    assert len(read_all(shop)) == len(before) + 1


def test_merge_keeps_to_the_scope(shop: Moat) -> None:
    merge: LiteralString = (
        "MERGE INTO orders AS o USING (VALUES {}) AS v (id, customer) ON o.id = v.id"
        " WHEN MATCHED THEN UPDATE SET customer_id = v.customer"
        " WHEN NOT MATCHED THEN INSERT (customer_id, ref) VALUES (v.customer, 'merged')"
    )
    before = read_all(shop)
    codes = ("PM029",) if shop.database.server.server_version >= 170000 else ("42809", "0A000")
    for values in ("(1, 43)", "(2, 43)"):  # its own row, and a hidden one
        with refused(*codes), shop.task("clerk", open_scoped(shop, customer_id=42)) as connection:
            connection.execute(merge.format(values).encode())
    assert read_all(shop) == before


@pytest.mark.parametrize(
    "statement",
    ["UPDATE orders SET amount = 1 WHERE id = 2", "UPDATE orders SET amount = 1 WHERE customer_id = 43",
     "UPDATE orders_by_index SET amount = 1 WHERE id = 2", "DELETE FROM orders WHERE id = 2",
     "DELETE FROM items WHERE order_id = 2", "UPDATE notes SET txt = '' WHERE id = 2",
     "UPDATE customers SET name = 'x' WHERE email LIKE '%secret%'", "DELETE FROM orders WHERE id = 31"],
)  # fmt: skip
def test_a_hidden_row_is_not_there(shop: Moat, statement: str) -> None:
    before = read_all(shop)
    with shop.task("clerk", open_scoped(shop, customer_id=42)) as connection:
        assert connection.execute(statement.encode()).rowcount == 0
    assert read_all(shop) == before


def test_writes_within_the_scope_work(shop: Moat) -> None:
    with shop.task("clerk", open_scoped(shop, customer_id=[42, 43])) as connection:
        row = connection.execute(
            "INSERT INTO orders (customer_id, ref) VALUES (43, 'new')"
            " RETURNING id, customer_id, status, amount"
        ).fetchone()
        assert row is not None
        assert row[1:] == (43, "pending", 10)
        connection.execute("INSERT INTO items (order_id, sku) VALUES (%s, 'x')", (row[0],))
        assert connection.execute("UPDATE items SET order_id = 2 WHERE sku = 'x'").rowcount == 1
        assert connection.execute("UPDATE orders SET customer_id = 43 WHERE id = 1").rowcount == 1
        assert connection.execute("UPDATE notes SET txt = 'seen'").rowcount == 20
        assert connection.execute("INSERT INTO customers (id, name) SELECT 42, 'x' WHERE false").rowcount == 0
        assert connection.execute("DELETE FROM orders WHERE ref = 'new'").rowcount == 1
    assert shop.value("SELECT usr_id FROM public.orders WHERE id = 1") == 43
    assert shop.value("SELECT count(*) FROM pgmoat.history") == 25


def test_hidden_columns_with_a_default_are_tested_as_stored(shop: Moat) -> None:
    with shop.task("clerk", open_scoped(shop, customer_id=42)) as connection:
        connection.execute("INSERT INTO visits (page) VALUES ('/c')")
    with refused("PM029"), shop.task("clerk", open_scoped(shop, customer_id=43)) as connection:
        connection.execute("INSERT INTO visits (page) VALUES ('/d')")
    assert shop.value("SELECT count(*) FROM public.visits WHERE page = '/d'") == 0


def test_several_rules_hold_for_writes(shop: Moat) -> None:
    with shop.task("clerk", open_scoped(shop, **GIFT)) as connection:
        assert connection.execute("UPDATE gifts SET txt = 'cup'").rowcount == 1
    with refused("PM029"), shop.task("clerk", open_scoped(shop, **GIFT)) as connection:
        connection.execute("UPDATE gifts SET tier = 'base'")


def test_people_s_triggers_cannot_be_used_to_move_rows(shop: Moat) -> None:
    """What counts is the row as it was stored."""
    shop.run(
        "CREATE FUNCTION public.misplace() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN IF NEW.ref = 'elsewhere' THEN NEW.usr_id := 43; END IF; RETURN NEW; END $$;"
        "CREATE TRIGGER misplace BEFORE INSERT OR UPDATE ON public.orders FOR EACH ROW"
        " EXECUTE FUNCTION public.misplace()"
    )
    try:
        for statement in (
            "INSERT INTO orders (customer_id, ref) VALUES (42, 'elsewhere')",
            "UPDATE orders SET ref = 'elsewhere' WHERE id = 1",
        ):
            with refused("PM029"), shop.task("clerk", open_scoped(shop, customer_id=42)) as connection:
                connection.execute(statement.encode())
    finally:
        shop.run("DROP FUNCTION public.misplace() CASCADE")


def test_a_prepared_write_follows_the_task(shop: Moat) -> None:
    tokens = [open_scoped(shop, customer_id=customer) for customer in (42, 43)]
    with shop.connect("clerk") as connection:
        connection.execute("SET plan_cache_mode = force_generic_plan")
        connection.execute("PREPARE add_order (bigint) AS INSERT INTO orders (customer_id) VALUES ($1)")
        connection.execute("PREPARE touch AS UPDATE orders SET amount = amount + 1 RETURNING customer_id")
        for _ in range(7):  # row functions get a generic plan at their sixth call
            for token, own, other in ((tokens[0], 42, 43), (tokens[1], 43, 42)):
                with connection.transaction():
                    enter(connection, token)
                    connection.execute(f"EXECUTE add_order ({own})".encode())
                    assert set(connection.execute("EXECUTE touch").fetchall()) == {(own,)}
                    with refused("PM029"), connection.transaction():
                        connection.execute(f"EXECUTE add_order ({other})".encode())


def test_a_row_that_people_move_away_meanwhile_is_not_written(shop: Moat) -> None:
    token = open_scoped(shop, customer_id=42)
    with shop.connect("clerk") as connection, shop.superuser() as people, connection.transaction():
        enter(connection, token)
        connection.execute("DECLARE mine CURSOR FOR SELECT id FROM orders WHERE id = 1")
        people.execute("UPDATE public.orders SET usr_id = 43 WHERE id = 1")
        assert connection.execute("UPDATE orders SET amount = 1 WHERE id = 1").rowcount == 0


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("INSERT INTO orders (customer_id, ref) VALUES (42, 'ref-1')", "23505"),
        ("UPDATE orders SET ref = 'ref-1' WHERE id = 1", "23505"),
        ("INSERT INTO orders (customer_id, amount) VALUES (42, -1)", "23514"),
        ("UPDATE customers SET name = NULL", "23502"),
        ("UPDATE customers SET email = 'bob@secret.example'", "23505"),
    ],
)
def test_a_broken_constraint_shows_no_row(shop: Moat, statement: str, code: str) -> None:
    with refused(code) as caught, shop.task("clerk", open_scoped(shop, customer_id=42)) as connection:
        connection.execute(statement.encode())
    error = caught.value
    assert isinstance(error, psycopg.Error)
    assert "The row is not shown" in (error.diag.message_detail or "")
    for hidden in ("secret", "ref-1", "(43", "Bob"):
        assert hidden not in f"{error.diag.message_primary}{error.diag.message_detail}{error.diag.context}"


def test_unique_columns_cannot_be_tried_with_rows_of_others(shop: Moat) -> None:
    """A row outside the scope never reaches the constraint, taken value or not."""
    for email in ("bob@secret.example", "free@example.com"):
        with refused("PM029"), shop.task("clerk", open_scoped(shop, customer_id=42)) as connection:
            connection.execute("INSERT INTO customers (id, name, email) VALUES (50, 'x', %s)", (email,))
    for number in (43, 50):  # the key itself: a customer that is hidden, one that is not there
        with refused("PM029"), shop.task("clerk", open_scoped(shop, customer_id=42)) as connection:
            connection.execute("INSERT INTO orders (customer_id) VALUES (%s)", (number,))
