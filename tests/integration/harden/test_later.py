"""What happens between hardening and softening: plans, drift, roles that come and go, grants of people's."""

from __future__ import annotations

import psycopg

from pgmoat.doctor.check import Diagnosis, Status
from pgmoat.doctor.examine import examine
from pgmoat.model.finding import Severity
from pgmoat.model.objects import Kind
from pgmoat.policy.load import load_policy_text
from tests.integration.harden.conftest import Site
from tests.integration.harden.test_walls import WAYS, try_as


def diagnose(site: Site) -> list[Diagnosis]:
    with psycopg.connect(site.dsn, autocommit=True) as connection:
        return examine(connection, load_policy_text(site.policy_text, "moat.yaml"))


def test_a_plan_neither_repeats_nor_reverts_it(kept: Site) -> None:
    kept.apply(harden="all")
    held = kept.acls()
    assert kept.plan().planned.plan.is_in_order
    assert kept.plan(harden="all").planned.plan.is_in_order
    assert not kept.apply().actions
    assert not kept.apply(harden="all").actions
    assert kept.acls() == held
    kept.apply(soften="all")


def test_acceptances_become_unused(kept: Site) -> None:
    kept.apply(harden="usual")
    unused = [f.message for f in kept.plan().planned.findings if f.code == "accept-unused"]
    assert len(unused) == 7
    assert not [f for f in kept.plan().planned.findings if f.code == "reach-accepted"]
    kept.apply(soften="all")


def test_without_acceptances_a_hardening_makes_the_policy_fit(bare: Site) -> None:
    bare.policy_text = bare.policy_text.partition("accept:")[0]
    assert {f.code for f in bare.plan().planned.errors} == {"reach-public"}
    assert not bare.plan(harden="usual").planned.errors
    before = bare.acls()
    bare.apply(harden="usual")
    bare.set_passwords()
    assert bare.plan().planned.plan.is_in_order
    assert bare.plan(harden="usual").planned.plan.is_in_order
    assert try_as(bare, "a_clerk", WAYS["functions"]) == "42501"
    bare.destroy(everything=True)
    assert bare.acls() == before


def test_what_is_opened_again_is_drift(kept: Site) -> None:
    kept.apply(harden="usual")
    kept.run("GRANT EXECUTE ON FUNCTION public.total() TO PUBLIC")
    (finding,) = kept.plan().planned.plan.findings
    assert (finding.code, finding.severity) == ("closure-reopened", Severity.WARNING)
    assert "function public.total()" in finding.message
    assert finding.hint.startswith("REVOKE EXECUTE ON FUNCTION public.total() FROM PUBLIC;")
    assert len(kept.plan(harden="functions").hardening.closures) == 1
    assert not kept.plan(harden="functions").planned.plan.findings
    kept.apply(harden="functions")
    assert kept.plan().planned.plan.is_in_order
    assert try_as(kept, "web", WAYS["functions"]) is None
    kept.apply(soften="all")


def test_a_reopened_one_can_be_left_so(kept: Site) -> None:
    before = kept.acls()
    kept.apply(harden="functions")
    kept.run("GRANT EXECUTE ON FUNCTION public.total() TO PUBLIC")
    kept.apply(soften="functions")
    assert kept.plan().planned.plan.is_in_order
    assert kept.acls() == before


def test_a_role_that_came_later_is_completed(site: Site) -> None:
    before = site.acls()
    site.apply(harden="temporary,functions")
    site.run("CREATE ROLE PREFIXlate LOGIN PASSWORD 'secret'")
    site.run("CREATE ROLE PREFIXsam LOGIN PASSWORD 'secret' IN ROLE PREFIXstaff")
    assert try_as(site, "late", WAYS["temporary"]) == "42501"
    assert try_as(site, "sam", WAYS["temporary"]) is None
    assert site.plan().planned.plan.is_in_order
    notes = [line for line in diagnose(site) if line.code == "doctor-closures"]
    assert [(line.status, site.role("late") in line.message) for line in notes] == [(Status.NOTE, True)] * 2
    lacking = site.plan(harden="temporary").hardening.closures
    assert [closure.keeps for closure in lacking] == [(site.role("late"),)]
    site.apply(harden="temporary,functions")
    assert [line.status for line in diagnose(site) if line.code == "doctor-closures"] == [Status.OK]
    assert try_as(site, "late", WAYS["temporary"]) is None
    assert try_as(site, "late", WAYS["functions"]) is None
    assert try_as(site, "a_clerk", WAYS["temporary"]) == "42501"
    site.apply(soften="all")
    assert site.acls() == before


def test_what_people_take_from_a_role_afterwards_is_not_given_again(kept: Site) -> None:
    kept.apply(harden="temporary")
    kept.run(f'REVOKE TEMPORARY ON DATABASE "{kept.database.name}" FROM PREFIXweb')
    assert not kept.plan(harden="temporary").hardening.closures
    kept.apply(soften="all")


