"""The SQL of entity views, value maps and views for people."""

from __future__ import annotations

from pgmoat.compiler.entity import Entity, resolve_entities
from pgmoat.compiler.maps import compile_maps
from pgmoat.compiler.people import compile_columns, compile_people_view
from pgmoat.compiler.views import compile_view
from pgmoat.model.names import SystemRoles
from pgmoat.model.objects import Kind
from tests.unit.compiler.catalogs import make_catalog, make_column, make_orders, make_policy

ROLES = SystemRoles.with_prefix("pgmoat_")
COLUMNS = {
    "id": {},
    "usr_id": {"name": "customer_id", "doc": "Who placed it.", "references": "orders"},
    "stat_cd": {"name": "status", "values": {1: "pending", 9: "it's off"}},
}


def resolve(access: dict[str, object] | None = None, **orders: object) -> Entity:
    table = make_orders(
        make_column("upd_ts", "timestamptz", default="now()", default_is_portable=True),
        make_column("secret"),
    )
    policy = make_policy({"columns": {**COLUMNS, "upd_ts": {}}, **orders}, access)
    (entity,) = resolve_entities(policy, make_catalog(table))
    return entity


def test_the_view_renames_decodes_by_join_and_asks_the_gate() -> None:
    create = compile_view(resolve(delete="soft"), "agent", ROLES).create[0]
    assert create == (
        'CREATE VIEW "agent"."orders" AS\n'
        'SELECT "b"."id" AS "id",\n'
        '       "b"."usr_id" AS "customer_id",\n'
        '       "m3".word AS "status",\n'
        '       "b"."upd_ts" AS "upd_ts"\n'
        '  FROM "public"."orders" AS b\n'
        '  LEFT JOIN "pgmoat_map"."orders__status" AS "m3" ON "m3".code = "b"."stat_cd",\n'
        "       pg_catalog.generate_series(1, 1) AS one\n"
        """ WHERE "b"."deleted_at" IS NULL AND (SELECT pgmoat.gate('orders'))"""
    )


def test_a_view_without_soft_deletes_has_only_the_gate() -> None:
    create = compile_view(resolve(), "agent", ROLES).create[0]
    assert create.endswith(" WHERE (SELECT pgmoat.gate('orders'))")


def test_comments_carry_doc_words_and_reference() -> None:
    create = compile_view(resolve(), "agent", ROLES).create
    comments = [statement for statement in create if statement.startswith("COMMENT ON COLUMN")]
    assert any("'Who placed it. References orders.'" in comment for comment in comments)
    assert any("One of: pending, it''s off." in comment for comment in comments)


def test_base_defaults_are_given_to_the_view_where_an_agent_may_evaluate_them() -> None:
    create = compile_view(resolve({"insert": "all"}), "agent", ROLES).create
    defaults = [statement for statement in create if "SET DEFAULT" in statement]
    assert any('ALTER COLUMN "upd_ts" SET DEFAULT now()' in default for default in defaults)


def test_a_view_that_nobody_writes_has_no_trigger() -> None:
    create = compile_view(resolve({"select": "all"}), "agent", ROLES).create
    assert not any("TRIGGER" in statement for statement in create)


def test_the_owner_comes_last_and_is_the_views_role() -> None:
    assert compile_view(resolve(), "agent", ROLES).create[-1] == (
        'ALTER VIEW "agent"."orders" OWNER TO "pgmoat_views"'
    )


def test_a_value_map_is_a_table_that_the_view_depends_on() -> None:
    entity = resolve()
    (value_map,) = compile_maps(entity, ROLES)
    assert value_map.create[0].endswith("(code int2 PRIMARY KEY, word text NOT NULL UNIQUE)")
    assert "('9'::int2, 'it''s off')" in value_map.create[1]
    assert compile_view(entity, "agent", ROLES).depends_on == ((Kind.TABLE, value_map.name),)


def test_the_view_for_people_runs_with_their_own_rights_and_hides_the_new_columns() -> None:
    view = compile_people_view(resolve(delete="soft", people_view="public.active_orders"))
    assert view is not None
    assert "security_invoker = true" in view.create[0]
    assert '"b"."secret"' in view.create[0]
    assert '"b"."deleted_by"' not in view.create[0]


def test_soft_deletes_add_three_columns() -> None:
    assert [column.name for column in compile_columns(resolve(delete="soft"))] == [
        "public.orders.deleted_at",
        "public.orders.deleted_by",
        "public.orders.delete_reason",
    ]
    assert list(compile_columns(resolve())) == []
