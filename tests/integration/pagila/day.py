"""
A day of the two writing agents, in rounds that never meet one another's rows nor people's.

In: a Moat, the number of a round. Out: how many rows each agent wrote. I/O: PostgreSQL.
"""

from __future__ import annotations

from typing import LiteralString

from tests.moat_fixtures import Connection, Moat


def edit_catalog(moat: Moat, number: int) -> int:
    """Add a film and an actor, correct a film, change a cast, withdraw a film."""
    film = 901 + number
    with moat.task("catalog_editor", reason="not sold any more") as agent:
        title = f"NEW FILM {number}"
        new_film = _insert(agent, "INSERT INTO films (title, language_id) VALUES (%s, 1) RETURNING id", title)
        new_actor = _insert(
            agent, "INSERT INTO actors (first_name, last_name) VALUES ('NEW', %s) RETURNING id", str(number)
        )
        written = 2
        for statement, values in (
            ("INSERT INTO film_actors (actor_id, film_id) VALUES (%s, %s)", (new_actor, new_film)),
            ("INSERT INTO film_categories (film_id, category_id) VALUES (%s, 1)", (new_film,)),
            (
                "UPDATE films SET rental_price = rental_price + 0.5, rating = 'restricted' WHERE id = %s",
                (film,),
            ),
            ("DELETE FROM film_actors WHERE film_id = %s", (film,)),
            ("DELETE FROM films WHERE id = %s", (new_film,)),
        ):
            written += agent.execute(statement.encode(), values).rowcount
    return written


def serve_customers(moat: Moat, number: int) -> int:
    """Sign a customer up, rent a disc out and take it back, correct an address, withdraw a customer."""
    customer, copy = 501 + number, 4001 + number
    with moat.task("desk_clerk", reason="moved away") as agent:
        address = _insert(
            agent,
            "INSERT INTO addresses (street, district, city_id, phone)"
            " VALUES ('1 Main Street', 'Here', 300, %s) RETURNING id",
            str(number),
        )
        newcomer = _insert(
            agent,
            "INSERT INTO customers (store_id, first_name, last_name, address_id, standing)"
            " VALUES (1, 'NEW', 'CUSTOMER', %s, 'good') RETURNING id",
            address,
        )
        rental = _insert(
            agent,
            "INSERT INTO rentals (rented_at, copy_id, customer_id, clerk_id)"
            " VALUES ('2007-03-01 12:00', %s, %s, 2) RETURNING id",
            copy,
            newcomer,
        )
        written = 3
        for statement, values in (
            ("UPDATE rentals SET returned_at = rented_at + interval '2 days' WHERE id = %s", (rental,)),
            (
                "UPDATE customers SET email = 'new@example.com', standing = 'suspended' WHERE id = %s",
                (customer,),
            ),
            (
                "UPDATE addresses SET phone = '555'"
                " WHERE id = (SELECT address_id FROM customers WHERE id = %s)",
                (customer,),
            ),
            ("DELETE FROM rentals WHERE id = %s", (rental,)),
            ("DELETE FROM customers WHERE id = %s", (newcomer,)),
        ):
            written += agent.execute(statement.encode(), values).rowcount
    return written


def _insert(agent: Connection, statement: LiteralString, *values: object) -> int:
    row = agent.execute(statement, values).fetchone()
    assert row is not None
    return int(row[0])
