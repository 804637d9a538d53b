"""Each agent reads as its own role: legible names, decoded words, and nothing but what it was given."""

from __future__ import annotations

from typing import LiteralString

import pytest
from psycopg import sql

from tests.moat_fixtures import Moat, refused


def test_every_entity_shows_what_its_table_holds(moat: Moat) -> None:
    """Each entity is read by an agent that has it."""
    seen: set[str] = set()
    for agent, access in moat.policy.agents.items():
        with moat.task(agent) as connection, moat.superuser() as superuser:
            for entity in set(access.entities) - seen:
                schema, _, table = moat.policy.entities[entity].table.partition(".")
                count = sql.SQL("SELECT count(*) FROM {}")
                held = superuser.execute(count.format(sql.Identifier(schema, table))).fetchone()
                assert connection.execute(count.format(sql.Identifier(entity))).fetchone() == held, entity
            seen |= set(access.entities)
    assert len(seen) == len(moat.policy.entities) == 13


def test_joins_over_entities_agree_with_those_over_tables(moat: Moat) -> None:
    with moat.task("analyst") as analyst:
        rows = analyst.execute(
            """
            SELECT cat.name, f.rating, count(*), round(avg(f.rental_price), 2)
              FROM rentals AS r
              JOIN copies AS c ON c.id = r.copy_id
              JOIN films AS f ON f.id = c.film_id
              JOIN film_categories AS fc ON fc.film_id = f.id
              JOIN categories AS cat ON cat.id = fc.category_id
              JOIN customers AS cu ON cu.id = r.customer_id
              JOIN addresses AS a ON a.id = cu.address_id
              JOIN cities AS ci ON ci.id = a.city_id
              JOIN countries AS co ON co.id = ci.country_id
             WHERE f.rating IN ('from 13', 'adults only') AND co.name = 'India' AND cu.standing = 'good'
             GROUP BY cat.name, f.rating
             ORDER BY cat.name, f.rating
            """
        ).fetchall()
    assert len(rows) > 20
    assert rows == moat.read(
        """
        SELECT cat.name, CASE f.rating WHEN 'PG-13' THEN 'from 13' ELSE 'adults only' END AS word,
               count(*), round(avg(f.rental_rate), 2)
          FROM rental AS r
          JOIN inventory USING (inventory_id)
          JOIN film AS f USING (film_id)
          JOIN film_category USING (film_id)
          JOIN category AS cat USING (category_id)
          JOIN customer AS cu USING (customer_id)
          JOIN address USING (address_id)
          JOIN city USING (city_id)
          JOIN country USING (country_id)
         WHERE f.rating IN ('PG-13', 'NC-17') AND country = 'India' AND cu.active = 1
         GROUP BY cat.name, word
         ORDER BY cat.name, word
        """
    )


def test_the_planner_knows_that_no_row_is_deleted(moat: Moat) -> None:
    """A column without statistics counts as NULL in 1 of 200 rows: joins over entities would nest loops."""
    with moat.task("analyst") as analyst:
        for entity, rows in (("films", 1000), ("rentals", 16044)):
            query = sql.SQL("EXPLAIN (FORMAT JSON) SELECT id FROM {}").format(sql.Identifier(entity))
            row = analyst.execute(query).fetchone()
            assert row is not None
            assert row[0][0]["Plan"]["Plan Rows"] == pytest.approx(rows, rel=0.1), entity


def test_a_cast_is_read_with_arrays_numbers_and_domains(moat: Moat) -> None:
    with moat.task("catalog_editor") as editor:
        row = editor.execute(
            """
            SELECT f.title, f.release_year + 1, f.rental_price * 2, f.special_features[1], l.name = 'English',
                   f.rating, string_agg(a.last_name, ',' ORDER BY a.last_name)
              FROM films AS f
              JOIN languages AS l ON l.id = f.language_id
              JOIN film_actors AS fa ON fa.film_id = f.id
              JOIN actors AS a ON a.id = fa.actor_id
             WHERE 'Trailers' = ANY (f.special_features) AND f.id = 2
             GROUP BY f.id, f.title, f.release_year, f.rental_price, f.special_features, l.name, f.rating
            """
        ).fetchone()
    (wanted,) = moat.read(
        """
        SELECT title, release_year + 1, rental_rate * 2, special_features[1], true, 'everyone',
               (SELECT string_agg(last_name, ',' ORDER BY last_name)
                  FROM film_actor JOIN actor USING (actor_id) WHERE film_id = 2)
          FROM film WHERE film_id = 2 AND rating = 'G'
        """
    )
    assert row == wanted


