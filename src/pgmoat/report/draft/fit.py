"""
Hold a draft against the database until plan has no error left.

In: a connection, Draft. Out: Fitted. I/O: reads PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from psycopg import Connection

from pgmoat.catalog.read import read_catalog
from pgmoat.errors import Error
from pgmoat.model.finding import Finding, Severity
from pgmoat.plan.make import plan_policy
from pgmoat.policy.load import check_policy
from pgmoat.policy.schema import Policy
from pgmoat.report.draft.data import as_policy
from pgmoat.report.draft.model import Draft
from pgmoat.report.draft.prefixes import name_roles_after
from pgmoat.report.draft.repair import GLOBAL_CODES, Facts, leave_out, repair

_MOST_ROUNDS = 20
_MOST_NAMES = 5
_RIGHTS = frozenset({"not-member-of-owner", "cannot-use-schema"})


@dataclass(frozen=True, slots=True)
class Fitted:
    """A draft that plan takes, and what is left for the person who runs it."""

    draft: Draft
    errors: tuple[Finding, ...]  # what no draft can mend: rights that the installer lacks
    warnings: int


def fit_draft(connection: Connection[Any], draft: Draft, *, names_roles: bool = False) -> Fitted:
    """
    Return *draft* with the smallest changes that make it pass ``plan``.

    With *names_roles* its settings are part of it: where another database of the server has the usual roles,
    they get other names.
    """
    attempts = 0
    for _ in range(_MOST_ROUNDS):
        policy = as_policy(draft)
        planned = plan_policy(connection, policy)
        found = [*check_policy(policy), *planned.findings]
        every = tuple(finding for finding in found if finding.severity is Severity.ERROR)
        errors = _leave_to_installer(every, policy)
        mended = _mend(connection, draft, policy, errors) if errors else draft
        if mended == draft:
            is_taken = any(finding.code == "role-taken" for finding in planned.plan.findings)
            if not (names_roles and is_taken and attempts < _MOST_NAMES):
                break
            attempts += 1
            mended = replace(draft, settings=name_roles_after(draft.database, attempts))
        draft = mended
    else:
        raise Error("the draft could not be made to pass plan", hint="Please report this, with your schema.")
    return Fitted(draft, every, sum(finding.severity is Severity.WARNING for finding in planned.findings))


def _mend(connection: Connection[Any], draft: Draft, policy: Policy, errors: list[Finding]) -> Draft:
    """Return *draft* with a change for each of *errors*; as it is when none can be mended."""
    catalog = read_catalog(connection, policy)
    mended = repair(draft, errors, Facts(catalog.tables, catalog.codes))
    return _give_up(draft, errors) if mended == draft else mended


def _leave_to_installer(errors: Sequence[Finding], policy: Policy) -> list[Finding]:
    """
    Return *errors* without rights that are lacking, where the role could apply nothing at all.

    Somebody else will apply then, and what that role may do is not known here.
    """
    lacking = {error.path[1] for error in errors if error.code in _RIGHTS and len(error.path) > 1}
    is_installer = not any(error.code == "cannot-create-roles" for error in errors)
    if is_installer and not lacking >= policy.entities.keys():
        return list(errors)
    return [error for error in errors if error.code not in _RIGHTS]


def _give_up(draft: Draft, errors: list[Finding]) -> Draft:
    """Return *draft* without the entities that no repair has mended."""
    for finding in errors:
        if finding.code not in GLOBAL_CODES and finding.path[:1] == ("entities",) and len(finding.path) > 1:
            draft = leave_out(draft, str(finding.path[1]), finding.message)
    return draft
