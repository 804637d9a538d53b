"""Each agent writes as its own role, in tasks: people's keys, triggers and constraints do their part."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from tests.integration.pagila.day import edit_catalog, serve_customers
from tests.moat_fixtures import Moat, enter, refused

_RENT = "INSERT INTO rentals (rented_at, copy_id, customer_id, clerk_id) VALUES"


def test_a_new_film_gets_key_defaults_and_what_triggers_fill(moat: Moat) -> None:
    with moat.task("catalog_editor") as editor:
        row = editor.execute(
            """
            INSERT INTO films (title, description, release_year, language_id, special_features, rating)
            VALUES ('QUIET WOMBAT', 'A Wombat digs in Tasmania', 1999, 1,
                    ARRAY['Trailers', 'a, "b"'], 'from 13')
            RETURNING id, rental_days, rental_price, replacement_cost, rating, special_features,
                      last_changed_at = localtimestamp
            """
        ).fetchone()
        assert row is not None
        wanted = (3, Decimal("4.99"), Decimal("19.99"), "from 13", ["Trailers", 'a, "b"'], True)
        assert row[1:] == wanted
    assert moat.read(
        "SELECT rating::text, fulltext @@ to_tsquery('wombat & tasmania'), release_year, special_features"
        " FROM public.film WHERE film_id = %s",
        row[0],
    ) == [("PG-13", True, 1999, ["Trailers", 'a, "b"'])]


def test_changes_return_what_was_stored(moat: Moat) -> None:
    with moat.task("catalog_editor") as editor:
        row = editor.execute(
            """
            UPDATE films
               SET rental_price = rental_price * 1.111, rental_days = 7, rating = 'restricted',
                   special_features = special_features || '{Commentaries}'::text[], description = 'A platypus'
             WHERE id = 10
            RETURNING rental_price, rental_days, rating, special_features, last_changed_at = localtimestamp
            """
        ).fetchone()
    (stored,) = moat.read(
        "SELECT rental_rate, rental_duration, 'restricted', special_features, true,"
        " fulltext @@ to_tsquery('platypus'), rating::text FROM public.film WHERE film_id = 10"
    )
    assert row == stored[:5]
    assert stored[0] == Decimal("5.54")  # numeric(4,2): 4.99 * 1.111
    assert stored[3][-1] == "Commentaries"
    assert stored[5:] == (True, "R")


def test_a_composite_key_is_inserted_and_deleted(moat: Moat) -> None:
    with moat.task("catalog_editor") as editor:
        made = editor.execute(
            "INSERT INTO film_actors (actor_id, film_id) VALUES (1, 800), (2, 800)"
            " RETURNING actor_id, film_id"
        ).fetchall()
        assert made == [(1, 800), (2, 800)]
        gone = editor.execute(
            "DELETE FROM film_actors WHERE film_id = 800 AND actor_id = 1 RETURNING actor_id, film_id"
        ).fetchall()
        assert gone == [(1, 800)]
        left = editor.execute("SELECT actor_id FROM film_actors WHERE film_id = 800 ORDER BY 1").fetchall()
        assert (1,) not in left
        assert (2,) in left
    assert moat.read(
        "SELECT actor_id, deleted_by FROM public.film_actor"
        " WHERE film_id = 800 AND actor_id IN (1, 2) ORDER BY 1"
    ) == [(1, "agent:catalog_editor-v2"), (2, None)]


def test_keys_of_deleted_rows_stay_taken(moat: Moat) -> None:
    with moat.task("catalog_editor") as editor:
        editor.execute("INSERT INTO film_actors (actor_id, film_id) VALUES (3, 801)")
        editor.execute("DELETE FROM film_actors WHERE actor_id = 3 AND film_id = 801")
        with refused("23505"), editor.transaction():
            editor.execute("INSERT INTO film_actors (actor_id, film_id) VALUES (3, 801)")


def test_a_rental_from_desk_to_return(moat: Moat) -> None:
    with moat.task("desk_clerk") as clerk:
        copy = clerk.execute(
            "SELECT c.id FROM copies AS c JOIN films AS f ON f.id = c.film_id"
            " WHERE f.title = 'ZORRO ARK' AND NOT EXISTS"
            " (SELECT FROM rentals AS r WHERE r.copy_id = c.id AND r.returned_at IS NULL)"
            " ORDER BY c.id LIMIT 1"
        ).fetchone()
        assert copy is not None
        rental = clerk.execute(
            "INSERT INTO rentals (rented_at, copy_id, customer_id, clerk_id) "
            "VALUES ('2007-05-01 10:00', %s, 7, 1) RETURNING id, returned_at",
            copy,
        ).fetchone()
        assert rental is not None
        assert rental[1] is None
        clerk.execute("UPDATE rentals SET returned_at = '2007-05-03 18:00' WHERE id = %s", rental[:1])
    assert moat.read(
        "SELECT inventory_id, return_date, deleted_at FROM public.rental WHERE rental_id = %s", rental[0]
    ) == [(copy[0], datetime(2007, 5, 3, 18), None)]  # noqa: DTZ001 - the column has no time zone
    assert moat.value("SELECT public.inventory_in_stock(%s)", copy[0]) is True


def test_people_and_agents_share_sequences(moat: Moat) -> None:
    with moat.task("catalog_editor") as editor:
        first = editor.execute(
            "INSERT INTO actors (first_name, last_name) VALUES ('A', 'B') RETURNING id"
        ).fetchone()
    moat.run("INSERT INTO public.actor (first_name, last_name) VALUES ('P', 'Q')")
    assert first is not None
    assert moat.value("SELECT actor_id FROM public.actor WHERE last_name = 'Q'") == first[0] + 1


def test_a_customer_is_withdrawn_with_a_reason(moat: Moat) -> None:
    with moat.task("desk_clerk") as clerk, refused("PM020"), clerk.transaction():
        clerk.execute("DELETE FROM customers WHERE id = 300")
    with moat.task("desk_clerk", reason="asked us to") as clerk:
        row = clerk.execute("DELETE FROM customers WHERE id = 300 RETURNING id, account, standing").fetchone()
        assert row == (300, "open", "good")
        assert clerk.execute("SELECT FROM customers WHERE id = 300").fetchone() is None
        assert clerk.execute("SELECT count(*) > 0 FROM rentals WHERE customer_id = 300").fetchone() == (True,)
    assert moat.read(
        "SELECT deleted_by, delete_reason, deleted_at IS NULL FROM public.customer WHERE customer_id = 300"
    ) == [("agent:desk_clerk-v1", "asked us to", False)]
    assert moat.read("SELECT FROM public.current_customer WHERE customer_id = 300") == []
    assert len(moat.read("SELECT FROM public.customer_list WHERE id = 300")) == 1


def test_standing_is_written_in_words(moat: Moat) -> None:
    with moat.task("desk_clerk") as clerk:
        clerk.execute("UPDATE customers SET standing = 'suspended', account = 'closed' WHERE id = 20")
        with refused("PM021"), clerk.transaction():
            clerk.execute("UPDATE customers SET standing = 'bad' WHERE id = 20")
    assert moat.read("SELECT active, activebool FROM public.customer WHERE customer_id = 20") == [(0, False)]


@pytest.mark.parametrize(
    ("agent", "statement", "code"),
    [
        ("desk_clerk", f"{_RENT} (now(), 1, 99999, 1)", "22003"),
        ("desk_clerk", f"{_RENT} (now(), 1, 9999, 1)", "23503"),
        ("desk_clerk", "INSERT INTO customers (store_id, first_name) VALUES (1, 'X')", "23502"),
        (
            "catalog_editor",
            "INSERT INTO films (title, language_id, release_year) VALUES ('X', 1, 1800)",
            "23514",
        ),
        ("catalog_editor", "UPDATE films SET rental_price = 100 WHERE id = 1", "22003"),
        ("catalog_editor", "INSERT INTO film_actors (actor_id, film_id) VALUES (1, 1)", "23505"),
        (
            "catalog_editor",
            "INSERT INTO actors (first_name, last_name) VALUES (repeat('x', 46), 'Y')",
            "22001",
        ),
    ],
)
def test_peoples_constraints_hold(moat: Moat, agent: str, statement: str, code: str) -> None:
    with refused(code), moat.task(agent, reason="none") as connection:
        connection.execute(statement.encode())


@pytest.mark.parametrize(
    ("agent", "statement"),
    [
        ("catalog_editor", "UPDATE films SET title = 'MINE' WHERE id = 1"),
        ("catalog_editor", "UPDATE films SET last_changed_at = now() WHERE id = 1"),
        ("catalog_editor", "INSERT INTO films (id, title, language_id) VALUES (9, 'X', 1)"),
        ("catalog_editor", "DELETE FROM actors WHERE id = 1"),
        ("catalog_editor", "DELETE FROM film_categories WHERE film_id = 1"),
        ("catalog_editor", "UPDATE film_actors SET film_id = 2 WHERE film_id = 1"),
        ("catalog_editor", "UPDATE languages SET name = 'Klingon'"),
        ("catalog_editor", "UPDATE public.film SET fulltext = ''"),
        ("catalog_editor", "DELETE FROM public.film_actor"),
        ("desk_clerk", "UPDATE customers SET last_name = 'X' WHERE id = 1"),
        ("desk_clerk", "UPDATE rentals SET customer_id = 1 WHERE id = 1"),
        ("desk_clerk", "UPDATE films SET rental_price = 0 WHERE id = 1"),
        ("desk_clerk", "UPDATE public.staff SET password = 'x'"),
        ("desk_clerk", "UPDATE clerks SET first_name = 'X'"),
        ("desk_clerk", "INSERT INTO public.payment VALUES (1, 1, 1, 1, 1, now())"),
        ("desk_clerk", "DELETE FROM public.payment"),
        ("desk_clerk", "TRUNCATE public.rental"),
        ("desk_clerk", "UPDATE public.customer SET deleted_by = 'nobody'"),
        ("analyst", "UPDATE films SET rental_price = 0"),
        ("analyst", "INSERT INTO rentals (rented_at) VALUES (now())"),
        ("analyst", "DELETE FROM customers WHERE id = 1"),
    ],
)
def test_what_was_not_given_is_not_written(moat: Moat, agent: str, statement: str) -> None:
    # 55000: no agent may do this at all, so that the view has no trigger for it.
    with refused("42501", "55000"), moat.task(agent, reason="none") as connection:
        connection.execute(statement.encode())


def test_rows_of_a_statement_are_limited_for_each_agent(moat: Moat) -> None:
    with refused("PM010"), moat.task("desk_clerk") as clerk:
        clerk.execute("UPDATE customers SET standing = 'good' WHERE id BETWEEN 30 AND 36")
    with moat.task("catalog_editor") as editor:
        assert editor.execute("UPDATE films SET rental_days = 5 WHERE id BETWEEN 30 AND 36").rowcount == 7


def test_the_history_holds_each_row_once(moat: Moat) -> None:
    """As many changes as rows changed, for each agent; what was rolled back or refused has left none."""
    before = dict(moat.read("SELECT agent, count(*) FROM pgmoat.history GROUP BY agent"))
    written = {"catalog_editor": edit_catalog(moat, 50), "desk_clerk": serve_customers(moat, 50)}
    with moat.connect("catalog_editor") as editor, editor.transaction(force_rollback=True):
        enter(editor, moat.open_task("catalog_editor"))
        editor.execute("UPDATE films SET rental_days = 1 WHERE id = 1")
    after = dict(moat.read("SELECT agent, count(*) FROM pgmoat.history GROUP BY agent"))
    assert {agent: after[agent] - before.get(agent, 0) for agent in after} == written
    assert moat.read(
        "SELECT operation, count(*) FROM pgmoat.history WHERE task_id ="
        " (SELECT task_id FROM pgmoat.history WHERE agent = 'desk_clerk' ORDER BY change_id DESC LIMIT 1)"
        " GROUP BY operation ORDER BY operation"
    ) == [("delete", 2), ("insert", 3), ("update", 3)]
