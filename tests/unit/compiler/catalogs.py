"""
Catalogs and policies made by hand, with the shop's orders table to start from.

Out: Catalog, Table, Column, Policy. I/O: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pgmoat.catalog.snapshot import Catalog, CodeCounts, Column, Reach, Table, UniqueIndex
from pgmoat.compiler.check import check_policy
from pgmoat.model.finding import Finding
from pgmoat.policy.schema import Policy

_CATEGORIES = {
    "int2": "N",
    "int4": "N",
    "int8": "N",
    "numeric": "N",
    "bool": "B",
    "timestamptz": "D",
    "timestamp": "D",
    "date": "D",
    "json": "U",
    "jsonb": "U",
}


def make_column(name: str, base: str = "text", **fields: Any) -> Column:
    """Return a nullable, documented column of a built-in type; *fields* override."""
    column = Column(
        name=name,
        type_name=base,
        type_category=_CATEGORIES.get(base, "S"),
        base_type_name=base,
        max_length=None,
        enum_labels=(),
        not_null=False,
        default=None,
        default_is_portable=False,
        identity="",
        generated=False,
        sequence=None,
        comment="documented",
    )
    return replace(column, **fields)


def make_unique(name: str, *columns: str, **fields: Any) -> UniqueIndex:
    """Return a plain unique constraint; *fields* override."""
    index = UniqueIndex(name, columns, is_primary=False, is_constraint=True, predicate=None)
    return replace(index, **fields)


def make_table(name: str, *columns: Column, **fields: Any) -> Table:
    """Return a plain table ``schema.name`` whose primary key is ``id``, if it has that; *fields* override."""
    schema, _, bare = name.partition(".")
    has_id = any(column.name == "id" for column in columns)
    table = Table(
        schema=schema,
        name=bare,
        kind="r",
        owner="shop",
        row_security=False,
        estimated_rows=0,
        columns=columns,
        unique_indexes=(make_unique(f"{bare}_pkey", "id", is_primary=True),) if has_id else (),
        indexed_columns=("id",) if has_id else (),
        children=(),
        triggers=(),
        comment=None,
    )
    return replace(table, **fields)


def make_orders(*more: Column, **fields: Any) -> Table:
    """Return ``public.orders`` with legacy names, and *more* columns."""
    return make_table(
        "public.orders",
        make_column("id", "int8", not_null=True, identity="d"),
        make_column("usr_id", "int8", not_null=True),
        make_column("stat_cd", "int2", not_null=True, default="'1'::smallint"),
        *more,
        **fields,
    )


def make_catalog(
    *tables: Table,
    codes: Mapping[tuple[str, str], CodeCounts] | None = None,
    reach: tuple[Reach, ...] = (),
    max_connections: int = 500,
) -> Catalog:
    """Return a catalog of PostgreSQL 16 with *tables*."""
    return Catalog(
        server_version=160004,
        database="shop",
        max_connections=max_connections,
        reserved_connections=3,
        tables={table.qualified_name: table for table in tables},
        codes=codes or {},
        reach=reach,
    )


def make_policy(
    orders: Mapping[str, Any] | None = None,
    access: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Policy:
    """Return a policy with the entity ``orders``, granted to the agent ``clerk`` if *access* is given."""
    columns: dict[str, Any] = {"id": {}, "usr_id": {}, "stat_cd": {}}
    entity: dict[str, Any] = {"table": "public.orders", "columns": columns, **(orders or {})}
    agents = {} if access is None else {"clerk": {"entities": {"orders": access}}}
    return Policy.model_validate({"version": 1, "entities": {"orders": entity}, "agents": agents, **fields})


def find_codes(policy: Policy, catalog: Catalog) -> list[str]:
    """Return the codes of all findings, in order."""
    return [finding.code for finding in check_policy(policy, catalog)]


def find_one(policy: Policy, catalog: Catalog, code: str) -> Finding:
    """Return the only finding with *code*."""
    found = [finding for finding in check_policy(policy, catalog) if finding.code == code]
    assert len(found) == 1, f"{len(found)} findings {code} in {check_policy(policy, catalog)}"
    return found[0]
