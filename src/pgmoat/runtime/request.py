"""
What is asked of PostgreSQL in a task, ready to be sent.

In: a task, SQL or an operation, values. Out: Requests, or what the guard says. I/O: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pgmoat.guard.allowed import Allowed
from pgmoat.guard.check import Use, Verdict
from pgmoat.runtime.arguments import check_key, check_mapping, check_text
from pgmoat.runtime.binding import Bound, Parameters, accept_parameters, bind, bind_given
from pgmoat.runtime.calls import accept_arguments, bind_arguments
from pgmoat.runtime.context import TaskIdentity
from pgmoat.runtime.idempotency import make_idempotency_key
from pgmoat.runtime.inspection import inspect_statement
from pgmoat.runtime.messages import Caller, find_caller
from pgmoat.runtime.profile import Profile


@dataclass(frozen=True, slots=True)
class Request:
    """A statement, whose it is in which step, and the key under which it takes effect once."""

    caller: Caller
    bound: Bound
    verdict: Verdict | None = None  # None: a call of an operation, at which the guard does not look
    key: str = ""


@dataclass(frozen=True, slots=True)
class Requester:
    """A task with what its agent may ask for."""

    identity: TaskIdentity
    profile: Profile
    allowed: Allowed

    def query(self, sql: str, parameters: Parameters) -> Request:
        """
        Return a read.

        Raises:
            AgentError: parameters do not fit; the guard refuses it.
        """
        bound = bind(sql, parameters)
        return Request(self._caller(), bound, inspect_statement(bound, Use.READ, self.allowed))

    def write(
        self, sql: str, parameters: Parameters, key: str | None = None, occurrence: int = 1, reason: str = ""
    ) -> Request:
        """
        Return a write; without a *key* the same SQL with the same values has the same one within the task.

        Raises:
            AgentError: parameters do not fit; the guard refuses it.
        """
        given = accept_parameters(sql, parameters)
        key = check_key(key) or self._make_key("write", [sql, parameters or None], occurrence)
        bound = bind_given(given, key=key)
        return Request(self._caller(reason), bound, inspect_statement(bound, Use.WRITE, self.allowed), key)

    def resume_write(self, bound: Bound, key: str) -> Request:
        """
        Return a write that was held, with the values and the key of then.

        Raises:
            AgentError: the guard refuses it.
        """
        return Request(self._caller(), bound, inspect_statement(bound, Use.WRITE, self.allowed), key)

    def call(
        self,
        operation: str,
        arguments: Mapping[str, Any] | None,
        key: str | None = None,
        occurrence: int = 1,
    ) -> Request:
        """
        Return a call of an operation; its key is made as that of a write.

        Raises:
            AgentError: no such operation, or arguments that it does not have.
        """
        name = check_text(operation, "the name of an operation")
        given = check_mapping(arguments, "arguments", '{"parameter": value}')
        values = accept_arguments(self.profile, name, given)
        key = check_key(key) or self._make_key(name, given, occurrence)
        return Request(self._caller(), bind_arguments(self.profile, name, values, key), key=key)

    def _make_key(self, operation: str, target: object, occurrence: int) -> str:
        return make_idempotency_key(self.identity.task_id, operation, target, occurrence)

    def _caller(self, reason: str = "") -> Caller:
        return find_caller(self.identity, self.profile, reason=check_text(reason, "a reason"))
