"""Claims beside facts: agreement, and each kind of disagreement."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgmoat.report.blast.compare import Proof, Verdict, compare
from pgmoat.report.blast.expect import Expectation, expect, identify
from pgmoat.report.blast.find_facts import HELD
from pgmoat.report.blast.model import (
    Blast,
    Claim,
    Confidence,
    Counts,
    Login,
    Severity,
    Standing,
    Step,
    StepKind,
    Subject,
    Way,
)
from pgmoat.report.blast.proof_text import describe_proof, render_proof
from pgmoat.report.blast.trial import Fact, Facts, How, Identity, Key, RelationToTry, Scene, ThingToTry

ORDERS = RelationToTry(1, 9, "public", "orders", "r", False, False, ("id", "total"))
PEOPLE = RelationToTry(2, 9, "public", "people", "r", False, False, ("id",))
SCENE = Scene(
    "shop", 180_000, {1: ORDERS, 2: PEOPLE}, {}, (ThingToTry("role", 5, "staff", False),), watches_ddl=False
)
LOGIN = Identity("app")
ID, TOTAL = Key("relation", 1, "SELECT", "id"), Key("relation", 1, "SELECT", "total")
YES, NO = Fact(True, How.TRIED), Fact(False, How.TRIED, "permission denied for table orders")


def make_claim(*steps: Step, columns: tuple[str, ...] = (), code: str = "read-table") -> Claim:
    way = Way(steps or (Step(StepKind.GRANT, "public.orders"),), "app", columns)
    subject = Subject("table", "public.orders", '"public"."orders"', 1)
    return Claim(code, subject, "SELECT", "may read", Severity.HIGH, (way,), Standing.BEYOND)


def make_blast(*claims: Claim) -> Blast:
    return Blast("app", None, "shop", 180_000, False, claims, Counts(), Login(True))


def prove(claim: Claim | None, facts: dict[Key, Fact], *, is_superuser: bool = False) -> Proof:
    expectation = expect(make_blast(*([claim] if claim else [])), SCENE)
    return compare("app", SCENE, expectation, [Facts(LOGIN, facts, is_superuser)])


def test_what_is_claimed_and_allowed_is_proven() -> None:
    proof = prove(make_claim(), {ID: YES, TOTAL: YES})
    assert [(line.verdict, line.what) for line in proof.lines] == [
        (Verdict.PROVEN, "SELECT on public.orders (id, total)")
    ]


@pytest.mark.parametrize("fact", [NO, Fact(False, How.ASKED)])
def test_what_is_claimed_and_refused_differs(fact: Fact) -> None:
    proof = prove(make_claim(), {ID: YES, TOTAL: fact})
    (line,) = proof.differences
    assert line.what == "SELECT on public.orders (total)"
    assert line.claim == "read-table"


def test_what_is_allowed_and_not_claimed_differs() -> None:
    proof = prove(make_claim(columns=("id",)), {ID: YES, TOTAL: YES})
    (line,) = proof.differences
    assert (line.what, line.claim) == ("SELECT on public.orders (total)", "")


def test_what_is_neither_is_counted() -> None:
    proof = prove(None, {ID: NO, TOTAL: Fact(False, How.ASKED)})
    assert (proof.lines, proof.refused, proof.refused_asked) == ((), 1, 1)


def test_a_privilege_that_is_held_and_stopped_is_no_difference() -> None:
    proof = prove(make_claim(), {ID: replace(NO, why=HELD + "permission denied"), TOTAL: YES})
    assert proof.differences == ()
    assert len(proof.of(Verdict.BLOCKED)) == 1


def test_what_is_not_known_is_said() -> None:
    proof = prove(make_claim(), {ID: Fact(None, How.UNKNOWN, "canceling statement due to lock timeout")})
    assert {line.why for line in proof.of(Verdict.UNTRIED)} >= {"canceling statement due to lock timeout"}
    assert len(proof.of(Verdict.UNTRIED)) == 2


def test_a_privilege_that_does_not_exist_differs() -> None:
    claim = replace(make_claim(), action="MAINTAIN", code="maintain-table")
    old = replace(SCENE, server_version=160_000)
    proof = compare("app", old, expect(make_blast(claim), old), [Facts(LOGIN, {})])
    assert "no such privilege" in proof.differences[0].why


def test_a_superuser_needs_no_claim_for_each_thing() -> None:
    assert prove(None, {ID: YES}, is_superuser=True).differences == ()


def test_what_postgresql_gives_every_role_needs_no_claim() -> None:
    scene = replace(SCENE, public=frozenset({ID}))
    proof = compare("app", scene, expect(make_blast(), scene), [Facts(LOGIN, {ID: YES})])
    assert proof.differences == ()


@pytest.mark.parametrize(
    "kind", [StepKind.VIEW, StepKind.DEFINER, StepKind.HIJACK, StepKind.TRIGGER, StepKind.SETTING]
)
def test_what_goes_through_somebody_elses_text_is_not_tried(kind: StepKind) -> None:
    claim = make_claim(Step(StepKind.GRANT, "v"), Step(kind, "v"))
    expectation = expect(make_blast(claim), SCENE)
    assert expectation.claimed == {LOGIN: {}}
    assert expectation.untried == ((claim, claim.ways[0]),)


def test_a_way_by_set_role_is_tried_as_that_role() -> None:
    claim = make_claim(Step(StepKind.SET_ROLE, "staff"), Step(StepKind.GRANT, "public.orders"))
    (_, other) = expect(make_blast(claim), SCENE).claimed
    assert (other.role, other.grants, other.is_login) == ("staff", (), False)


def test_a_membership_that_the_role_gives_itself_is_given_first() -> None:
    steps = (
        Step(StepKind.INHERIT, "clerks"),
        Step(StepKind.ADMIN_OPTION, "staff"),
        Step(StepKind.GRANT, "x"),
    )
    found = identify("app", Way(steps, "staff", confidence=Confidence.CERTAIN))
    assert found == Identity("staff", ('GRANT "staff" TO "app"', 'SET LOCAL ROLE "staff"'), False)


def test_set_role_to_a_role_that_no_claim_names_differs() -> None:
    key = Key("role", "staff", "SET ROLE")
    assert prove(None, {key: YES}).differences[0].what == "SET ROLE on role staff"
    named = Expectation({LOGIN: {}}, roles=frozenset({"staff"}))
    assert compare("app", SCENE, named, [Facts(LOGIN, {key: YES})]).differences == ()


def test_the_text_counts_and_shows_each_difference() -> None:
    proof = prove(make_claim(), {ID: YES, TOTAL: NO, Key("relation", 2, "SELECT", "id"): YES})
    text = "\n".join(line for _, line in render_proof(proof))
    assert "2 differences between claim and fact" in text
    assert "SELECT on public.orders (total) [read-table]: it is claimed, and refused" in text
    assert "SELECT on public.people (id): it is allowed, and not claimed" in text
    assert describe_proof(proof)["differences"] == 2
    good = "\n".join(line for _, line in render_proof(prove(make_claim(), {ID: YES, TOTAL: YES})))
    assert "no difference between claim and fact" in good
