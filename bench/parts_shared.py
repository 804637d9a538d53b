"""
What the parts of a call have in common, whichever library sends it.

In: none. Out: Site, Part, statements. I/O: none.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, LiteralString

from psycopg import Connection

from pgmoat.guard.allowed import Allowed, compile_allowed
from pgmoat.guard.check import Use
from pgmoat.policy.schema import Policy
from pgmoat.runtime.binding import bind
from pgmoat.runtime.context import TaskIdentity
from pgmoat.runtime.inspection import find_ceilings, inspect_plan, inspect_statement
from pgmoat.runtime.profile import Profile, resolve_profile
from pgmoat.runtime.tag import render_comment

AGENT = "fleet"
"""Of policies/fleet.yaml: as a policy has it that says nothing of tags and plans."""

READ: LiteralString = "SELECT id, stat_cd, amt, v FROM public.orders WHERE id = "
WRITE: LiteralString = "UPDATE public.orders SET v = v + 1 WHERE id = "
ENTITY_READ: LiteralString = "SELECT id, fulfillment_status, amount, version FROM orders WHERE id = :id"
ENTITY_WRITE: LiteralString = "UPDATE orders SET version = version + 1 WHERE id = :id"


@dataclass(frozen=True, slots=True)
class Part:
    """One way to read or write an order, and the connection that it uses."""

    name: str
    connection: Connection[Any]
    run: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Site:
    """The agent's way to the database, its task, and what its client does without PostgreSQL."""

    dsn: str
    identity: TaskIdentity
    policy: Policy
    draw: Callable[[], int]
    idle_token: str  # of a task for keyed writes past the entity: the calls wrote nothing, and are counted
    _numbers: count[int] = field(default_factory=count)
    _prefix: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def token(self) -> str:
        """What enters the task."""
        return self.identity.token

    def resolve(self) -> tuple[Profile, Allowed]:
        """Return what the policy says of the agent."""
        return resolve_profile(self.policy, AGENT), compile_allowed(self.policy, AGENT)

    def tag(self) -> str:
        """Return a statement's comment."""
        return render_comment(agent_id="fleet-v1", task_id="bench", step="bench")

    def make_guard(self, sql: str, use: Use) -> Callable[[], None]:
        """Return what looks at a statement's text, which is always the same."""
        _, allowed = self.resolve()
        return lambda: _check(sql, use, allowed)

    def make_judge(self, sql: str, use: Use) -> Callable[[object], None]:
        """Return what looks at the plan of a statement that the guard has let pass."""
        profile, allowed = self.resolve()
        ceilings = find_ceilings(profile, inspect_statement(bind(sql, {"id": 1}), use, allowed))
        assert ceilings is not None
        return lambda plan: inspect_plan((plan,), ceilings)

    def key(self) -> str:
        """Return a key that was not used yet."""
        return f"{self._prefix} {next(self._numbers)}"


def _check(sql: str, use: Use, allowed: Allowed) -> None:
    assert not inspect_statement(bind(sql, {"id": 1}), use, allowed).problems
