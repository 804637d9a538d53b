"""The SQL of the row trigger functions."""

from __future__ import annotations

from pgmoat.compiler.entity import resolve_entities
from pgmoat.compiler.writes import compile_row_functions
from pgmoat.model.names import SystemRoles
from tests.unit.compiler.catalogs import make_catalog, make_column, make_orders, make_policy

ROLES = SystemRoles.with_prefix("pgmoat_")
VALUES = {"stat_cd": {"name": "status", "values": {1: "pending", 5: "shipped"}}}


def render(access: dict[str, object], *more: str, **orders: object) -> dict[str, str]:
    """Return the SQL of each function by operation; *more* are base types of further columns c1, c2..."""
    extra = [make_column(f"c{number}", base) for number, base in enumerate(more, start=1)]
    columns = {"id": {}, "usr_id": {"name": "customer_id"}, **VALUES, **{c.name: {} for c in extra}}
    policy = make_policy({"columns": columns, **orders}, access)
    (entity,) = resolve_entities(policy, make_catalog(make_orders(*extra)))
    return {
        d.name.split("_")[-1].removesuffix("()"): d.create[0] for d in compile_row_functions(entity, ROLES)
    }


def test_only_granted_operations_get_a_function() -> None:
    assert set(render({"update": ["status"]})) == {"update"}


def test_only_granted_columns_are_written() -> None:
    update = render({"update": ["status"]})["update"]
    assert 'SET "stat_cd" = ' in update
    assert '"usr_id" = ' not in update.split("WHERE")[0]


def test_update_compares_every_listed_column_with_what_was_read() -> None:
    update = render({"update": ["status"]})["update"]
    assert '"b"."id" OPERATOR(pg_catalog.=) OLD."id"' in update
    assert '"b"."usr_id" IS NOT DISTINCT FROM OLD."customer_id"' in update
    assert 'END IS NOT DISTINCT FROM OLD."status"' in update


def test_an_unknown_word_is_refused_and_an_unmapped_code_kept() -> None:
    update = render({"update": ["status"]})["update"]
    assert (
        """ELSE pgmoat.refuse_value('orders', 'status', NEW."status", ARRAY['pending', 'shipped'])"""
        in update
    )
    assert 'CASE WHEN NEW."status" IS NOT DISTINCT FROM OLD."status" THEN "b"."stat_cd"' in update


def test_delete_marks_the_row_in_the_name_of_the_role() -> None:
    delete = render({"delete": True}, delete="soft")["delete"]
    assert "DELETE FROM" not in delete
    assert "WHERE a.role = session_user" in delete
    assert "refuse_delete" not in delete


def test_delete_insists_on_a_reason_where_the_policy_does() -> None:
    delete = render({"delete": True}, delete={"mode": "soft", "reason": "required"})["delete"]
    assert "PERFORM pgmoat.refuse_delete('orders');" in delete


def test_functions_run_as_the_writer_with_a_pinned_search_path() -> None:
    for text in render({"insert": "all", "update": "all", "delete": True}, delete="soft").values():
        assert 'SECURITY DEFINER\nSET search_path = pg_catalog, "public", pg_temp\nAS $body$' in text


def test_settings_that_change_what_history_records_are_pinned_where_a_type_needs_it() -> None:
    assert "SET TimeZone = 'UTC'" in render({"insert": "all"}, "timestamptz")["insert"]
    assert "extra_float_digits" not in render({"insert": "all"}, "timestamptz")["insert"]
    assert "SET \"extra_float_digits\" = '1'" in render({"insert": "all"}, "float8")["insert"]


def test_a_body_cannot_break_out_of_its_quotes() -> None:
    values = {"stat_cd": {"name": "status", "values": {1: "$body$ LANGUAGE sql; DROP TABLE x; --"}}}
    policy = make_policy({"columns": {"id": {}, **values}}, {"update": ["status"]})
    (entity,) = resolve_entities(policy, make_catalog(make_orders()))
    (definition,) = compile_row_functions(entity, ROLES)
    assert "AS $body1$" in definition.create[0]
    assert definition.create[0].endswith("$body1$")
