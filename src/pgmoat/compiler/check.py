"""
Check a policy against the database that it is meant for.

In: Policy, Catalog. Out: list[Finding]. I/O: none.
"""

from __future__ import annotations

from pgmoat.catalog.snapshot import Catalog
from pgmoat.compiler.checks.access import check_access
from pgmoat.compiler.checks.connections import check_connections
from pgmoat.compiler.checks.deletes import check_deletes
from pgmoat.compiler.checks.operations import check_operations
from pgmoat.compiler.checks.reach import check_reach
from pgmoat.compiler.checks.rights import check_rights
from pgmoat.compiler.checks.row_security import check_row_security
from pgmoat.compiler.checks.rows import check_rows
from pgmoat.compiler.checks.subject import Subject
from pgmoat.compiler.checks.tables import check_relation, check_table
from pgmoat.compiler.checks.values import check_values
from pgmoat.model.finding import Finding, Severity
from pgmoat.policy.schema import Policy

_ORDER = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


def check_policy(policy: Policy, catalog: Catalog) -> list[Finding]:
    """
    Return everything about *policy* that does not fit *catalog* or that people should know before apply.

    Errors come first, then warnings, then notes; within each, the policy's own order. An entity whose table
    is missing, or is no table, gets that one finding only.
    """
    findings: list[Finding] = []
    for name, entity in policy.entities.items():
        broken = check_relation(name, entity, catalog)
        if broken:
            findings += broken
            continue
        subject = Subject(policy, name, entity, catalog.tables[entity.table])
        findings += check_table(subject)
        findings += check_row_security(subject)
        findings += check_rows(subject, catalog)
        findings += check_values(subject, catalog)
        findings += check_deletes(subject, catalog)
        findings += check_access(subject)
    findings += check_connections(policy, catalog)
    findings += check_operations(policy, catalog)
    findings += check_reach(policy, catalog)
    findings += check_rights(policy, catalog)
    return sorted(findings, key=lambda finding: _ORDER.index(finding.severity))
