"""
What is sent in one round trip.

In: a task, a statement. Out: Messages. I/O: reads SQL files of the package.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from pgmoat.guard.diagnose.probe import Probe
from pgmoat.policy.bounds import Timeouts
from pgmoat.postgres import sqltext
from pgmoat.postgres.sqlfile import load_sql
from pgmoat.postgres.sqltext import Printed
from pgmoat.runtime.arguments import check_count, check_mapping, check_text
from pgmoat.runtime.binding import Bound
from pgmoat.runtime.context import TaskIdentity, current_step
from pgmoat.runtime.hints import Parameter
from pgmoat.runtime.idempotency import encode_value
from pgmoat.runtime.profile import Profile
from pgmoat.runtime.tag import render_application_name, render_comment
from pgmoat.runtime.telemetry import render_traceparent
from pgmoat.runtime.values import make_json

PACKAGE = "pgmoat.runtime"
_TASK_ID = "a task's id"


@dataclass(frozen=True, slots=True)
class Message:
    """SQL with ``$n`` as it goes over the wire, and its values."""

    text: bytes
    values: Sequence[Any] = field(default=(), repr=False)  # a task's token among them
    prepare: bool | None = None  # False: hardly ever the same text again; None: the connection's way
    labels: Sequence[str] = ()  # how the writer of the SQL calls the values; empty for pgmoat's own


BEGIN = Message(b"BEGIN ISOLATION LEVEL READ COMMITTED")
BEGIN_READ_ONLY = Message(b"BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY")
BEGIN_READ_WRITE = Message(b"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
COMMIT = Message(b"COMMIT")
ROLLBACK = Message(b"ROLLBACK", prepare=False)
SAVEPOINT = Message(b"SAVEPOINT pgmoat_held")
TAKE_BACK = Message(b"ROLLBACK TO SAVEPOINT pgmoat_held")


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose statements these are: task, step and reason at this moment, as they are shown."""

    identity: TaskIdentity
    step: str
    reason: str
    comment: str
    name: str | None  # application_name; None: not set

    def tag(self, text: str) -> bytes:
        """Return *text* with the comment before it."""
        return (self.comment + text).encode()

    def _tagged(self, text: str, bound: Bound) -> Message:
        """Return the agent's own statement: with a comment its text hardly ever comes again."""
        prepare = False if self.comment else None
        return Message(self.tag(text), bound.values, prepare, bound.labels)

    def enter(self) -> Message:
        """Return what enters the task for the rest of the transaction."""
        values = (self.identity.token, self.step or None, self.reason)
        if self.name is None:
            return _fixed("enter_unnamed", values)
        return _fixed("enter", (*values, self.name))

    def begin_write(self, key: str, bound: Bound) -> Message:
        """Return what enters the task and begins a keyed write of *bound*."""
        request = _describe(bound)
        token, step = self.identity.token, self.step or None
        return _fixed("begin_write", (key, request, token, step, self.reason, self.name))

    def run(self, bound: Bound) -> Message:
        """Return the statement itself."""
        return self._tagged(bound.text, bound)

    def query(self, bound: Bound, profile: Profile) -> Message:
        """Return a query whose answer is cut off where the policy says."""
        return self._cap("cap_rows", bound, profile)

    def write(self, bound: Bound, profile: Profile) -> Message:
        """Return a write whose rows are cut off where the policy says."""
        return self._cap("cap_returning", bound, profile)

    def _cap(self, template: LiteralString, bound: Bound, profile: Profile) -> Message:
        capped = _load_template(template).format(
            query=Printed(bound.text),
            most_rows=sqltext.Literal(profile.guard.result_rows),
            most_bytes=sqltext.Literal(profile.guard.result_bytes),
        )
        return self._tagged(capped.text, bound)

    def probe(self, probe: Probe) -> Message:
        """Return a question of pgmoat's own about the agent's statement."""
        return Message(self.tag(probe.text), probe.values, prepare=False)

    def explain(self, bound: Bound) -> Message:
        """Return what asks for the statement's plan."""
        return self._tagged(f"EXPLAIN (FORMAT JSON) {bound.text}", bound)


def find_caller(identity: TaskIdentity, profile: Profile, *, reason: str = "") -> Caller:
    """Return who calls now: *identity* in the step of this block."""
    step, step_reason = current_step(identity)
    comment = ""
    if profile.has_comment:
        comment = render_comment(
            agent_id=profile.agent_id,
            task_id=identity.task_id,
            step=step,
            traceparent=render_traceparent(),
        )
    name = render_application_name(task_id=identity.task_id, step=step) if profile.has_name else None
    return Caller(identity, step, reason or step_reason, comment, name)


def list_parameters(messages: Sequence[Message]) -> list[Parameter]:
    """Return the parameters of the agent's own statement among *messages*."""
    return [
        Parameter(label, value)
        for message in messages
        for label, value in zip(message.labels, message.values, strict=False)
    ]


