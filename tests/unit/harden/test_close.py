"""Who gets what PUBLIC loses, and the SQL of it."""

from __future__ import annotations

import pytest

from pgmoat.errors import Error
from pgmoat.harden.areas import ALL_AREAS, Areas, parse_areas
from pgmoat.harden.close import compile_closures, complete_closures, find_area
from pgmoat.harden.record import list_records
from pgmoat.harden.rights import PUBLIC, Held, Roles, ServerRole, Thing
from pgmoat.harden.sharing import Needs, Sharing
from pgmoat.model.objects import Grant


def role(name: str, *, inherits: tuple[str, ...] = (), member_of: tuple[str, ...] = ()) -> ServerRole:
    return ServerRole(name, name == "postgres", False, (*inherits, *member_of), inherits)


ROLES = (
    role("postgres"),
    role("agent"),
    role("owner"),
    role("staff"),
    role("ann", inherits=("staff",)),
    role("bob", member_of=("staff",)),
    role("writer"),
)


def thing(kind: str, name: str, *held: tuple[str, str], trait: str = "", column: str | None = None) -> Thing:
    acl = tuple(Held(privilege, grantee, "", is_grantable=False) for grantee, privilege in held)
    return Thing(kind, name, column, "owner", False, trait, is_default=False, held=acl)


def share(*roles: ServerRole, needs: Needs | None = None, wanted: tuple[Grant, ...] = ()) -> Sharing:
    known = Roles(roles or ROLES, frozenset({"agent"}), frozenset({"writer"}))
    return Sharing(known, needs or Needs(), wanted)


FUNCTION = thing("function", "public.f()", (PUBLIC, "EXECUTE"), ("owner", "EXECUTE"), trait="definer")


def test_everybody_but_agents_superusers_and_holders_gets_it_once() -> None:
    (closure,) = compile_closures([FUNCTION], share(), ALL_AREAS)
    assert closure.grants == ('GRANT EXECUTE ON FUNCTION public.f() TO "staff", "bob"',)
    assert closure.sql == ("REVOKE EXECUTE ON FUNCTION public.f() FROM PUBLIC",)
    assert closure.revert == (
        "GRANT EXECUTE ON FUNCTION public.f() TO PUBLIC",
        'REVOKE EXECUTE ON FUNCTION public.f() FROM "staff", "bob"',
    )
    assert closure.hurts == closure.keeps == ("staff", "ann", "bob")
    assert closure.needs == "owner owner"


def test_a_role_that_an_agent_is_a_member_of_gets_nothing_and_its_members_do() -> None:
    shared = (*(r for r in ROLES if r.name != "agent"), role("agent", member_of=("staff",)))
    (closure,) = compile_closures([FUNCTION], share(*shared), ALL_AREAS)
    assert closure.grants == ('GRANT EXECUTE ON FUNCTION public.f() TO "ann", "bob"',)
    assert set(closure.hurts) - set(closure.keeps) == {"staff"}


def test_what_apply_grants_anyway_is_not_granted_twice() -> None:
    needs = Needs(runners=frozenset({"writer"}))
    wanted = Grant("function", "public.f()", None, "EXECUTE", "writer")
    (closure,) = compile_closures([FUNCTION], share(needs=needs), ALL_AREAS)
    assert [grant.grantee for grant in closure.given] == ["staff", "bob", "writer"]
    (closure,) = compile_closures([FUNCTION], share(needs=needs, wanted=(wanted,)), ALL_AREAS)
    assert [grant.grantee for grant in closure.given] == ["staff", "bob"]


def test_agents_get_only_what_their_entities_call() -> None:
    needs = Needs(used_functions=frozenset({"public.f()"}), agents=frozenset({"agent"}))
    other = thing("function", "public.g()", (PUBLIC, "EXECUTE"), ("owner", "EXECUTE"))
    closures = compile_closures([FUNCTION, other], share(needs=needs), ALL_AREAS)
    assert ["agent" in {g.grantee for g in closure.given} for closure in closures] == [True, False]