def test_what_people_grant_meanwhile_stays(site: Site) -> None:
    site.run("GRANT SELECT (what) ON public.audit TO PREFIXweb")
    site.run("GRANT SELECT (at) ON public.audit TO PREFIXbob WITH GRANT OPTION")
    before = site.acls()
    site.apply(harden="tables,functions")
    site.run("GRANT UPDATE ON public.audit TO PREFIXweb")
    site.run("GRANT EXECUTE ON FUNCTION public.plain(integer) TO PREFIXweb")
    site.run("GRANT INSERT ON public.audit TO PREFIXann WITH GRANT OPTION")
    site.apply(soften="tables,functions")
    after = site.acls()
    owner, web, ann = site.role("owner"), site.role("web"), site.role("ann")
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {
        "relation audit": {f"{web}=w/{owner}", f"{ann}=a*/{owner}"},
        "function plain(integer)": {f"{web}=X/{owner}"},
    }
    assert not {name for name in before if before[name] - after[name]}


def test_a_role_and_an_object_may_go_meanwhile(site: Site) -> None:
    site.run("CREATE ROLE PREFIXshort LOGIN PASSWORD 'secret'")
    before = site.acls()
    site.apply(harden="usual")
    site.run('DROP OWNED BY PREFIXshort; DROP ROLE PREFIXshort; DROP PROCEDURE public."Odd proc"(integer)')
    site.run("SELECT lo_unlink(4711)")
    assert site.plan().planned.plan.is_in_order
    site.apply(soften="all")
    gone = {"large object 4711", 'function "Odd proc"(integer)'}
    assert site.acls() == {name: acl for name, acl in before.items() if name not in gone}
    assert site.value("SELECT count(*) FROM pgmoat.closure") == 0


def test_what_another_role_gave_to_public_is_taken_as_that_role(site: Site) -> None:
    site.run("GRANT SELECT ON public.orders TO PREFIXweb WITH GRANT OPTION")
    site.run("SET ROLE PREFIXweb; GRANT SELECT ON public.orders TO PUBLIC")
    site.run("RESET ROLE")
    before = site.acls()
    site.policy_text += "  - {object: public.orders, why: as it was}\n"
    site.apply(harden="tables")
    assert try_as(site, "a_clerk", "SELECT FROM public.orders") == "42501"
    assert try_as(site, "ann", "SELECT FROM public.orders") is None
    assert site.plan().planned.plan.is_in_order
    site.apply(soften="tables")
    assert site.acls() == before


def test_destroy_gives_everything_back(site: Site) -> None:
    site.apply(harden="all")
    site.destroy()
    assert site.value("SELECT count(*) FROM pgmoat.closure") == 0
    assert try_as(site, "web", WAYS["temporary"]) is None
    site.run("CREATE ROLE PREFIXlate LOGIN PASSWORD 'secret'")
    for statement in WAYS.values():
        assert try_as(site, "late", statement) is None, statement
    site.apply()
    site.apply(harden="temporary")
    actions = site.destroy(everything=True).actions
    assert actions[0].kind is Kind.CLOSURE
    assert try_as(site, "late", WAYS["temporary"]) is None


def test_an_operation_and_an_agent_that_go_take_their_grants_along(site: Site) -> None:
    before = site.acls()
    site.apply(harden="all")
    whole = site.policy_text
    start, end = whole.index("operations:"), whole.index("agents:")
    site.policy_text = (whole[:start] + whole[end:]).replace("    operations: [ship]\n", "")
    site.apply()
    assert site.plan().planned.plan.is_in_order
    site.policy_text = whole
    site.apply()
    assert site.plan().planned.plan.is_in_order
    # The operation's role is a new one, and people's trigger calls functions as the writer only.
    site.apply(harden="all")
    site.apply(soften="all")
    assert site.acls() == before


def test_softening_says_that_the_policy_will_not_fit(bare: Site) -> None:
    accepted = bare.policy_text
    bare.policy_text = accepted.partition("accept:")[0]
    bare.apply(harden="all")
    told = [f for f in bare.plan(soften="all").planned.findings if f.code == "soften-unaccepted"]
    assert [f.severity for f in told] == [Severity.WARNING]
    assert not [
        f for f in bare.plan(soften="temporary,all-functions").planned.findings if f.code == told[0].code
    ]
    bare.apply(soften="all")
    refused = [f for f in bare.plan().planned.errors if f.code == "reach-public"]
    assert told[0].message.endswith(f", and {len(refused) - 3} more")
    bare.policy_text = accepted
    bare.apply(harden="all")
    assert "soften-unaccepted" not in {f.code for f in bare.plan(soften="all").planned.findings}
