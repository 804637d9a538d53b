"""Tables by grants, columns, ownership, predefined roles; row security; what a view passes on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pgmoat.report.blast.model import Confidence, Standing
from pgmoat.report.blast.snapshot import (
    Manifest,
    MappingFact,
    ObjectFact,
    PolicyFact,
    RelationFact,
    RewriteFact,
    RoleFact,
    TriggerFact,
)
from tests.unit.report.blast.catalogs import (
    HR,
    ME,
    ORDERS,
    OTHER,
    OWNER,
    PUBLIC_SCHEMA,
    ROOT,
    SALARIES,
    STAFF,
    VIEW,
    blast,
    definer,
    find,
    grant,
    make_snapshot,
    member,
    texts,
)


def test_a_role_without_anything_reaches_what_everybody_does() -> None:
    found = blast()
    assert found.beyond == ()
    assert {claim.standing for claim in found.claims} == {Standing.BASE}
    assert found.counts.rows_per_statement == 0


def test_a_grant_counts_the_rows() -> None:
    (claim,) = find(blast(grants=[grant(ME, "DELETE")]), "write-table")
    assert (claim.rows, claim.severity, claim.standing) == (1000, "high", "beyond")
    assert claim.message == "may delete all 1,000 rows of public.orders"
    assert claim.closures[0].sql == ('REVOKE DELETE ON TABLE "public"."orders" FROM "me" CASCADE',)
    assert claim.closures[0].revert == ('GRANT DELETE ON TABLE "public"."orders" TO "me"',)


def test_column_grants_reach_those_columns_in_one_revoke() -> None:
    columns = [grant(ME, "SELECT", number=2), grant(ME, "SELECT", number=1)]
    (claim,) = find(blast(grants=columns), "read-table")
    assert claim.columns == ("id", "total")
    assert claim.closures[0].sql == (
        'REVOKE SELECT ("total", "id") ON TABLE "public"."orders" FROM "me" CASCADE',
    )
    (half,) = find(blast(grants=columns[:1]), "read-table")
    assert half.columns == ("total",)


def test_a_grant_by_somebody_else_is_revoked_as_that_role() -> None:
    given = replace(grant(ME, "SELECT"), grantor=OTHER, is_grantable=True)
    (claim,) = find(blast(grants=[given]), "read-table")
    assert claim.closures[0].sql == (
        'SET LOCAL ROLE "other"',
        'REVOKE SELECT ON TABLE "public"."orders" FROM "me" CASCADE',
        "RESET ROLE",
    )
    assert "WITH GRANT OPTION" in claim.closures[0].revert[1]


def test_without_usage_on_the_schema_a_grant_sleeps() -> None:
    sleeping = blast(grants=[grant(ME, "SELECT", SALARIES)])
    assert find(sleeping, "read-table") == []
    assert find(sleeping, "dormant-grant")[0].severity == "low"
    awake = blast(grants=[grant(ME, "SELECT", SALARIES), grant(ME, "USAGE", HR, "schema")])
    assert find(awake, "read-table", "hr.salaries")
    assert find(awake, "dormant-grant") == []


def test_public_is_closed_with_grants_for_those_who_lose_it_but_not_for_the_role_in_question() -> None:
    found = blast(grants=[grant(0, "SELECT")])
    (claim,) = find(found, "read-table")
    assert claim.ways[0].text == "PUBLIC → SELECT on public.orders"
    assert claim.closures[0].grants == ('GRANT SELECT ON TABLE "public"."orders" TO "other"',)
    assert claim.closures[0].hurts == claim.closures[0].keeps == ("other",)
    assert claim.closures[0].revert[-1] == 'REVOKE SELECT ON TABLE "public"."orders" FROM "other"'


def test_an_owner_may_do_all_and_more() -> None:
    mine = RelationFact(ORDERS, PUBLIC_SCHEMA, "orders", "r", ME, rows=7)
    found = blast(relations=[mine])
    assert find(found, "own-relation")[0].closures[0].sql == (
        'ALTER TABLE "public"."orders" OWNER TO "root"',
    )
    assert {claim.action for claim in found.claims if claim.code in ("write-table", "truncate-table")} == {
        "INSERT",
        "UPDATE",
        "DELETE",
        "TRUNCATE",
    }


def test_predefined_roles_reach_every_table_and_the_catalogs_secrets() -> None:
    readers = RoleFact(6181, "pg_read_all_data")
    secret = RelationFact(1260, 11, "pg_authid", "r", ROOT)
    found = blast(
        roles=[readers],
        relations=[secret],
        objects=[ObjectFact("schema", 11, "pg_catalog", ROOT)],
        memberships=[member(ME, 6181)],
    )
    assert {claim.subject.name for claim in find(found, "read-table")} == {"public.orders", "hr.salaries"}
    assert all(claim.is_implied for claim in find(found, "read-table"))
    assert find(found, "read-secrets", "pg_catalog.pg_authid")[0].severity == "critical"
    assert find(found, "write-table") == []


def secured() -> RelationFact:
    return RelationFact(ORDERS, PUBLIC_SCHEMA, "orders", "r", OWNER, has_row_security=True, rows=1000)


def test_a_policy_that_believes_a_setting_is_forged() -> None:
    policy = PolicyFact(ORDERS, "p", True, "r", (0,), "(tenant = current_setting('app.t'::text))")
    found = blast(relations=[secured()], policies=[policy], grants=[grant(ME, "SELECT")])
    (claim,) = find(found, "forge-policy")
    assert claim.no_closure
    honest = replace(policy, reads="(owner = CURRENT_USER)")
    assert not find(
        blast(relations=[secured()], policies=[honest], grants=[grant(ME, "SELECT")]), "forge-policy"
    )


def test_row_security_without_a_policy_leaves_no_row() -> None:
    (claim,) = find(blast(relations=[secured()], grants=[grant(ME, "SELECT")]), "read-table")
    assert claim.limit == "row security leaves no row"


def make_view(**more: Any) -> RelationFact:
    return RelationFact(VIEW, PUBLIC_SCHEMA, "v", "v", OWNER, **more)


READS_SALARIES = RewriteFact(VIEW, "_RETURN", "1", True, True, "relation", SALARIES, 2)


def test_a_view_reads_with_its_owners_rights() -> None:
    found = blast(relations=[make_view()], rewrites=[READS_SALARIES], grants=[grant(ME, "SELECT", VIEW)])
    (claim,) = find(found, "read-table", "hr.salaries")
    assert claim.columns == ("amount",)
    assert claim.ways[0].text == "SELECT on public.v → public.v reads as owner"
    assert claim.ways[0].confidence is Confidence.BOUNDED
    assert claim.ways[0].closures[-1].sql == ('ALTER VIEW "public"."v" SET (security_invoker = true)',)


def test_an_invoker_view_lends_nothing() -> None:
    found = blast(
        relations=[make_view(is_invoker=True)], rewrites=[READS_SALARIES], grants=[grant(ME, "SELECT", VIEW)]
    )
    assert find(found, "read-table") == []


def test_a_view_whose_owner_may_not_read_lends_nothing() -> None:
    poor = RelationFact(VIEW, PUBLIC_SCHEMA, "v", "v", OTHER)
    found = blast(relations=[poor], rewrites=[READS_SALARIES], grants=[grant(ME, "SELECT", VIEW)])
    assert find(found, "read-table") == []


def test_a_simple_view_passes_writes_on_unless_a_trigger_stands_before() -> None:
    writes: dict[str, Any] = {"relations": [make_view(writes=28)], "rewrites": [READS_SALARIES]}
    found = blast(**writes, grants=[grant(ME, "UPDATE", VIEW)])
    assert texts(found, "write-table", "hr.salaries", "UPDATE") == [
        "UPDATE on public.v → public.v writes as owner"
    ]
    function = definer("BEGIN INSERT INTO hr.salaries VALUES (1); RETURN NEW; END", fires_as="trigger")
    stopped = blast(
        **writes,
        grants=[grant(ME, "UPDATE", VIEW)],
        functions=[function],
        triggers=[TriggerFact(VIEW, "t", 300, 16, is_instead=True)],
    )
    assert find(stopped, "write-table", "hr.salaries", "UPDATE") == []
    assert texts(stopped, "write-table", "hr.salaries", "INSERT") == [
        "UPDATE on public.v → trigger t on public.v runs public.f() as root"
    ]


def test_a_rule_writes_as_the_owner_of_its_table() -> None:
    rule = RewriteFact(
        ORDERS,
        "r",
        "3",
        False,
        True,
        "relation",
        SALARIES,
        1,
        "CREATE RULE r AS ON INSERT TO public.orders DO DELETE FROM hr.salaries WHERE salaries.id = new.id",
    )
    found = blast(rewrites=[rule], grants=[grant(ME, "INSERT")])
    assert texts(found, "write-table", "hr.salaries", "DELETE") == [
        "INSERT on public.orders → rule r on public.orders runs as owner"
    ]


def test_a_stored_password_is_its_roles_alone() -> None:
    server = ObjectFact("foreign server", 400, "far", ROOT)
    mine: dict[str, Any] = {"objects": [server], "mappings": [MappingFact(400, STAFF, True)]}
    assert find(blast(**mine), "stored-password") == []
    (claim,) = find(blast(**mine, memberships=[member(ME, STAFF)]), "stored-password")
    assert claim.closures[-1].sql == ('DROP USER MAPPING FOR "staff" SERVER "far"',)
    unknown = blast(objects=[server], mappings=[MappingFact(400, ME, None)])
    assert find(unknown, "stored-password")[0].message.startswith("perhaps a password")


def test_what_the_manifest_names_is_the_policys_and_a_grant_option_is_not() -> None:
    snapshot = make_snapshot()
    manifest = Manifest(grants=frozenset({("table", '"public"."orders"', "SELECT", None, "me")}))
    more: dict[str, Any] = {"server": replace(snapshot.server, is_installed=True), "manifest": manifest}
    (claim,) = find(blast(**more, grants=[grant(ME, "SELECT")]), "read-table")
    assert (claim.standing, claim.severity) == (Standing.POLICY, "low")
    (wide,) = find(blast(**more, grants=[grant(ME, "SELECT", is_grantable=True)]), "read-table")
    assert wide.standing is Standing.BEYOND
    (other,) = find(blast(**more, grants=[grant(ME, "SELECT", number=1)]), "read-table")
    assert other.standing is Standing.BEYOND