def test_pgmoat_never_gets_delete_and_its_views_owner_nothing_on_entities() -> None:
    needs = Needs(
        runners=frozenset({"writer", "views"}), views_role="views", base_tables=frozenset({'"public"."t"'})
    )
    found = [needs.of(thing("table", name), privilege) for name, privilege in (
        ('"public"."t"', "SELECT"), ('"public"."u"', "SELECT"), ('"public"."u"', "INSERT"),
        ('"public"."u"', "DELETE"), ('"public"."u"', "TRUNCATE"),
    )]  # fmt: skip
    assert found == [{"writer"}, {"writer", "views"}, {"writer"}, frozenset(), frozenset()]


@pytest.mark.parametrize(
    ("kind", "name", "privilege", "trait", "area"),
    [
        ("database", '"shop"', "TEMPORARY", "", "temporary"),
        ("database", '"shop"', "CREATE", "", "schema"),
        ("database", '"other"', "CONNECT", "other", "connect:other"),
        ("database", '"other"', "TEMPORARY", "other", None),
        ("table", '"x"."t"', "SELECT", "", "tables"),
        ("table", '"x"."t"', "SELECT", "extension", None),
        ("table", '"x"."t"', "INSERT", "extension", "tables"),
        ("function", "x.f()", "EXECUTE", "extension", None),
        ("function", "x.f()", "EXECUTE", "extension definer", "functions"),
        ("procedure", "x.f()", "EXECUTE", "", "all-functions"),
        ("function", "pg_catalog.pg_cancel_backend(integer)", "EXECUTE", "catalog", "signals"),
        ("function", "pg_catalog.lo_create(oid)", "EXECUTE", "catalog", "large-objects"),
        ("function", "pg_catalog.pg_try_advisory_lock(bigint)", "EXECUTE", "catalog", "advisory-locks"),
        ("default tables", 'FOR ROLE "a"', "SELECT", "", "defaults"),
        ("language", '"plpgsql"', "USAGE", "", "languages"),
    ],
)  # fmt: skip
def test_the_area_of_a_way(kind: str, name: str, privilege: str, trait: str, area: str | None) -> None:
    assert find_area(thing(kind, name, trait=trait), privilege) == area


def test_odd_names_and_columns_are_quoted() -> None:
    odd = thing("table", '"pub lic"."o""rders"', (PUBLIC, "SELECT"), column="No 1")
    (closure,) = compile_closures([odd], share(role("agent"), role('a"b')), ALL_AREAS)
    assert closure.object == 'column pub lic.o"rders.No 1'
    assert closure.grants == ('GRANT SELECT ("No 1") ON TABLE "pub lic"."o""rders" TO "a""b"',)


def test_default_privileges_are_taken_from_what_comes() -> None:
    new = thing("default functions", 'FOR ROLE "owner"', (PUBLIC, "EXECUTE"), ("owner", "EXECUTE"))
    (closure,) = compile_closures([new], share(role("agent"), role("web")), ALL_AREAS)
    prefix = 'ALTER DEFAULT PRIVILEGES FOR ROLE "owner"'
    assert closure.grants == (f'{prefix} GRANT EXECUTE ON FUNCTIONS TO "web"',)
    assert closure.sql == (f"{prefix} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",)


def test_only_new_roles_are_completed() -> None:
    (closure,) = compile_closures([FUNCTION], share(), ALL_AREAS)
    records = list_records(closure)
    closed = thing("function", "public.f()", ("owner", "EXECUTE"), ("bob", "EXECUTE"), trait="definer")
    later = share(*ROLES, role("late"))
    (lacking,) = complete_closures([closed], later, ALL_AREAS, records)
    assert lacking.grants == ('GRANT EXECUTE ON FUNCTION public.f() TO "late"',)
    assert not complete_closures([closed], later, Areas(), records)
    assert not complete_closures([FUNCTION], later, ALL_AREAS, records)


def test_areas_are_read() -> None:
    assert parse_areas(["temporary, connect", "connect:a,b"], "--harden") == Areas(
        frozenset({"temporary", "connect"}), frozenset({"a,b"})
    )
    assert parse_areas(["usual"], "--harden").names < parse_areas(["all"], "--harden").names
    assert not parse_areas([], "--harden")
    with pytest.raises(Error, match="--harden sequences: there is no such area"):
        parse_areas(["sequences"], "--harden")
