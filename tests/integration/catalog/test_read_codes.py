"""Codes that occur in columns with a value map."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg import sql

from pgmoat.catalog.codes import read_codes
from pgmoat.catalog.read import read_catalog
from pgmoat.catalog.snapshot import CodeCounts
from pgmoat.policy.schema import Policy

KEY = ("shop.orders", "stat_cd")


def make_policy(table: str = "shop.orders", column: str = "stat_cd") -> Policy:
    """Return a policy that maps one column."""
    columns = {column: {"values": {"1": "open"}}}
    return Policy.model_validate({"version": 1, "entities": {"e": {"table": table, "columns": columns}}})


def read_with(connection: psycopg.Connection[Any], policy: Policy, **limits: int) -> CodeCounts:
    """Return the codes of the policy's only column, read with *limits*."""
    tables = read_catalog(connection, policy).tables
    with connection.transaction():
        return next(iter(read_codes(connection, policy, tables, **limits).values()))


def test_codes_are_counted(shop: psycopg.Connection[Any]) -> None:
    assert read_catalog(shop, make_policy()).codes == {
        KEY: CodeCounts({"1": 50, "2": 49, "99": 1}, sampled=False)
    }


def test_a_large_table_has_its_index_walked(shop: psycopg.Connection[Any]) -> None:
    codes = read_with(shop, make_policy(), large_table_rows=10)
    assert not codes.sampled
    assert codes.estimated
    # 99 occurs once: statistics name no number of rows for it.
    assert codes.counts == {"1": 50, "2": 49, "99": -1}


@pytest.mark.parametrize("name", ["found", "base"])
def test_a_large_table_may_have_any_name(shop: psycopg.Connection[Any], name: str) -> None:
    rename = f"ALTER TABLE shop.orders RENAME TO {name}; ALTER TABLE shop.{name} RENAME stat_cd TO code"
    shop.execute(rename.encode())
    codes = read_with(shop, make_policy(f"shop.{name}", "code"), large_table_rows=10)
    assert list(codes.counts) == ["1", "2", "99"]


def test_a_count_that_takes_too_long_comes_from_statistics(shop: psycopg.Connection[Any]) -> None:
    # A lock that is not ours: the count waits until it is cancelled.
    with psycopg.connect(shop.info.dsn, password=shop.info.password) as other:
        tables = read_catalog(shop, make_policy()).tables
        other.execute("LOCK TABLE shop.orders IN ACCESS EXCLUSIVE MODE")
        with shop.transaction():
            codes = read_codes(shop, make_policy(), tables, timeout_ms=100)[KEY]
            assert shop.execute("SHOW statement_timeout").fetchone() == ("0",)
    assert codes == CodeCounts({"1": 50, "2": 49}, sampled=True, estimated=True)


def test_a_column_that_cannot_be_counted_leaves_the_others(shop: psycopg.Connection[Any]) -> None:
    """Small tables are counted together; what fails for one of them must not be lost for all."""
    mapped = {"columns": {"stat_cd": {"values": {"1": "open"}}}}
    entities = {"orders": {"table": "shop.orders", **mapped}, "events": {"table": "shop.events", **mapped}}
    policy = Policy.model_validate({"version": 1, "entities": entities})
    with psycopg.connect(shop.info.dsn, password=shop.info.password) as other:
        tables = read_catalog(shop, policy).tables
        other.execute("LOCK TABLE shop.orders IN ACCESS EXCLUSIVE MODE")
        with shop.transaction():
            codes = read_codes(shop, policy, tables, timeout_ms=100)
    assert codes[KEY].sampled
    assert codes["shop.events", "stat_cd"] == CodeCounts({"4": 1, "5": 1}, sampled=False)


def test_a_partitioned_table_is_counted(shop: psycopg.Connection[Any]) -> None:
    assert read_with(shop, make_policy("shop.events")).counts == {"4": 1, "5": 1}


def test_null_is_no_code(shop: psycopg.Connection[Any]) -> None:
    shop.execute("UPDATE shop.events SET stat_cd = NULL WHERE id = 1")
    assert read_with(shop, make_policy("shop.events")).counts == {"5": 1}


def test_padding_is_no_part_of_a_code(shop: psycopg.Connection[Any]) -> None:
    assert read_with(shop, make_policy(column="tag")).counts == {"A": 100}


def test_a_column_that_may_not_be_read_is_left_out(shop: psycopg.Connection[Any], role_prefix: str) -> None:
    role = sql.Identifier(role_prefix + "reader")
    shop.execute(sql.SQL("CREATE ROLE {}").format(role))
    shop.execute(sql.SQL("SET ROLE {}").format(role))
    catalog = read_catalog(shop, make_policy())
    assert catalog.codes == {}
    assert catalog.tables["shop.orders"].columns


def test_views_and_missing_columns_are_left_out(shop: psycopg.Connection[Any]) -> None:
    assert read_catalog(shop, make_policy("shop.open_orders", "id")).codes == {}
    assert read_catalog(shop, make_policy(column="nope")).codes == {}
    assert read_catalog(shop, make_policy("shop.nope")).codes == {}
