"""Who is granted what."""

from __future__ import annotations

from pgmoat.compiler.compile import compile_wanted
from pgmoat.model.objects import Grant
from tests.unit.compiler.catalogs import make_catalog, make_column, make_orders, make_policy

TABLE, VIEW = '"public"."orders"', '"agent"."orders"'
ACCESS = {"select": ["id", "stat_cd"], "insert": ["stat_cd"], "update": ["stat_cd"], "delete": True}


def grants_to(
    role: str, object_name: str, access: dict[str, object], **orders: object
) -> set[tuple[str, str | None]]:
    policy = make_policy(orders, access)
    wanted = compile_wanted(policy, make_catalog(make_orders(make_column("card_no"))))
    return {(g.privilege, g.column) for g in wanted.grants if g.grantee == role and g.object == object_name}


def test_agents_hold_nothing_on_base_tables() -> None:
    assert grants_to("agent_clerk", TABLE, {**ACCESS}, delete="soft") == set()


def test_agents_hold_exactly_what_the_policy_says() -> None:
    assert grants_to("agent_clerk", VIEW, {**ACCESS}, delete="soft") == {
        ("SELECT", "id"),
        ("SELECT", "stat_cd"),
        ("INSERT", "stat_cd"),
        ("UPDATE", "stat_cd"),
        ("DELETE", None),
    }


def test_delete_is_not_granted_where_deletes_are_forbidden() -> None:
    assert ("DELETE", None) not in grants_to("agent_clerk", VIEW, {"delete": True})


def test_the_view_owner_may_only_read_listed_columns() -> None:
    assert grants_to("pgmoat_views", TABLE, {**ACCESS}, delete="soft") == {
        ("SELECT", name) for name in ("id", "usr_id", "stat_cd", "deleted_at")
    }


def test_the_writer_holds_columns_and_never_delete() -> None:
    held = grants_to("pgmoat_writer", TABLE, {**ACCESS}, delete="soft")
    assert {privilege for privilege, _ in held} == {"SELECT", "INSERT", "UPDATE"}
    assert all(column is not None for _, column in held)
    assert "card_no" not in {column for _, column in held}


def test_the_writer_holds_nothing_where_nobody_writes() -> None:
    assert grants_to("pgmoat_writer", TABLE, {"select": "all"}) == set()


def test_only_the_orchestrator_opens_tasks() -> None:
    wanted = compile_wanted(make_policy(access={}), make_catalog(make_orders()))
    holders = {g.grantee for g in wanted.grants if g.object.startswith("pgmoat.open_task(")}
    assert holders == {"pgmoat_orchestrator"}


def test_nobody_is_granted_the_secret() -> None:
    wanted = compile_wanted(make_policy(access={}), make_catalog(make_orders()))
    hidden = {"token_hash", "password_verifier", "token_key"}
    assert not [grant for grant in wanted.grants if grant.column in hidden or "secret" in grant.object]
    whole_tables = {grant.object for grant in wanted.grants if grant.column is None}
    assert not whole_tables & {'"pgmoat"."task"', '"pgmoat"."agent"', '"pgmoat"."secret"'}


def test_grants_are_values() -> None:
    assert Grant("table", "t", None, "SELECT", "r") == Grant("table", "t", None, "SELECT", "r")
