"""
Scopes through PgBouncer in transaction mode, where tasks take turns on one server connection.

I/O: PgBouncer, PostgreSQL.
"""

from __future__ import annotations

from tests.integration.scopes.test_reads import open_scoped
from tests.moat_fixtures import Moat, enter, refused


def test_tasks_that_share_a_server_connection_keep_to_their_own_rows(shop: Moat) -> None:
    tokens = {customer: open_scoped(shop, customer_id=customer) for customer in (42, 43, 44)}
    connections = {customer: shop.connect_pooled("clerk", resets=False) for customer in tokens}
    try:
        for _ in range(8):  # row functions get a generic plan at their sixth call
            for customer, connection in connections.items():
                with connection.transaction():
                    enter(connection, tokens[customer])
                    rows = connection.execute("SELECT DISTINCT customer_id FROM orders").fetchall()
                    assert rows == [(customer,)]
                    updated = connection.execute("UPDATE items SET qty = qty + 1").rowcount
                    assert updated == 10
                    with refused("PM029"), connection.transaction():
                        connection.execute(
                            "INSERT INTO orders (customer_id) VALUES (%s)", (customer % 3 + 42 + 1,)
                        )
    finally:
        for connection in connections.values():
            connection.close()


def test_a_pooled_session_without_a_task_sees_nothing(shop: Moat) -> None:
    with shop.connect_pooled("clerk", resets=False) as first, first.transaction():
        enter(first, open_scoped(shop, customer_id=42))
        first.execute("SELECT * FROM orders")
    with shop.connect_pooled("clerk", resets=False) as second, refused("PM001"):
        second.execute("SELECT * FROM orders")
