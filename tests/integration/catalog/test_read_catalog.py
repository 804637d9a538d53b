"""Tables, columns and what hangs on them, as read from a real database."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import sql

from pgmoat.catalog.read import read_catalog
from pgmoat.catalog.snapshot import Catalog, Column, ForeignKeyChild, Table, TableTrigger, UniqueIndex
from pgmoat.compiler.check import check_policy
from pgmoat.model.finding import Severity
from pgmoat.policy.schema import Policy


def make_policy(*tables: str, **fields: Any) -> Policy:
    """Return a policy with an entity for each of *tables*, all their columns unknown."""
    entities: dict[str, Any] = {
        f"entity_{number}": {"table": table, "columns": {"id": {}}} for number, table in enumerate(tables)
    }
    return Policy.model_validate({"version": 1, "entities": entities, **fields})


def read_table(connection: psycopg.Connection[Any], name: str) -> Table:
    """Return one table in full."""
    return read_catalog(connection, make_policy(name)).tables[name]


def read_column(connection: psycopg.Connection[Any], name: str) -> Column:
    """Return one column of the orders."""
    column = read_table(connection, "shop.orders").column(name)
    assert column is not None
    return column


def test_scalars_of_the_server(loaded_shop: psycopg.Connection[Any]) -> None:
    catalog = read_catalog(loaded_shop, make_policy())
    assert catalog.server_version == loaded_shop.info.server_version
    assert catalog.database == loaded_shop.info.dbname
    assert catalog.max_connections > catalog.reserved_connections >= 3
    assert catalog.installer.is_superuser


def test_all_relations_are_listed_and_only_named_ones_in_full(loaded_shop: psycopg.Connection[Any]) -> None:
    catalog = read_catalog(loaded_shop, make_policy("shop.orders"))
    assert {name: table.kind for name, table in catalog.tables.items()} == {
        "shop.by_function": "r",
        "shop.by_setting": "r",
        "shop.by_user": "r",
        "shop.customers": "r",
        "shop.event_notes": "r",
        "shop.events": "p",
        "shop.events_2025": "r",
        "shop.open_orders": "v",
        "shop.orders": "r",
        "shop.totals": "m",
    }
    assert catalog.tables["shop.orders"].columns
    assert not catalog.tables["shop.customers"].columns


def test_the_policy_says_which_schema_holds_the_entities(loaded_shop: psycopg.Connection[Any]) -> None:
    policy = make_policy(settings={"entity_schema": "shop"})
    assert list(read_catalog(loaded_shop, policy).tables) == ["agent.orders"]


def test_scalars_of_a_table(loaded_shop: psycopg.Connection[Any]) -> None:
    orders = read_table(loaded_shop, "shop.orders")
    assert (orders.owner, orders.comment) == (loaded_shop.info.user, "One row per order.")
    assert orders.estimated_rows == 100
    assert orders.primary_key == ("id",)
    assert not any("dropped" in column.name for column in orders.columns)


def test_a_partitioned_table_has_the_rows_of_its_partitions(loaded_shop: psycopg.Connection[Any]) -> None:
    assert read_table(loaded_shop, "shop.events").estimated_rows == 2


@pytest.mark.parametrize(
    ("name", "default", "is_portable"),
    [
        ("id", "nextval('shop.orders_id_seq'::regclass)", False),
        ("stat_cd", "1", True),
        ("ref", "shop.next_ref()", False),
        ("number", "nextval('shop.\"Odd seq\"'::regclass)", False),
        ("kind", "'new'::character varying", True),
        ("mood", "'ok'::shop.mood", True),
        ("upd_ts", "now()", True),
        ("price", None, False),
        ("doubled", None, False),
        ("by_default", None, False),
    ],
)
def test_defaults(
    loaded_shop: psycopg.Connection[Any], name: str, default: str | None, is_portable: bool
) -> None:
    column = read_column(loaded_shop, name)
    assert (column.default, column.default_is_portable) == (default, is_portable)


def test_nextval_of_a_text_is_not_portable_either(shop: psycopg.Connection[Any]) -> None:
    shop.execute("ALTER TABLE shop.orders ADD old int DEFAULT nextval('shop.orders_id_seq'::text::regclass)")
    assert not read_column(shop, "old").default_is_portable


@pytest.mark.parametrize(
    ("name", "sequence"),
    [
        ("id", "shop.orders_id_seq"),
        ("number", 'shop."Odd seq"'),
        ("by_default", "shop.orders_by_default_seq"),
        ("ref", None),
        ("stat_cd", None),
    ],
)
def test_sequences(loaded_shop: psycopg.Connection[Any], name: str, sequence: str | None) -> None:
    assert read_column(loaded_shop, name).sequence == sequence


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("id", ("bigint", "N", "int8", None)),
        ("kind", ("shop.short_code", "S", "varchar", 3)),
        ("mood", ("shop.mood", "E", "mood", None)),
        ("tag", ("character(2)", "S", "bpchar", 2)),
        ("price", ("numeric(8,2)", "N", "numeric", None)),
    ],
)
def test_types(
    loaded_shop: psycopg.Connection[Any], name: str, shape: tuple[str, str, str, int | None]
) -> None:
    column = read_column(loaded_shop, name)
    assert (column.type_name, column.type_category, column.base_type_name, column.max_length) == shape


def test_domain_makes_a_column_not_null(shop: psycopg.Connection[Any]) -> None:
    shop.execute("CREATE DOMAIN shop.must AS int NOT NULL; CREATE TABLE shop.strict (id shop.must)")
    column = read_table(shop, "shop.strict").column("id")
    assert column is not None
    assert column.not_null


def test_enum_labels_in_their_order(shop: psycopg.Connection[Any]) -> None:
    shop.execute("ALTER TYPE shop.mood ADD VALUE 'glad' BEFORE 'sad'")
    assert read_column(shop, "mood").enum_labels == ("glad", "sad", "ok")


def test_identity_and_generated(loaded_shop: psycopg.Connection[Any]) -> None:
    assert read_column(loaded_shop, "by_default").identity == "d"
    assert read_column(loaded_shop, "doubled").generated
    customer = read_table(loaded_shop, "shop.customers").column("id")
    assert customer is not None
    assert customer.identity == "a"
    assert customer.sequence == "shop.customers_id_seq"


def test_column_comment(loaded_shop: psycopg.Connection[Any]) -> None:
    assert read_column(loaded_shop, "stat_cd").comment == "Where it stands."


def test_indexes(loaded_shop: psycopg.Connection[Any]) -> None:
    orders = read_table(loaded_shop, "shop.orders")
    assert orders.unique_indexes == (
        UniqueIndex("orders_pkey", ("id",), is_primary=True, is_constraint=True, predicate=None),
        UniqueIndex(
            "orders_usr_id_ref_key", ("usr_id", "ref"), is_primary=False, is_constraint=True, predicate=None
        ),
    )
    assert orders.indexed_columns == ("id", "stat_cd", "usr_id")
    mail = read_table(loaded_shop, "shop.customers").unique_indexes[1]
    assert mail == UniqueIndex(
        "customers_mail_active",
        ("lower(mail)",),
        is_primary=False,
        is_constraint=False,
        predicate="(deleted_at IS NULL)",
    )


def test_children(loaded_shop: psycopg.Connection[Any]) -> None:
    expected = ForeignKeyChild("shop.orders", "orders_usr_id_fkey", "c")
    assert read_table(loaded_shop, "shop.customers").children == (expected,)
    # The partition's copies of the constraint are not children of their own.
    expected = ForeignKeyChild("shop.event_notes", "event_notes_event_fkey", "a")
    assert read_table(loaded_shop, "shop.events").children == (expected,)


def test_triggers_of_people_that_fire(loaded_shop: psycopg.Connection[Any]) -> None:
    assert read_table(loaded_shop, "shop.orders").triggers == (
        TableTrigger("audit", "shop.audit", security_definer=True),
        TableTrigger(
            "touch",
            "shop.touch",
            security_definer=False,
            touches=("INSERT on shop.event_notes", "SELECT on shop.customers"),
        ),
    )


@pytest.mark.parametrize(
    ("name", "reads_settings"), [("by_setting", True), ("by_function", True), ("by_user", False)]
)
def test_row_security(loaded_shop: psycopg.Connection[Any], name: str, reads_settings: bool) -> None:
    table = read_table(loaded_shop, f"shop.{name}")
    (policy,) = table.row_policies
    assert (table.row_security, policy.reads_settings) == (True, reads_settings)
    assert (policy.is_permissive, policy.command, policy.roles) == (True, "*", ("PUBLIC",))


def test_names_that_need_quotes(shop: psycopg.Connection[Any]) -> None:
    shop.execute('CREATE TABLE shop."Odd Table" ("ID" int PRIMARY KEY, "%s" text UNIQUE)')
    table = read_table(shop, "shop.Odd Table")
    assert [column.name for column in table.columns] == ["ID", "%s"]
    assert [index.columns for index in table.unique_indexes] == [("ID",), ("%s",)]


def test_reading_leaves_no_trace_in_an_open_transaction(shop: psycopg.Connection[Any]) -> None:
    with shop.transaction():
        shop.execute("SET LOCAL search_path = shop")
        shop.execute("CREATE TABLE fresh (id int)")
        assert "shop.fresh" in read_catalog(shop, make_policy()).tables
        assert shop.execute("SHOW search_path").fetchone() == ("shop",)
        shop.execute("INSERT INTO fresh VALUES (1)")


def test_reading_changes_no_setting_of_the_session(shop: psycopg.Connection[Any]) -> None:
    shop.execute("SET search_path = shop")
    read_catalog(shop, make_policy("shop.orders"))
    assert shop.execute("SHOW search_path").fetchone() == ("shop",)
    assert shop.execute("SHOW transaction_read_only").fetchone() == ("off",)


class _CountingCursor(psycopg.Cursor[Any]):
    executed = 0

    def execute(self, *args: Any, **options: Any) -> Any:
        type(self).executed += 1
        return super().execute(*args, **options)


def test_two_hundred_tables_take_as_many_queries_as_one(
    shop: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(200):
        name = sql.Identifier("shop", f"t{number}")
        shop.execute(sql.SQL("CREATE TABLE {} (id int PRIMARY KEY, c int DEFAULT 1)").format(name))
    monkeypatch.setattr(shop, "cursor_factory", _CountingCursor)
    counts: list[int] = []
    for tables in (1, 200):
        _CountingCursor.executed = 0
        catalog = read_catalog(shop, make_policy(*(f"shop.t{number}" for number in range(tables))))
        assert len(catalog.tables) >= tables
        counts.append(_CountingCursor.executed)
    assert counts[0] == counts[1] > 3


def read_pagila(pagila: psycopg.Connection[Any]) -> tuple[Policy, Catalog]:
    """Return a policy over the rental shop, one that its owner would write at first, and its catalog."""
    policy = Policy.model_validate(
        {
            "version": 1,
            "entities": {
                "films": {
                    "table": "public.film",
                    "columns": {
                        "film_id": {},
                        "title": {},
                        "language_id": {},
                        "rating": {"values": {"G": "general", "PG": "parental", "XX": "unknown"}},
                    },
                },
                "customers": {
                    "table": "public.customer",
                    "columns": {"customer_id": {}, "first_name": {}, "activebool": {}},
                    "delete": "soft",
                },
                "film_list": {"table": "public.film_list", "columns": {"fid": {}}},
            },
            "agents": {
                "clerk": {
                    "entities": {
                        "films": {"insert": "all"},
                        "customers": {"delete": True},
                        "film_list": {},
                    }
                }
            },
        }
    )
    return policy, read_catalog(pagila, policy)


def test_a_real_database_is_read(pagila: psycopg.Connection[Any]) -> None:
    _, catalog = read_pagila(pagila)
    film = catalog.tables["public.film"]
    assert len(film.columns) == 14
    assert {child.table for child in film.children} == {
        "public.film_actor",
        "public.film_category",
        "public.inventory",
    }
    assert sum(catalog.codes["public.film", "rating"].counts.values()) == 1000
    year = film.column("release_year")
    assert year is not None
    assert (year.type_name, year.base_type_name) == ("public.year", "int4")


def test_inheritance_and_rules_of_a_real_database(pagila: psycopg.Connection[Any]) -> None:
    tables = read_catalog(pagila, make_policy()).tables
    payment = tables["public.payment"]
    assert payment.has_inheritors
    assert payment.rules == tuple(f"payment_insert_p2007_0{month}" for month in range(1, 7))
    assert [name for name, table in tables.items() if table.has_inheritors or table.rules] == [
        "public.payment"
    ]


def test_a_real_database_is_checked(pagila: psycopg.Connection[Any]) -> None:
    findings = check_policy(*read_pagila(pagila))
    errors = {
        (finding.code, finding.dotted_path) for finding in findings if finding.severity == Severity.ERROR
    }
    assert errors == {
        ("not-a-table", "entities.film_list.table"),
        ("code-type", "entities.films.columns.rating.values.XX"),
        ("codes-not-mapped", "entities.films.columns.rating.values"),
        ("reach-public", "accept"),
    }
    reached = [finding.message for finding in findings if finding.code == "reach-public"]
    assert any("public.rewards_report(integer,numeric)" in message for message in reached)
    assert any("CREATE on schema public" in message for message in reached)
    # Its trigger fills the NOT NULL column fulltext.
    lacking = next(finding for finding in findings if finding.code == "insert-lacks-column")
    assert lacking.severity == Severity.WARNING
    assert "fulltext" in lacking.message
