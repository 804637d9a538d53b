"""Every path of memberships that PostgreSQL follows, and none that it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgmoat.report.blast.snapshot import MembershipFact, RoleFact
from tests.unit.report.blast.catalogs import (
    BOSS,
    ME,
    OTHER,
    ROOT,
    STAFF,
    blast,
    find,
    grant,
    make_snapshot,
    member,
    texts,
)

SELECT = (grant(BOSS, "SELECT"),)


def reads(*memberships: MembershipFact, version: int = 180_000) -> list[str]:
    return texts(blast(grants=SELECT, memberships=memberships, version=version), "read-table")


def test_without_a_membership_nothing_is_reached() -> None:
    assert reads() == []


def test_an_inherited_membership_counts_without_set_role() -> None:
    assert reads(member(ME, BOSS, may_set=False)) == ["me is a member of boss → SELECT on public.orders"]


def test_a_membership_that_does_not_inherit_needs_set_role() -> None:
    found = blast(grants=SELECT, memberships=[member(ME, BOSS, inherits=False)])
    (claim,) = find(found, "read-table")
    assert claim.ways[0].roles_to_set == ("boss",)
    assert claim.ways[0].text == "SET ROLE boss → SELECT on public.orders"


def test_neither_inherit_nor_set_nor_admin_is_no_way() -> None:
    assert reads(member(ME, BOSS, inherits=False, may_set=False)) == []


def test_the_admin_option_alone_is_a_way() -> None:
    found = blast(grants=SELECT, memberships=[member(ME, BOSS, inherits=False, may_set=False, is_admin=True)])
    (claim,) = find(found, "read-table")
    assert claim.ways[0].text == "ADMIN OPTION: me grants boss to itself → SELECT on public.orders"


def test_set_role_goes_through_a_chain_that_allows_it_all_along() -> None:
    chain = (member(ME, STAFF, inherits=False), member(STAFF, BOSS, inherits=False))
    assert reads(*chain) == ["SET ROLE staff → SET ROLE boss → SELECT on public.orders"]
    broken = (member(ME, STAFF, may_set=False), member(STAFF, BOSS, inherits=False))
    assert reads(*broken) == []


def test_what_is_set_to_inherits_on() -> None:
    chain = (member(ME, STAFF, inherits=False), member(STAFF, BOSS, may_set=False))
    assert reads(*chain) == ["SET ROLE staff → staff is a member of boss → SELECT on public.orders"]


def test_every_path_of_a_diamond_is_shown() -> None:
    diamond = (member(ME, STAFF), member(ME, OTHER), member(STAFF, BOSS), member(OTHER, BOSS))
    assert sorted(reads(*diamond)) == [
        "me is a member of other → other is a member of boss → SELECT on public.orders",
        "me is a member of staff → staff is a member of boss → SELECT on public.orders",
    ]


def test_a_circle_ends() -> None:
    circle = (member(ME, STAFF), member(STAFF, BOSS), member(BOSS, STAFF))
    assert len(reads(*circle)) == 1


def test_two_grantors_of_one_membership_are_both_revoked() -> None:
    twice = [member(ME, BOSS), replace(member(ME, BOSS), grantor=OTHER)]
    (claim,) = find(blast(grants=SELECT, memberships=twice), "read-table")
    assert claim.ways[0].closures[0].sql == (
        'REVOKE "boss" FROM "me" GRANTED BY "root" CASCADE',
        'REVOKE "boss" FROM "me" GRANTED BY "other" CASCADE',
    )


def test_before_16_there_is_no_grantor_to_name() -> None:
    (claim,) = find(blast(grants=SELECT, memberships=[member(ME, BOSS)], version=150_000), "read-table")
    assert claim.ways[0].closures[0].sql == ('REVOKE "boss" FROM "me" CASCADE',)


def test_attributes_count_only_for_a_session_that_may_be_the_role() -> None:
    strong = RoleFact(BOSS, "boss", bypasses_row_security=True)
    may_be = blast(roles=[strong], memberships=[member(ME, BOSS)])
    may_not = blast(roles=[strong], memberships=[member(ME, BOSS, may_set=False)])
    assert texts(may_be, "bypass-row-security") == ["SET ROLE boss → boss is BYPASSRLS"]
    assert find(may_not, "bypass-row-security") == []


def test_a_superuser_by_membership_is_everything() -> None:
    found = blast(memberships=[member(ME, ROOT)])
    assert [claim.severity for claim in find(found, "superuser")] == ["critical"]
    assert find(found, "write-table", "hr.salaries", "DELETE")[0].rows == 50
    assert find(found, "own-relation") == []
    assert found.counts.rows_per_statement is None
    assert found.counts.changeable_rows == 1050


@pytest.mark.parametrize(("version", "is_reached"), [(150_000, True), (160_000, False)])
def test_createrole_grants_itself_every_role_before_16(version: int, is_reached: bool) -> None:
    maker = RoleFact(ME, "me", can_login=True, creates_roles=True)
    found = blast(roles=[maker], grants=SELECT, version=version)
    assert bool(texts(found, "read-table")) == is_reached
    assert find(found, "superuser") == []
    assert find(found, "create-role")[0].severity == ("critical" if is_reached else "medium")
    assert bool(find(found, "use-role", "staff")) == is_reached


def test_the_owner_of_the_database_has_what_pg_database_owner_has() -> None:
    implied = RoleFact(6171, "pg_database_owner")
    snapshot = make_snapshot(roles=[implied], grants=[grant(6171, "SELECT")])
    server = replace(snapshot.server, database_owner=ME)
    found = blast(roles=[implied], grants=[grant(6171, "SELECT")], server=server)
    assert texts(found, "read-table") == ["me is a member of pg_database_owner → SELECT on public.orders"]