def finish_write(call: int, rows: Sequence[Any], *, is_cut: bool) -> Message:
    """Return what ends a keyed write; *rows* as :func:`pgmoat.runtime.stored.pack_rows` makes them."""
    return _fixed("finish_write", (call, Jsonb(rows), is_cut))


def sign_preview(call: int) -> Message:
    """Return what has the database sign what a keyed write has written so far."""
    return _fixed("sign_preview", (call,))


def hold_write(call: int, signed: Sequence[str], bound: Bound) -> Message:
    """Return what has a keyed write wait for a person's word; *signed* as ``sign_preview`` gives it."""
    return _fixed("hold_write", (call, *signed, _describe(bound)))


def ask_outcome(number: int) -> Message:
    """Return what asks what became of a held write."""
    return _fixed("ask_outcome", (number,))


def preview_changes(profile: Profile) -> Message:
    """Return what reads the transaction's changes, as many as an answer may have."""
    return _fixed("preview_changes", (profile.guard.result_rows, profile.guard.result_bytes))


def bound_transaction(timeouts: Timeouts) -> Message:
    """Return what has PostgreSQL itself end a transaction that waits for too long."""
    return _fixed("bound_transaction", (f"{timeouts.idle_in_transaction}ms",))


def bound_statement(timeout_ms: int) -> Message:
    """Return what has PostgreSQL end each statement of the transaction that takes longer."""
    return _fixed("bound_statement", (f"{timeout_ms}ms",))


def leave() -> Message:
    """Return what leaves any task for the rest of the transaction."""
    return _fixed("leave", ())


def clean_session() -> Message:
    """Return what takes back all that SQL did to a session, and counts what cannot be taken back."""
    return _fixed("clean_session", ())


def open_child(
    child_id: str, scope: Mapping[str, Any] | None, duration_ms: int | None, max_writes: int | None
) -> Message:
    """Return what opens a child of the task that was entered."""
    name = check_text(child_id, "the id of a child")
    return _fixed("open_child", (name, *_check_bounds(scope, duration_ms, max_writes)))


def open_task(  # noqa: PLR0917 - the parameters of pgmoat.open_task
    agent: str,
    task_id: str,
    scope: Mapping[str, Any] | None,
    duration_ms: int | None,
    max_writes: int | None,
    parent: tuple[str, str] | None,
) -> Message:
    """Return what opens a task as the orchestrator."""
    bounds = _check_bounds(scope, duration_ms, max_writes)
    return _fixed("open_task", (agent, check_text(task_id, _TASK_ID), *bounds, *(parent or (None, None))))


def _check_bounds(
    scope: Mapping[str, Any] | None, duration_ms: int | None, max_writes: int | None
) -> tuple[Jsonb, int | None, int | None]:
    pairs = make_json(check_mapping(scope, "a scope's parameters", '{"customer_id": 4}'), "scope")
    return (pairs, check_count(duration_ms, "duration_ms"), check_count(max_writes, "max_writes"))


def close_task(agent: str, task_id: str) -> Message:
    """Return what closes a task as the orchestrator."""
    return _fixed("close_task", (agent, check_text(task_id, _TASK_ID)))


def enter(token: str) -> Message:
    """Return what enters the task of *token* and gives its id."""
    return _fixed("enter_unnamed", (check_text(token, "a token"), None, ""))


def read_columns(schema: str, entities: Sequence[str], tables: Sequence[tuple[str, str]]) -> Message:
    """Return what reads the columns of *entities* that a role has some right on; *tables* lie below them."""
    schemas, names = [schema for schema, _ in tables], [name for _, name in tables]
    return _fixed("read_columns", (schema, list(entities), schemas, names))


def claim(task_id: str) -> Message:
    """Return what claims a task and gives its token."""
    return _fixed("claim", (check_text(task_id, _TASK_ID),))


def ask_position() -> Message:
    """Return what asks the primary where its WAL ends."""
    return _fixed("read_position", ())


def ask_standing() -> Message:
    """Return what asks a replica where it stands."""
    return _fixed("read_standing", ())


def _describe(bound: Bound) -> Jsonb:
    """Return what makes two writes the same."""
    return Jsonb({"sql": bound.text, "parameters": [encode_value(value) for value in bound.values]})


def _fixed(name: LiteralString, values: Sequence[Any]) -> Message:
    return Message(_load(name), values)


@cache
def _load(name: str) -> bytes:
    """Return a file's SQL without its header: that would be sent each time."""
    return _without_header(load_sql(PACKAGE, name)).encode()


@cache
def _load_template(name: LiteralString) -> sqltext.SQL:
    return sqltext.SQL(_without_header(load_sql(PACKAGE, name)))


def _without_header(text: LiteralString) -> LiteralString:
    lines = text.strip().split("\n")
    return "\n".join([line for line in lines if not line.startswith("--")])
