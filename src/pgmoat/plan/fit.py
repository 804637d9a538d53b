"""
Fit a plan to whoever applies it: as whom each statement runs, and what cannot be done at all.

In: Plan, Actual, Installer, owners of what grants are about. Out: Plan. I/O: none.

A superuser's plan needs only the explicit REVOKEs. Anybody else becomes a member of pgmoat's roles as they
are made, and acts as the owners of people's tables where their rights are not inherited.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from pgmoat.model.action import Action, Cause, Change, Plan
from pgmoat.model.finding import Finding, Severity
from pgmoat.model.installer import MEMBERSHIPS_HAVE_OPTIONS_SINCE, Installer
from pgmoat.model.objects import Actual, Grant, Kind, Membership
from pgmoat.plan import quote
from pgmoat.plan.grants import diff_grants
from pgmoat.postgres.sqltext import Printed, compose

_MADE_BY_PLANS = ("table ", "sequence ", "schema ", "function ", "procedure ")
_CONTAINED = (Kind.TABLE, Kind.VIEW, Kind.FUNCTION)


def list_objects(plan: Plan, actual: Actual) -> set[str]:
    """Return the objects whose owners :func:`fit_plan` has to know, as grants name them."""
    granted = {action.name for action in plan.actions if action.kind is Kind.GRANT}
    altered = {name_table(action.on_people_table) for action in plan.actions if action.on_people_table}
    held = {f"{grant.object_kind} {grant.object}" for grant in actual.grants}
    return granted | altered | held


def fit_plan(plan: Plan, actual: Actual, installer: Installer, owners: Mapping[str, str]) -> Plan:
    """Return *plan* as *installer* can carry it out; what it cannot do is an error among the findings."""
    fitting = _Fitting(actual, installer, owners)
    actions = [part for action in plan.actions for part in fitting.precede(action)]
    if installer.is_superuser:
        return replace(plan, actions=tuple(actions))
    joins = list(fitting.join_roles())
    fitting.made = {a.name for a in actions if a.kind is Kind.ROLE and a.change is Change.ADD}
    fitted = tuple(fitting.fit(action) for action in actions)
    return replace(
        plan,
        actions=(*joins, *fitted),
        findings=(*fitting.errors.values(), *plan.findings),
    )


@dataclass(slots=True)
class _Fitting:
    """One plan on its way to fit one installer."""

    actual: Actual
    installer: Installer
    owners: Mapping[str, str]
    made: set[str] = field(default_factory=set[str])  # roles that this plan makes, or joins
    joined: set[str] = field(default_factory=set[str])
    errors: dict[str, Finding] = field(default_factory=dict[str, Finding])

    def precede(self, action: Action) -> Iterator[Action]:
        """
        Yield *action*, and before the end of a role the REVOKEs that DROP OWNED BY leaves out.

        It takes back only what one owner gave whose rights we have.
        """
        if action.kind is Kind.ROLE and action.change is Change.REMOVE:
            grants = frozenset(grant for grant in self.actual.grants if self._outlives(grant, action.name))
            yield from diff_grants(
                frozenset(), grants, grants, self.actual.grant_options, self.actual.grantors
            )
        yield action

    def join_roles(self) -> Iterator[Action]:
        """Yield what makes the installer a member of those of pgmoat's roles that others made."""
        for name, found in sorted(self.actual.roles.items()):
            if (Kind.ROLE, name) not in self.actual.recorded:
                continue
            powers = set(found.powers) - self.installer.removable_powers
            if powers:
                self._refuse(
                    f"{name} has {', '.join(sorted(powers))}, which {self.installer.name} may not take away",
                    compose("ALTER ROLE {} {}", quote.name(name), Printed(" ".join(f"NO{p}" for p in powers)))
                    + "; -- as a superuser",
                )
            if self._acts_for(name) and self.installer.may_become(name):
                continue
            if self.installer.may_grant(name):
                self.joined.add(name)
                yield Action(
                    Change.ADD,
                    Cause.POLICY,
                    Kind.MEMBERSHIP,
                    self.installer.name,
                    f"member of {name}: who applies acts for it",
                    (self._join_sql(name),),
                )
            else:
                self._refuse_role(name)

    def fit(self, action: Action) -> Action:
        """Return *action* with the role that it has to run as."""
        if action.run_as and not (self.installer.may_become(action.run_as) or self._is_ours(action.run_as)):
            self._refuse_owner(f"{action.kind} {action.name}", action.run_as)
        if action.on_people_table:
            return self._act_as(action, self.owners.get(name_table(action.on_people_table), ""))
        if action.kind is Kind.GRANT:
            return self._fit_grant(action)
        if action.kind is Kind.ROLE:
            return self._fit_role(action)
        if action.takes_membership is not None:
            self._check_membership(action, action.takes_membership)
        return self._fit_object(action)

    def _fit_grant(self, action: Action) -> Action:
        owner = self.owners.get(action.name)
        if owner is None and not action.name.startswith(_MADE_BY_PLANS):
            self._refuse(
                f"{self.installer.name} may not {action.description} on {action.name}",
                f"{'; '.join(action.sql)}; -- as a superuser, or as its owner",
            )
        return action if action.run_as or owner is None else self._act_as(action, owner)

    def _fit_role(self, action: Action) -> Action:
        if action.change is Change.ADD:
            return replace(action, sql=(*action.sql, self._join_sql(action.name)))
        if not self.installer.may_grant(action.name):
            self._refuse_role(action.name)
        return action

    def _fit_object(self, action: Action) -> Action:
        """A DROP is also the right of the schema's owner; all else is that of the object's."""
        found = self.actual.objects.get((action.kind, action.name))
        if found is None or not found.owner or self._acts_for(found.owner):
            return action
        schema = self.actual.objects.get((Kind.SCHEMA, found.schema))
        is_drop = all(statement.startswith("DROP ") for statement in action.sql)
        if is_drop and action.kind in _CONTAINED and schema is not None and self._acts_for(schema.owner):
            return action
        if action.run_as == found.owner or (schema is None and action.kind is Kind.VIEW):
            return self._act_as(action, found.owner)
        self._refuse_owner(f"{action.kind} {action.name}", found.owner)
        return action

    def _check_membership(self, action: Action, taken: Membership) -> None:
        has_rights = (
            not taken.grantor or taken.grantor == self.installer.name or self._acts_for(taken.grantor)
        )
        if not (self.installer.may_grant(taken.role) and has_rights):
            self._refuse(
                f"{action.name} is a member of {taken.role}, and {self.installer.name} may not end that",
                f"{action.sql[0]}; -- as a superuser, or as {taken.grantor or 'who may grant it'}",
            )

    def _act_as(self, action: Action, owner: str) -> Action:
        if self._acts_for(owner):
            return action
        if self.installer.may_become(owner):
            return replace(action, run_as=owner)
        self._refuse_owner(action.on_people_table or action.name, owner)
        return action

    def _outlives(self, grant: Grant, role: str) -> bool:
        """Whether DROP OWNED BY *role* would leave *grant*, on what the plan does not drop."""
        if grant.grantee != role or grant.object in {found.sql for found in self.actual.objects.values()}:
            return False
        owner = self.owners.get(f"{grant.object_kind} {grant.object}")
        has_second_grantor = any(self.actual.grantors.get(grant, ()))
        return has_second_grantor or not (owner is None or self._acts_for(owner))

    def _acts_for(self, owner: str) -> bool:
        return self.installer.acts_for(owner) or self._is_ours(owner)

    def _is_ours(self, role: str) -> bool:
        return role in self.made or role in self.joined

    def _join_sql(self, role: str) -> str:
        # Before 16 the member's own INHERIT decides.
        options = (
            " WITH INHERIT TRUE, SET TRUE"
            if self.installer.server_version >= MEMBERSHIPS_HAVE_OPTIONS_SINCE
            else ""
        )
        return compose("GRANT {} TO CURRENT_USER{}", quote.name(role), Printed(options))

    def _refuse_role(self, role: str) -> None:
        self._refuse(
            f"role {role} was made by another role, and {self.installer.name} may neither alter nor drop it",
            compose("GRANT {} TO {} WITH ADMIN OPTION", quote.name(role), quote.name(self.installer.name))
            + "; -- as who made it, or as a superuser",
        )

    def _refuse_owner(self, what: str, owner: str) -> None:
        name = quote.name(self.installer.name)
        hint = (
            compose("ALTER {} OWNER TO {}", Printed(what), name) + ";"
            if what.startswith("database ")
            else f"run it as {owner}: whoever is a member of a superuser can become one"
            if owner in self.installer.superusers
            else compose("GRANT {} TO {}", quote.name(owner), name) + ";"
        )
        self._refuse(
            f"{what} has to be changed as {owner}, and {self.installer.name} is no member of that role", hint
        )

    def _refuse(self, message: str, hint: str) -> None:
        self.errors[message] = Finding(Severity.ERROR, "cannot-apply", (), message, hint)


def name_table(qualified: str) -> str:
    """Return a people's table as grants name it."""
    return "table " + compose("{}", quote.name(*qualified.split(".", 1)))
