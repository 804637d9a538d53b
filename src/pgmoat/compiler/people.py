"""
What a people's table gets: soft-delete columns, a view that hides deleted rows, a policy under row security.

In: Entities. Out: AddedColumns, Definitions, RowPolicies. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pgmoat.compiler.entity import Entity
from pgmoat.model.names import SystemRoles
from pgmoat.model.objects import AddedColumn, Definition, Kind, RowPolicy
from pgmoat.postgres import sqltext as sql
from pgmoat.postgres.sqltext import compose, join


def compile_columns(entity: Entity) -> Iterator[AddedColumn]:
    """Yield the soft-delete columns of an entity; those that exist already are among them."""
    soft = entity.soft_delete
    if soft is None:
        return
    for name, type_name in (
        (soft.deleted_at, "timestamp with time zone"),
        (soft.deleted_by, "text"),
        (soft.delete_reason, "text"),
    ):
        yield AddedColumn(entity.policy.table, entity.base_table.as_string(None), name, type_name)


def compile_row_policies(entities: Iterable[Entity], roles: SystemRoles) -> Iterator[RowPolicy]:
    """
    Yield a policy for each table under row security whose rows the policy file gives to agents.

    The view owner and the writer then reach every row of it; which ones agents reach, ``rows:`` decides.
    """
    tables = {
        e.table.qualified_name: e.base_table for e in entities if e.table.row_security and e.policy.rows
    }
    for name, table in sorted(tables.items()):
        yield RowPolicy(name, table.as_string(None), tuple(sorted((roles.views, roles.writer))))


def compile_people_view(entity: Entity) -> Definition | None:
    """Return the view for people that hides soft-deleted rows, if the policy asks for one."""
    name, soft = entity.policy.people_view, entity.soft_delete
    if name is None or soft is None:
        return None
    managed = entity.policy.managed_columns
    columns = (column for column in entity.table.columns if column.name not in managed)
    view = sql.Identifier(*name.split(".", 1))
    return Definition(
        kind=Kind.VIEW,
        name=name,
        owner=entity.table.owner,
        create=(
            compose(
                "CREATE OR REPLACE VIEW {view} WITH (security_invoker = true) AS\n"
                "SELECT {columns}\n  FROM {table} AS b\n WHERE b.{deleted_at} IS NULL",
                view=view,
                columns=join((sql.Identifier("b", column.name) for column in columns), ", "),
                table=entity.base_table,
                deleted_at=sql.Identifier(soft.deleted_at),
            ),
            compose(
                "COMMENT ON VIEW {view} IS {doc}",
                view=view,
                doc=sql.Literal(f"{entity.policy.table} without soft-deleted rows; made by pgmoat."),
            ),
        ),
        drop=(compose("DROP VIEW {view}", view=view),),
        replaces=True,
    )
