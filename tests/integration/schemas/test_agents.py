"""What agents read, write, call and log on databases by others, and what they are refused."""

from __future__ import annotations

from psycopg import sql

from tests.integration.operations.calls import call, without_flag
from tests.integration.schemas.conftest import Shop
from tests.moat_fixtures import Connection, enter, new_task_id, refused


def test_agents_read_words(shop: Shop) -> None:
    agent, scope, query, base = shop.example.decoded
    with shop.moat.task(agent, shop.moat.open_task(agent, scope=scope)) as connection:
        rows = connection.execute(query).fetchall()
    assert rows == shop.moat.read(base)
    assert {row[1] for row in rows} >= {"sold"} or len({row[1] for row in rows}) > 1


def test_only_rows_in_scope(shop: Shop) -> None:
    scope = shop.example.scope
    token = shop.moat.open_task(scope.agent, scope=scope.scope)
    for query, base in scope.reads.items():
        with shop.moat.task(scope.agent, token) as connection:
            rows = connection.execute(query).fetchall()
        assert rows
        assert rows == shop.moat.read(base)
    with shop.moat.task(scope.agent, token) as connection:
        assert connection.execute(scope.writes).rowcount == 1
        assert connection.execute(scope.misses).rowcount == 0
    for statement in scope.leaves:
        with refused("PM029"), shop.moat.task(scope.agent, token) as connection:
            connection.execute(statement)


def test_a_task_without_scope_is_refused(shop: Shop) -> None:
    scope = shop.example.scope
    for query in scope.reads:
        with refused("PM015"), shop.moat.task(scope.agent) as connection:
            connection.execute(query)


def test_soft_delete_and_closed_task(shop: Shop) -> None:
    scope, task_id = shop.example.scope, new_task_id()
    token = shop.moat.open_task(scope.agent, task_id, scope=scope.scope)
    statement, deleted = scope.deletes
    with refused("PM020"), shop.moat.task(scope.agent, token) as connection:
        connection.execute(statement)
    with shop.moat.task(scope.agent, token, reason="asked for it") as connection:
        assert connection.execute(statement).rowcount == 1
    version = shop.moat.policy.agents[scope.agent].version
    assert shop.moat.read(deleted) == [(f"agent:{scope.agent}-{version}", "asked for it")]
    shop.moat.run("SELECT pgmoat.close_task(%s, %s)", scope.agent, task_id)
    with refused("PM002"), shop.moat.task(scope.agent, token, reason="again") as connection:
        connection.execute(statement)


def test_an_operation_works_replays_and_refuses(shop: Shop) -> None:
    operation, moat = shop.example.operation, shop.moat
    token = moat.open_task(operation.agent, scope=operation.scope)
    before = moat.read(operation.effect)
    with refused("PM044"), moat.task(operation.agent, token) as connection:
        call(connection, operation.name, "no", **operation.refused)
    assert moat.read(operation.effect) == before
    with moat.task(operation.agent, token) as connection:
        first = call(connection, operation.name, "yes", **operation.arguments)
    effect = moat.read(operation.effect)
    assert effect != before
    with moat.task(operation.agent, token) as connection:
        again = call(connection, operation.name, "yes", **operation.arguments)
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert without_flag(first) == without_flag(again)
    assert moat.read(operation.effect) == effect


def _take_step(
    shop: Shop, connection: Connection, new_status: str, key: str, previous: str | None = None
) -> None:
    log = shop.example.log
    statement = sql.SQL(
        "INSERT INTO {} ({}, previous_status, new_status, reason, idempotency_key)"
        " VALUES (%s, %s, %s, 'why', %s)"
    ).format(sql.Identifier(log.name), sql.Identifier(log.key))
    connection.execute(statement, [log.row, previous, new_status, key])


def test_a_log_takes_steps_and_takes_them_back(shop: Shop) -> None:
    log, moat = shop.example.log, shop.moat
    before, after = log.codes
    token = moat.open_task(log.agent, scope=log.scope)
    assert moat.value(log.state) == before
    with moat.task(log.agent, token) as connection:
        _take_step(shop, connection, log.after, "step")
    assert moat.value(log.state) == after
    with refused("PM023"), moat.task(log.agent, token) as connection:
        _take_step(shop, connection, log.after, "stale", log.before)
    with refused("PM024"), moat.task(log.agent, token) as connection:
        _take_step(shop, connection, log.forbidden, "forbidden")
    assert moat.value(log.state) == after
    with moat.task(log.agent, token) as connection:
        undo = sql.SQL("SELECT new_status FROM {}(%s, 'wrong', 'undo')").format(
            sql.Identifier(f"{log.name}_undo")
        )
        assert connection.execute(undo, [log.row]).fetchall() == [(log.before,)]
    assert moat.value(log.state) == before


def test_base_tables_are_out_of_reach(shop: Shop) -> None:
    for agent in shop.moat.policy.agents:
        with shop.moat.connect(agent) as connection:
            enter(connection, shop.moat.open_task(agent))
            with refused("42501"):
                connection.execute(sql.SQL("SELECT FROM {}").format(sql.SQL(shop.example.base)))
