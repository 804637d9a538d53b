"""
Whether the policy explains a privilege, or PostgreSQL itself does.

In: Index, grants. Out: Standings. I/O: none.
"""

from __future__ import annotations

from pgmoat.model.names import OWN_SCHEMAS
from pgmoat.report.blast.index import Index
from pgmoat.report.blast.model import Standing, Subject
from pgmoat.report.blast.snapshot import PUBLIC, GrantFact

_MANIFEST_KINDS = {"relation": "table"}


def judge_grant(index: Index, grant: GrantFact, subject: Subject) -> Standing:
    """
    Return where the grant comes from.

    With GRANT OPTION it is never the policy's: pgmoat gives none.
    """
    if grant.grantee == PUBLIC:
        return Standing.BASE if grant.is_default and not grant.is_grantable else Standing.BEYOND
    manifest = index.snapshot.manifest
    if manifest is None or grant.is_grantable:
        return Standing.BEYOND
    kind = "sequence" if subject.kind == "sequence" else _MANIFEST_KINDS.get(grant.kind, subject.kind)
    column = index.column(grant.object, grant.number) if grant.number else None
    entry = (kind, subject.sql, grant.privilege, column, index.role_name(grant.grantee))
    return Standing.POLICY if entry in manifest.grants else Standing.BEYOND


def is_own_function(index: Index, schema: str, name: str) -> bool:
    """Whether pgmoat made the function: its text is pgmoat's, and is tested elsewhere."""
    manifest = index.snapshot.manifest
    if manifest is None:
        return index.snapshot.server.is_installed and schema in OWN_SCHEMAS
    return ("function", name) in manifest.objects
