"""
Random SQL of an agent's changes nothing but what the policy grants, and each change is in the history.

PGMOAT_SQLSMITH_SECONDS says for how long each agent tries; scripts/sqlsmith runs it for a minute.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from tests.integration.blast.proving import STATE, install_example
from tests.integration.blast.smith import attack, find_sqlsmith, open_twins, read_log
from tests.moat_fixtures import Moat
from tests.postgres_fixtures import Database, PostgresServer, create_database, draw_role_prefix

SECONDS = float(os.environ.get("PGMOAT_SQLSMITH_SECONDS", "10"))
SEED = int(os.environ.get("PGMOAT_SQLSMITH_SEED", "7"))
TABLES = ("customers", "products", "orders", "order_items", "order_notes", "payments")
# Columns that agents may change, by table; the history has them, and who deleted what is pgmoat's.
WRITABLE = {
    "products": {"stk_qty"},
    "orders": {"trk_no", "shp_ts", "upd_ts", "flg_1", "stat_cd"},
    "order_items": {"pck_qty"},
    "order_notes": {"id", "ord_id", "txt", "crt_ts"},
}
PGMOATS = {"deleted_at", "deleted_by", "delete_reason"}
ENTITIES = {
    "products": "products",
    "orders": "orders",
    "order_items": "order_items",
    "order_notes": "order_notes",
}
WRITES = {
    "fulfillment": [
        "UPDATE agent.products SET units_in_stock = units_in_stock + 1 WHERE id % 97 = 3",
        "UPDATE agent.orders SET last_modified_at = now() WHERE id % 211 = 5",
        "UPDATE agent.order_items SET picked_quantity = 0 WHERE id % 401 = 7",
    ],
    "customer_support": [
        "INSERT INTO agent.order_notes (order_id, note) SELECT id, 'fuzz' FROM agent.orders LIMIT 2",
        "UPDATE agent.order_notes SET note = note || '.' WHERE note LIKE 'fuzz%' AND id % 5 = 1",
        "DELETE FROM agent.order_notes WHERE note = 'fuzz' AND id % 7 = 2",
    ],
}
MORE_STATE = (
    *STATE,
    "SELECT * FROM pg_db_role_setting ORDER BY 1, 2",
    "SELECT rolname, rolpassword, rolvaliduntil, rolconnlimit FROM pg_authid ORDER BY 1",
    "SELECT n.nspname, c.relname, c.relkind, c.relfilenode FROM pg_class AS c JOIN pg_namespace AS n"
    " ON n.oid = c.relnamespace WHERE n.nspname NOT IN ('pg_toast', 'pg_catalog')"
    " AND NOT (n.nspname = 'pgmoat' AND c.relkind IN ('S', 'i', 'r', 'p')) ORDER BY 1, 2",
    "SELECT oid::regprocedure::text, md5(prosrc) FROM pg_proc ORDER BY 1",
    "SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger ORDER BY 1, 2",
    "SELECT polrelid::regclass::text, polname FROM pg_policy ORDER BY 1, 2",
    "SELECT pubname FROM pg_publication ORDER BY 1",
    "SELECT slot_name FROM pg_replication_slots ORDER BY 1",
    "SELECT gid FROM pg_prepared_xacts",
    "SELECT count(*) FROM pg_largeobject_metadata",
    "SELECT name, setting FROM pg_settings WHERE source = 'configuration file' ORDER BY 1",
    "SELECT pg_postmaster_start_time()",
)


@dataclass(frozen=True, slots=True)
class Field:
    """The example's database, and its copies that sqlsmith writes for."""

    moat: Moat
    twins: tuple[Database, ...]

    def look(self) -> list[Any]:
        """Return everything that an agent must leave alone."""
        with self.moat.superuser() as connection:
            return [connection.execute(query.encode()).fetchall() for query in MORE_STATE]

    def read_rows(self) -> dict[str, dict[int, dict[str, Any]]]:
        """Return people's rows, by table and key."""
        with self.moat.superuser() as connection:
            return {
                table: {
                    row["id"]: row
                    for (row,) in connection.execute(f"SELECT to_jsonb(t) FROM public.{table} AS t".encode())
                }
                for table in TABLES
            }


@pytest.fixture(scope="module")
def field(server: PostgresServer) -> Generator[Field]:
    """The example under its policy, and copies of it."""
    find_sqlsmith()
    with draw_role_prefix(server) as prefix, create_database(server) as database:
        moat = install_example(database, prefix)
        with open_twins(database) as twins, moat:
            yield Field(moat, twins)


@pytest.mark.parametrize("agent", WRITES)
def test_random_sql_of_an_agent_stays_within_the_policy(
    field: Field, server: PostgresServer, agent: str
) -> None:
    moat = field.moat
    rows, state, log = field.read_rows(), field.look(), read_log(server.log_file)
    others = [moat.superuser(), moat.connect("analytics")]
    tally = attack(moat, field.twins, agent, WRITES[agent], SECONDS, SEED)
    for other in others:
        with other:
            assert other.execute("SELECT 1").fetchall() == [(1,)], "somebody else's session was ended"
    assert read_log(server.log_file) == log
    assert_all_in_history(field, rows, field.read_rows())
    for query, before, after in zip(MORE_STATE, state, field.look(), strict=True):
        assert after == before, query
    answers = tally.committed
    print(f"\n{agent}: {tally.generated} run by sqlsmith, {tally.lost} connections lost, {answers}")  # noqa: T201
    # It was worth the time: statements were refused, others ran, and the policy's own writes were among them.
    assert tally.generated > 0
    assert answers["42501"] > 0
    assert answers["ok"] > 10
    assert moat.value("SELECT count(*) FROM pgmoat.change") > 0


def assert_all_in_history(field: Field, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Every changed row has a change with its key, in no other column than agents may write."""
    with psycopg.connect(field.moat.database.dsn) as connection:
        changed = set(
            connection.execute(
                "SELECT entity, (COALESCE(before, after) ->> 'id')::bigint FROM pgmoat.change"
            ).fetchall()
        )
    for table in TABLES:
        assert set(before[table]) <= set(after[table]), f"a row of {table} is gone"
        for key, row in after[table].items():
            was = before[table].get(key, {})
            if row == was:
                continue
            columns = {name for name, value in row.items() if was.get(name) != value}
            assert columns <= WRITABLE.get(table, set()) | PGMOATS, (table, key, columns)
            assert (table, key) in changed, (table, key)
