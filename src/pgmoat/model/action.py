"""
What apply would do, as data.

I/O: none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pgmoat.model.finding import Finding
from pgmoat.model.objects import Check, Kind, Membership


class Change(StrEnum):
    """What happens to the object."""

    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"


class Cause(StrEnum):
    """Why: the policy asks for it, or somebody changed by hand what pgmoat had made."""

    POLICY = "policy"
    DRIFT = "drift"


@dataclass(frozen=True, slots=True)
class Action:
    """One step of apply: what it is about, the SQL that does it, and as whom it runs."""

    change: Change
    cause: Cause
    kind: Kind
    name: str
    description: str  # "statement_timeout 0 -> 5s", "revoke SELECT (card_no)"
    sql: tuple[str, ...]
    run_as: str = ""  # role for SET LOCAL ROLE; "" for whoever applies
    on_people_table: str = ""  # set for an ALTER of a people's table: a short transaction of its own
    needs_password: str = ""  # agent role that gets a generated password after this step
    takes_membership: Membership | None = None  # the membership that it revokes
    revert: tuple[str, ...] = ()  # what takes it back, where that is for a person to know

    @property
    def comes_last(self) -> bool:
        """
        Whether a change of a people's table waits for the main transaction.

        A column goes when no view needs it any more. A policy is the other way round: it opens the table, so
        the views that scope it come first, and it goes before they do.
        """
        return (self.kind is Kind.POLICY) is not (self.change is Change.REMOVE)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that apply or destroy would do, in order, and what it found and leaves alone."""

    actions: tuple[Action, ...] = ()
    findings: tuple[Finding, ...] = ()  # objects in pgmoat's schemas that are not its own, or were altered
    bookkeeping: tuple[str, ...] = ()  # SQL that writes the manifest; last in the main transaction
    is_first: bool = False  # the database has no pgmoat schema yet, and so no lease to hold
    checks: tuple[Check, ...] = ()  # run after the main transaction's actions, before the bookkeeping

    @property
    def is_in_order(self) -> bool:
        """Whether nothing differs: what ``plan --check`` asks."""
        return not self.actions and not self.findings

    @property
    def before(self) -> tuple[Action, ...]:
        """Changes of people's tables that come before the main transaction."""
        return tuple(a for a in self.actions if a.on_people_table and not a.comes_last)

    @property
    def main(self) -> tuple[Action, ...]:
        """What runs in the main transaction."""
        return tuple(a for a in self.actions if not a.on_people_table)

    @property
    def after(self) -> tuple[Action, ...]:
        """Those that can come only after it: columns that views used, policies for roles that are new."""
        return tuple(a for a in self.actions if a.on_people_table and a.comes_last)
