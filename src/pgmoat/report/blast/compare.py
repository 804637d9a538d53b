"""
Compare what is claimed of a role with what came of trying.

In: Expectation, Facts, Scene. Out: Proof. I/O: none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pgmoat.report.blast.expect import Expectation
from pgmoat.report.blast.find_facts import HELD
from pgmoat.report.blast.model import Claim, StepKind, Way
from pgmoat.report.blast.probe import is_meaningful, list_relation_keys
from pgmoat.report.blast.trial import Fact, Facts, How, Key, Scene

_UNCOMPARED = frozenset({("schema", "USAGE")})
_WHY_UNTRIED = {
    StepKind.VIEW: "reads or writes behind a view: as far as its text goes; the view itself is tried",
    StepKind.RULE: "written by a rule, as far as its text goes; the rule's relation is tried",
    StepKind.TRIGGER: "done by a trigger, as far as its text goes; triggers are not run",
    StepKind.DEFINER: "done by a function, as far as its text goes; EXECUTE is tried, functions are not run",
    StepKind.HIJACK: "takes a function that is made to run the caller's code: functions are not run",
    StepKind.DEFAULT_PRIVILEGES: "about objects that do not exist yet",
    StepKind.MAPPING: "another server would be called",
    StepKind.SETTING: "rows would have to be read",
    StepKind.LANGUAGE: "what code outside of PostgreSQL's walls does; EXECUTE is tried, it is not run",
}
_WHY_BY_CODE = {
    "predefined-role": "the tables that it opens have claims of their own, which are tried",
    "own-password": "trying it would change the password",
    "notify": "trying it would send a notification",
    "replace-function": "trying it would replace the function",
    "dormant-grant": "without USAGE on the schema it opens nothing; that it does not is tried",
}
_WHY_ELSE = "there is no statement that shows it and has no effect"


class Verdict(StrEnum):
    """What came of one claim, or of what is not claimed."""

    PROVEN = "proven"  # claimed, and PostgreSQL lets it pass
    DIFFERS = "differs"  # claimed and refused, or allowed and not claimed
    BLOCKED = "blocked"  # claimed, and the privilege is held; something else stopped the statement
    UNTRIED = "untried"


@dataclass(frozen=True, slots=True)
class Line:
    """One claim, or one thing that nobody claimed."""

    verdict: Verdict
    what: str  # SELECT on public.orders (id, total)
    how: How
    identity: str = ""  # after SET ROLE staff
    claim: str = ""  # code of the claim; empty: there is none
    why: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return what a program reads."""
        return {
            "verdict": self.verdict.value,
            "what": self.what,
            "how": self.how.value,
            "identity": self.identity,
            "claim": self.claim,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Proof:
    """The claims of a role beside the facts."""

    role: str
    database: str
    lines: tuple[Line, ...]
    refused: int  # things that are not claimed, and that PostgreSQL refused when they were tried
    refused_asked: int  # things that are not claimed, and that PostgreSQL says it would refuse
    notes: tuple[str, ...] = ()  # what could not be tried at all

    @property
    def differences(self) -> tuple[Line, ...]:
        """Where claim and fact disagree."""
        return self.of(Verdict.DIFFERS)

    def of(self, verdict: Verdict) -> tuple[Line, ...]:
        """Return the lines with this verdict."""
        return tuple(line for line in self.lines if line.verdict is verdict)


_Group = tuple[Verdict, str, str, str, How, str, str]


def compare(
    role: str, scene: Scene, expectation: Expectation, found: Iterable[Facts], notes: Iterable[str] = ()
) -> Proof:
    """Return the proof: first what differs, then what could not be tried, then what is proven."""
    groups: dict[_Group, list[str]] = defaultdict(list)
    refused: dict[How, int] = defaultdict(int)
    for facts in found:
        claimed = expectation.claimed.get(facts.identity, {})
        for key, fact in facts.facts.items():
            claim = claimed.get(key)
            if claim is None and fact.is_allowed is not True:
                refused[fact.how] += fact.is_allowed is False
                continue
            if claim is None and _is_expected(key, scene, facts, expectation):
                continue
            verdict, why = judge(claim, fact)
            code = claim.code if claim is not None else ""
            group = (verdict, facts.identity.text, name_key(key, scene), key.action, fact.how, code, why)
            groups[group].append(key.column)
        for key, claim in claimed.items():
            if key not in facts.facts:
                verdict, why = _judge_unknown(key, scene)
                name = name_key(key, scene)
                groups[verdict, facts.identity.text, name, key.action, How.UNKNOWN, claim.code, why].append(
                    key.column
                )
    lines = [*_write_lines(groups), *_list_untried(expectation)]
    order = list((Verdict.DIFFERS, Verdict.BLOCKED, Verdict.UNTRIED, Verdict.PROVEN))
    lines.sort(key=lambda line: (order.index(line.verdict), line.identity, line.what))
    return Proof(role, scene.database, tuple(lines), refused[How.TRIED], refused[How.ASKED], tuple(notes))


def judge(claim: Claim | None, fact: Fact) -> tuple[Verdict, str]:
    """Return what a fact says of a claim, or of there being none."""
    if fact.is_allowed is None:
        return Verdict.UNTRIED, fact.why
    if claim is None:
        return Verdict.DIFFERS, "it is allowed, and not claimed"
    if fact.is_allowed:
        return Verdict.PROVEN, fact.why if fact.how is How.ASKED else ""
    if fact.why.startswith(HELD):
        return Verdict.BLOCKED, fact.why
    return Verdict.DIFFERS, "it is claimed, and refused" + (f": {fact.why}" if fact.why else "")


def _judge_unknown(key: Key, scene: Scene) -> tuple[Verdict, str]:
    """Return what is to be said of a claim about which PostgreSQL said nothing."""
    relation = scene.relations.get(int(key.thing)) if key.kind == "relation" else None
    if relation is not None and key not in list_relation_keys(relation, scene.server_version):
        return Verdict.DIFFERS, "it is claimed, and PostgreSQL has no such privilege on it"
    return Verdict.UNTRIED, _WHY_ELSE


def _is_expected(key: Key, scene: Scene, facts: Facts, expectation: Expectation) -> bool:
    """Whether what is allowed needs no claim of its own."""
    if facts.is_superuser or (key.kind, key.action) in _UNCOMPARED or key.kind == "everybody":
        return True
    if key in scene.public or (key in expectation.everybodys and not facts.identity.is_login):
        return True
    if key.kind == "function":
        return scene.routines[int(key.thing)].only_fires
    if key.kind == "relation":
        return not is_meaningful(scene.relations[int(key.thing)], key.action)
    if key.kind == "role":
        return _is_role_expected(key, scene, facts, expectation)
    # Elsewhere it is worth no claim: what the role reaches there is read there.
    is_elsewhere = key.thing not in {one.oid for one in scene.things if one.name == scene.database}
    return key.kind == "database" and key.action == "TEMPORARY" and is_elsewhere


def _is_role_expected(key: Key, scene: Scene, facts: Facts, expectation: Expectation) -> bool:
    """Whether what is allowed with another role needs no claim: what more it could be then has one."""
    if key.action == "ADMIN":
        # Before PostgreSQL 16 that is what the claim about CREATEROLE says.
        creates_roles = facts.facts.get(Key("attribute", "", "CREATEROLE"))
        return (
            scene.server_version < 160_000 and creates_roles is not None and creates_roles.is_allowed is True
        )
    known = {"SET ROLE": expectation.roles, "INHERIT": expectation.inherited}
    return key.thing == facts.identity.role or key.thing in known[key.action]


def name_key(key: Key, scene: Scene) -> str:
    """Return what a key is about, as a person reads it."""
    if key.kind == "relation":
        return scene.relations[int(key.thing)].qualified_name
    if key.kind == "function":
        routine = scene.routines[int(key.thing)]
        return f"{routine.schema}.{routine.signature.removeprefix(routine.schema + '.')}"
    wanted = "foreign server" if key.kind == "stored password" else key.kind
    thing = next((one for one in scene.things if (one.kind, one.identity) == (wanted, key.thing)), None)
    if thing is not None:
        return f"{key.kind} {thing.name}"
    return key.kind if not key.thing else f"{key.kind} {key.thing}"


def _write_lines(groups: Mapping[_Group, list[str]]) -> Iterator[Line]:
    for (verdict, identity, name, action, how, code, why), columns in groups.items():
        listed = f" ({', '.join(columns)})" if any(columns) else ""
        yield Line(verdict, f"{action} on {name}{listed}", how, identity, code, why)


def _list_untried(expectation: Expectation) -> Iterator[Line]:
    for claim, way in expectation.untried:
        what = f"{claim.action} on {claim.subject.name}"
        yield Line(Verdict.UNTRIED, what, How.UNKNOWN, "", claim.code, why_untried(claim, way))


def why_untried(claim: Claim, way: Way) -> str:
    """Return why a claim has no statement that shows it."""
    if claim.subject.database:
        return "in another database: prove it there"
    if claim.code in _WHY_BY_CODE:
        return _WHY_BY_CODE[claim.code]
    return next((_WHY_UNTRIED[step.kind] for step in way.steps if step.kind in _WHY_UNTRIED), _WHY_ELSE)
