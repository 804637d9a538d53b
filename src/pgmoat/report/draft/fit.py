"""
Hold a draft against the database until plan has no error left.

In: a connection, Draft. Out: Fitted. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from pgmoat.catalog.read import read_catalog
from pgmoat.catalog.snapshot import Catalog
from pgmoat.compiler.check import check_policy as check_against_catalog
from pgmoat.model.finding import Finding, Severity
from pgmoat.plan.make import plan_policy
from pgmoat.policy.load import check_policy as check_by_itself
from pgmoat.policy.schema import Policy
from pgmoat.report.draft.data import as_policy
from pgmoat.report.draft.model import Draft
from pgmoat.report.draft.repair import GLOBAL_CODES, Facts, leave_out, repair

_MOST_ROUNDS = 20
_RIGHTS = frozenset({"not-member-of-owner", "cannot-use-schema"})


@dataclass(frozen=True, slots=True)
class Fitted:
    """A draft that plan takes, and what is left for the person who runs it."""

    draft: Draft
    errors: tuple[Finding, ...]  # what no draft can mend: rights that the installer lacks
    warnings: int


def fit_draft(connection: Connection[Any], draft: Draft) -> Fitted:
    """Return *draft* with the smallest changes that make it pass ``plan``."""
    for _ in range(_MOST_ROUNDS):
        policy = as_policy(draft)
        catalog = read_catalog(connection, policy)
        errors = _leave_to_installer(list_errors(policy, catalog), policy)
        mended = repair(draft, errors, Facts(catalog.tables, catalog.codes))
        if mended == draft:
            mended = _give_up(draft, errors)
        if mended == draft:
            break
        draft = mended
    planned = plan_policy(connection, as_policy(draft))
    warnings = sum(finding.severity is Severity.WARNING for finding in planned.findings)
    return Fitted(draft, planned.errors, warnings)


def list_errors(policy: Policy, catalog: Catalog) -> list[Finding]:
    """Return what keeps *policy* from being applied."""
    findings = [*check_by_itself(policy), *check_against_catalog(policy, catalog)]
    return [finding for finding in findings if finding.severity is Severity.ERROR]


def _leave_to_installer(errors: list[Finding], policy: Policy) -> list[Finding]:
    """
    Return *errors* without rights that are lacking, where the role could apply nothing at all.

    Somebody else will apply then, and what that role may do is not known here.
    """
    lacking = {error.path[1] for error in errors if error.code in _RIGHTS and len(error.path) > 1}
    is_installer = not any(error.code == "cannot-create-roles" for error in errors)
    if is_installer and not lacking >= policy.entities.keys():
        return errors
    return [error for error in errors if error.code not in _RIGHTS]


def _give_up(draft: Draft, errors: list[Finding]) -> Draft:
    """Return *draft* without the entities that no repair has mended."""
    for finding in errors:
        if finding.code not in GLOBAL_CODES and finding.path[:1] == ("entities",) and len(finding.path) > 1:
            draft = leave_out(draft, str(finding.path[1]), finding.message)
    return draft
