"""
How many rows a relation has, and which of them row security leaves.

In: Index, a relation, a Holder. Out: numbers, words. I/O: none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pgmoat.report.blast.holders import Holder
from pgmoat.report.blast.index import Index
from pgmoat.report.blast.snapshot import PUBLIC, PolicyFact, RelationFact

_COMMANDS = {"SELECT": "r", "INSERT": "a", "UPDATE": "w", "DELETE": "d"}
_READS_SETTING = re.compile(r"\bcurrent_setting\s*\(", re.IGNORECASE)


def size(index: Index, relation: RelationFact) -> int | None:
    """Return the estimated rows of a relation; of a view those of the largest relation that it reads."""
    if relation.kind != "v":
        return relation.rows
    return _size_of_view(index, relation.oid, frozenset())


def _size_of_view(index: Index, view: int, seen: frozenset[int]) -> int | None:
    found: list[int] = []
    for oid in index.behind.read_by.get(view, {}):
        base = index.snapshot.relations.get(oid)
        if base is None or oid in seen or oid == view:
            continue
        rows = base.rows if base.kind != "v" else _size_of_view(index, oid, seen | {view})
        if rows is not None and not index.is_own_map(base):
            found.append(rows)
    return max(found, default=None)


def describe_scope(index: Index, relation: RelationFact) -> str:
    """Return what an entity with scoped rows leaves of them; empty for any other relation."""
    called = (index.snapshot.functions.get(oid) for oid in index.behind.calls.get(relation.oid, ()))
    is_scoped = any(one is not None and one.name == "scope" and index.is_own(one.schema) for one in called)
    return "only rows of the task's scope" if is_scoped else ""


def is_row_security_bypassed(index: Index, relation: RelationFact, holder: Holder) -> bool:
    """Whether row security lets *holder*'s session see everything."""
    return not relation.has_row_security or bypasses(index, relation, holder.session)


def bypasses(index: Index, relation: RelationFact, role: int) -> bool:
    """Whether PostgreSQL asks no policy of *relation* when *role* reads it."""
    fact = index.roles.get(role)
    if fact is not None and (fact.is_superuser or fact.bypasses_row_security):
        return True
    return relation.owner in index.rights.inherited(role) and not relation.forces_row_security


def list_policies(index: Index, relation: RelationFact, action: str, role: int) -> Iterator[PolicyFact]:
    """Yield the policies that PostgreSQL asks when *role* does *action*."""
    held = index.rights.inherited(role)
    for policy in index.snapshot.policies:
        if policy.relation != relation.oid or policy.command not in ("*", _COMMANDS.get(action, "")):
            continue
        if any(one == PUBLIC or one in held for one in policy.roles):
            yield policy


def reads_setting(policy: PolicyFact) -> bool:
    """Whether a policy believes a setting, which any session can change."""
    return bool(_READS_SETTING.search(policy.reads + " " + policy.checks))


def describe_row_security(index: Index, relation: RelationFact, action: str, holder: Holder) -> str:
    """Return what row security leaves of the rows, in words; empty where it says nothing."""
    if not relation.has_row_security or action not in _COMMANDS:
        return ""
    if is_row_security_bypassed(index, relation, holder):
        return "row security does not hold it"
    policies = list(list_policies(index, relation, action, holder.session))
    permissive = [policy for policy in policies if policy.is_permissive]
    if not permissive:
        return "row security leaves no row"
    if any(reads_setting(policy) for policy in policies):
        return "row security believes a setting that the session may change"
    return "row security leaves those of policy " + ", ".join(policy.name for policy in permissive)
