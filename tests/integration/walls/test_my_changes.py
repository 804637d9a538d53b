"""
What an agent may read of the history: what its own task has written, in columns that it may read.

I/O: PostgreSQL, PgBouncer.
"""

from __future__ import annotations

from tests.moat_fixtures import Connection, Moat, refused


def _read(connection: Connection) -> list[tuple[object, ...]]:
    return connection.execute(
        "SELECT entity, operation, before, after, step, reason FROM pgmoat.my_changes()"
    ).fetchall()


def test_it_shows_the_own_tasks_writes_newest_first(shop: Moat, route: str) -> None:
    token = shop.open_task("clerk")
    with shop.task("clerk", token, route=route, step="count", reason="twice") as connection:
        connection.execute("UPDATE counters SET v = 7 WHERE id = 1")
        connection.execute("DELETE FROM orders WHERE id = 4")
    with shop.task("clerk") as connection:  # another task of the same agent
        connection.execute("UPDATE counters SET v = 9 WHERE id = 2")
        assert [row[3] for row in _read(connection)] == [{"id": 2, "v": 9, "blob": None}]
    with shop.task("wide") as connection:
        assert _read(connection) == []
    with shop.task("clerk", token, route=route) as connection:
        deletion, update = _read(connection)
        assert (deletion[0], deletion[1], deletion[3]) == ("orders", "delete", None)
        before, after = {"id": 1, "v": 0, "blob": None}, {"id": 1, "v": 7, "blob": None}
        assert update == ("counters", "update", before, after, "count", "twice")
        newest = connection.execute("SELECT entity FROM pgmoat.my_changes(1)").fetchall()
        assert newest == [("orders",)]


def test_a_column_that_the_agent_may_not_read_is_not_in_it(shop: Moat) -> None:
    token = shop.open_task("support")
    with shop.task("support", token) as connection:
        connection.execute("UPDATE customers SET points = 5 WHERE id = 1")
    with shop.task("support", token) as connection:
        ((_, _, before, after, *_),) = _read(connection)
        assert before == {"id": 1, "name": "c1", "points": 0}
        assert after == {"id": 1, "name": "c1", "points": 5}


def test_a_temporary_table_of_the_entitys_name_opens_no_column(shop: Moat) -> None:
    token = shop.open_task("support")
    with shop.task("support", token) as connection:
        connection.execute("UPDATE customers SET points = 5 WHERE id = 2")
    with shop.task("support", token) as connection:
        connection.execute("CREATE TEMP VIEW customers AS SELECT 'x'::text AS email")
        ((_, _, _, after, *_),) = _read(connection)
        assert "email" not in (after or {})


def test_without_a_task_or_in_one_that_may_not_go_on_nothing_is_shown(shop: Moat) -> None:
    token = shop.open_task("clerk")
    with shop.task("clerk", token) as connection:
        connection.execute("UPDATE counters SET v = 7 WHERE id = 1")
    with shop.connect("clerk") as connection, refused("PM001"):
        _read(connection)
    shop.run("SELECT pgmoat.freeze_agent('clerk', 'stop')")
    with shop.connect("clerk") as connection:
        connection.execute("SELECT set_config('pgmoat.token', %s, false)", (token,))
        with refused("PM005"):
            _read(connection)