def test_words_of_numbers_booleans_and_an_enum(moat: Moat) -> None:
    with moat.task("desk_clerk") as clerk:
        accounts = clerk.execute(
            "SELECT account, standing, count(*) FROM customers GROUP BY 1, 2 ORDER BY 1, 2"
        ).fetchall()
        suspended = clerk.execute("SELECT count(*) FROM customers WHERE standing <> 'good'").fetchone()
    assert accounts == moat.read(_ACCOUNTS)
    assert suspended == (moat.value("SELECT count(*) FROM customer WHERE active = 0"),)
    with moat.task("analyst") as analyst:
        ratings = analyst.execute("SELECT rating, count(*) FROM films GROUP BY 1 ORDER BY 1").fetchall()
    assert ratings == moat.read(_RATINGS)


_ACCOUNTS: LiteralString = """
SELECT CASE WHEN activebool THEN 'open' ELSE 'closed' END,
       CASE active WHEN 1 THEN 'good' ELSE 'suspended' END, count(*)
  FROM customer GROUP BY 1, 2 ORDER BY 1, 2
"""
_RATINGS: LiteralString = """
SELECT CASE rating WHEN 'G' THEN 'everyone' WHEN 'PG' THEN 'parental guidance' WHEN 'PG-13' THEN 'from 13'
                   WHEN 'R' THEN 'restricted' WHEN 'NC-17' THEN 'adults only' END, count(*)
  FROM film GROUP BY 1 ORDER BY 1
"""


def test_docs_are_comments(moat: Moat) -> None:
    with moat.task("desk_clerk") as clerk:
        row = clerk.execute(
            "SELECT obj_description('rentals'::regclass),"
            " col_description('rentals'::regclass, (SELECT attnum FROM pg_attribute"
            " WHERE attrelid = 'rentals'::regclass AND attname = 'returned_at'))"
        ).fetchone()
    assert row is not None
    rentals = moat.policy.entities["rentals"]
    assert row[0].startswith(rentals.doc)
    assert row[1].startswith(rentals.column("return_date").doc)


@pytest.mark.parametrize(
    ("agent", "query"),
    [
        ("desk_clerk", "SELECT password FROM public.staff"),
        ("desk_clerk", "SELECT * FROM public.payment"),
        ("desk_clerk", "SELECT * FROM public.payment_p2007_01"),
        ("desk_clerk", "SELECT last_name FROM public.customer"),
        ("desk_clerk", "SELECT at_work FROM clerks"),
        ("desk_clerk", "SELECT description FROM films"),
        ("desk_clerk", "SELECT * FROM films"),
        ("desk_clerk", "SELECT * FROM languages"),
        ("desk_clerk", "SELECT * FROM public.staff_list"),
        ("desk_clerk", "SELECT * FROM public.sales_by_store"),
        ("desk_clerk", "SELECT * FROM public.current_customer"),
        ("desk_clerk", "SELECT * FROM public.rewards_report(7, 20.00)"),
        ("desk_clerk", "SET LOCAL search_path = public; SELECT film_in_stock(1, 1)"),
        ("desk_clerk", "SELECT nextval('public.rental_rental_id_seq')"),
        ("desk_clerk", "CREATE FUNCTION public.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'"),
        ("analyst", "SELECT last_name FROM customers"),
        ("analyst", "SELECT email FROM customers"),
        ("analyst", "SELECT id FROM customers ORDER BY first_name"),
        ("analyst", "SELECT street FROM addresses"),
        ("analyst", "SELECT * FROM actors"),
        ("analyst", "SELECT * FROM clerks"),
        ("catalog_editor", "SELECT * FROM customers"),
        ("catalog_editor", "SELECT * FROM rentals"),
        ("catalog_editor", "SELECT fulltext FROM public.film"),
    ],
)
def test_what_was_not_given_is_refused(moat: Moat, agent: str, query: str) -> None:
    with refused("42501"), moat.task(agent) as connection:
        connection.execute(query.encode())


@pytest.mark.parametrize(
    "query",
    [
        "SELECT password FROM clerks",
        "SELECT picture FROM clerks",
        "SELECT deleted_by FROM customers",
        "SELECT active FROM customers",
        "SELECT * FROM payments",
    ],
)
def test_what_is_hidden_is_not_there(moat: Moat, query: str) -> None:
    with refused("42703", "42P01"), moat.task("desk_clerk") as connection:
        connection.execute(query.encode())


def test_what_was_accepted_can_be_read(moat: Moat) -> None:
    with moat.task("analyst") as analyst:
        rows = analyst.execute("SELECT category, total_sales FROM public.sales_by_film_category").fetchall()
    assert len(rows) == 16
