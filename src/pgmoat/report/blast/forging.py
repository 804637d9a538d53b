"""
Row security that believes what a session says of itself.

In: Index, what was found so far. Out: claims, into a Collection. I/O: none.
"""

from __future__ import annotations

from pgmoat.report.blast.collect import Collection, Headline, extend_way
from pgmoat.report.blast.index import Index
from pgmoat.report.blast.model import Confidence, Severity, Step, StepKind, Way
from pgmoat.report.blast.rows import bypasses, list_policies, reads_setting, size
from pgmoat.report.blast.snapshot import RelationFact

_WHY = "nothing but another policy: have it ask session_user, or scope rows with `rows:`"


def collect_forging(index: Index, into: Collection) -> None:
    """Take in policies on tables that the role reaches, through views too, and that ask a setting."""
    for code in ("read-table", "write-table"):
        for headline, ways in into.headlines(code):
            relation = index.snapshot.relations.get(headline.subject.oid)
            if relation is not None and relation.has_row_security:
                for way in ways:
                    _judge(index, relation, headline.action, way, into)


def _judge(index: Index, relation: RelationFact, action: str, way: Way, into: Collection) -> None:
    role = index.roles_by_name.get(way.acts_as)
    if role is None and way.acts_as != "PUBLIC":
        return
    oid = role.oid if role is not None else 0
    if bypasses(index, relation, oid):
        return
    forged = [policy for policy in list_policies(index, relation, action, oid) if reads_setting(policy)]
    if not any(policy.is_permissive for policy in forged):
        return
    names = ", ".join(policy.name for policy in forged)
    subject = index.subjects.relation(relation)
    step = Step(StepKind.SETTING, names, "", f"policy {names} believes a setting of the session")
    rows = size(index, relation)
    into.add(
        Headline(
            "forge-policy",
            subject,
            action,
            f"may have policy {names} of {subject.name} show other rows: it believes a setting, which any"
            " session can change",
            Severity.HIGH,
            rows=rows,
            no_closure=_WHY,
        ),
        extend_way(way, (step,), acts_as=way.acts_as, confidence=Confidence.BOUNDED),
    )
