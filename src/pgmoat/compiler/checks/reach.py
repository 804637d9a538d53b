"""
Check what agents reach besides their entities: through PUBLIC, or through a membership.

In: Policy, Catalog. Out: Findings. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pgmoat.catalog.snapshot import Catalog, Reach
from pgmoat.compiler.checks.wording import join_words, quote_name, quote_qualified
from pgmoat.model.finding import Finding, Severity
from pgmoat.policy.schema import Policy

_NOUNS = {
    "table": "table",
    "column": "column",
    "sequence": "sequence",
    "function": "SECURITY DEFINER function",
    "schema-create": "schema",
    "database-create": "database",
    "large-object": "large object",
}


def check_reach(policy: Policy, catalog: Catalog) -> list[Finding]:
    """
    Return a finding for each object reached that the policy does not accept, once per object and path.

    PUBLIC's rights are an error: taking them away may hurt people. A membership is a warning, because apply
    revokes it. What leads to one of pgmoat's own roles cannot be accepted.
    """
    system_roles = set(policy.settings.system_roles)
    accepted = {_normalize(entry.object): index for index, entry in enumerate(policy.accept)}
    used: set[int] = set()
    findings: list[Finding] = []
    for reach, privileges in group_reach(catalog.reach):
        if reach.kind == "membership-chain":
            findings.append(_chain(reach))
            continue
        index = next((accepted[name] for name in _names_of(reach) if name in accepted), None)
        if index is None:
            findings.append(_membership(reach) if reach.kind == "membership" else _public(reach, privileges))
            continue
        used.add(index)
        if reach.object in system_roles:
            findings += (_system_role(reach, index), _membership(reach))
            continue
        message = f"{_describe(reach, privileges)}, accepted: {policy.accept[index].why}"
        findings.append(Finding(Severity.NOTE, "reach-accepted", ("accept", index), message))
    findings += _check_unused(policy, used)
    return findings


def find_unaccepted(policy: Policy, reaches: Iterable[Reach]) -> Iterator[tuple[Reach, str]]:
    """Yield those of *reaches* through PUBLIC that the policy does not accept, and how they read."""
    accepted = {_normalize(entry.object) for entry in policy.accept}
    for reach, privileges in group_reach(reaches):
        if accepted.isdisjoint(_names_of(reach)):
            yield reach, _describe(reach, privileges)


def group_reach(reaches: Iterable[Reach]) -> Iterator[tuple[Reach, list[str]]]:
    """Yield each object and path once, with all privileges."""
    privileges: dict[tuple[str, str, str], list[str]] = {}
    first: dict[tuple[str, str, str], Reach] = {}
    for reach in reaches:
        place = (reach.kind, reach.object, reach.path)
        first.setdefault(place, reach)
        privileges.setdefault(place, []).append(reach.privilege)
    for place, reach in first.items():
        yield reach, privileges[place]


def _names_of(reach: Reach) -> Iterator[str]:
    """Yield the names that an acceptance may use: a column is accepted with its table too."""
    yield _normalize(reach.object)
    if reach.kind == "column":
        yield _normalize(reach.object.rpartition(".")[0])


def _normalize(name: str) -> str:
    """Return *name* without the blanks around the commas and brackets of an argument list."""
    return re.sub(r"\s*([(),])\s*", r"\1", name.strip())


def _describe(reach: Reach, privileges: list[str]) -> str:
    if reach.kind == "membership":
        return f"{reach.path} is a member of {reach.object} ({join_words(privileges)})"
    return f"every role has {join_words(privileges)} on {_NOUNS[reach.kind]} {reach.object} through PUBLIC"


def _public(reach: Reach, privileges: list[str]) -> Finding:
    who = "their owner" if reach.kind == "large-object" else "those of people's roles that rely on PUBLIC"
    return Finding(
        Severity.ERROR,
        "reach-public",
        ("accept",),
        _describe(reach, privileges) + ", agents too",
        f"{render_revoke(reach, privileges)} -- GRANT the same to {who} first;"
        f" or accept it: object: {reach.object}",
    )


def _membership(reach: Reach) -> Finding:
    return Finding(
        Severity.WARNING,
        "reach-membership",
        ("accept",),
        _describe(reach, [reach.privilege]) + ", and reaches all that it may do: apply revokes it",
        f"REVOKE {quote_name(reach.object)} FROM {quote_name(reach.path)};"
        f" -- or accept it: object: {reach.object}",
    )


def _chain(reach: Reach) -> Finding:
    return Finding(
        Severity.ERROR,
        "reach-system-role",
        ("accept",),
        f"{reach.path} is a member of {reach.privilege}, and through it of {reach.object}:"
        " it could open, thaw or rewrite what is to hold it",
        f"REVOKE {quote_name(reach.privilege)} FROM {quote_name(reach.path)};"
        f" -- or take {quote_name(reach.object)} from {quote_name(reach.privilege)}",
    )


def _system_role(reach: Reach, index: int) -> Finding:
    return Finding(
        Severity.ERROR,
        "reach-system-role",
        ("accept", index, "object"),
        f"{reach.path} is a member of {reach.object}, one of pgmoat's own roles: nobody can accept that",
        "take the entry out; apply then revokes the membership",
    )


def render_revoke(reach: Reach, privileges: list[str]) -> str:
    """Return the statement that closes the way."""
    listed = ", ".join(privileges)
    if reach.kind == "column":
        table, _, column = reach.object.rpartition(".")
        listed = ", ".join(f"{privilege} ({quote_name(column)})" for privilege in privileges)
        return f"REVOKE {listed} ON {quote_qualified(table)} FROM PUBLIC;"
    targets = {
        "table": quote_qualified(reach.object),
        "sequence": "SEQUENCE " + quote_qualified(reach.object),
        # regprocedure has quoted the name already.
        "function": "ROUTINE " + reach.object,
        "schema-create": "SCHEMA " + quote_name(reach.object),
        "database-create": "DATABASE " + quote_name(reach.object),
        "large-object": "LARGE OBJECT " + reach.object,
    }
    return f"REVOKE {listed} ON {targets[reach.kind]} FROM PUBLIC;"


def _check_unused(policy: Policy, used: set[int]) -> Iterator[Finding]:
    for index, entry in enumerate(policy.accept):
        if index not in used:
            yield Finding(
                Severity.WARNING,
                "accept-unused",
                ("accept", index, "object"),
                f"{entry.object} is reached by no agent, so there is nothing to accept",
                "take the entry out, or correct its name",
            )
