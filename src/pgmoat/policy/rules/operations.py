"""
Whether operations name what exists, and whether their SQL can be read.

In: Policy. Out: findings. I/O: none.
"""

from __future__ import annotations

from collections.abc import Iterator

from pgmoat.model.finding import Finding, PolicyPath, Severity
from pgmoat.policy.hidden import name_hidden
from pgmoat.policy.messages import suggest
from pgmoat.policy.reserved import RESERVED_WORDS
from pgmoat.policy.rules.agents import check_access
from pgmoat.policy.rules.entities import error, find_repeats
from pgmoat.policy.rules.logs import check_log_access
from pgmoat.policy.schema import OperationPolicy, Policy
from pgmoat.policy.statement import Problem, Statement, parse_statement

KEY_PARAMETER = "idempotency_key"
"""The last parameter of every operation's function."""

_WRITES = ("insert", "update", "delete", "merge", "with")
_RETURNS = ("select", "insert", "update", "delete", "merge", "with", "values", "table")
# At the beginning of a statement PL/pgSQL would take these for the parameter.
_TAKEN = {KEY_PARAMETER, "update", "delete", "insert", "merge", "with", "values", "table", "select"}


def check_operations(
    policy: Policy, entities: frozenset[str], operations: frozenset[str]
) -> Iterator[Finding]:
    """Yield what is wrong with operations and who may call them; the known names include broken ones."""
    for name, operation in policy.operations.items():
        path = ("operations", name)
        yield from _check_name(policy, name, path)
        yield from _check_parameters(operation, path)
        yield from _check_statements(operation, path)
        for entity_name, access in operation.entities.items():
            here = (*path, "entities", entity_name)
            if entity_name not in entities:
                hint = suggest(entity_name, entities)
                yield error("unknown-entity", here, f"there is no entity `{entity_name}`", hint)
            elif entity_name in policy.logs:
                yield from check_log_access(policy, entity_name, access, here)
            elif entity_name in policy.entities:
                yield from check_access(access, policy.entities[entity_name], entity_name, here)
    yield from _check_callers(policy, operations)


def _check_name(policy: Policy, name: str, path: PolicyPath) -> Iterator[Finding]:
    if name in RESERVED_WORDS:
        yield error("operation-name", path, f"`{name}` is a reserved word: agents could not call it")
    if name in policy.entities:
        message = f"`{name}` is the name of an entity too"
        yield error("operation-name", path, message, "rename one", also=("entities", name))
    for entity_name, entity in policy.entities.items():
        if entity.tell_hidden and name == name_hidden(entity_name):
            message = f"`{name}` is the function that counts hidden rows of `{entity_name}`"
            yield error("operation-name", path, message, "rename it", also=("entities", entity_name))
    role = policy.settings.operation_role(name)
    for agent in policy.agents:
        if policy.settings.agent_role(agent) == role:
            message = f"its role would be `{role}`, which is that of agent {agent}"
            yield error("operation-name", path, message, "rename one", also=("agents", agent))


def _check_parameters(operation: OperationPolicy, path: PolicyPath) -> Iterator[Finding]:
    first_optional = ""
    for name, parameter in operation.parameters.items():
        here = (*path, "parameters", name)
        if name in RESERVED_WORDS | _TAKEN:
            message = f"a parameter cannot be named `{name}`"
            yield error("parameter-name", here, message, "choose another name")
        if "(" in parameter.type:
            message = "PostgreSQL ignores a length or precision in the type of a parameter"
            hint = f"write {parameter.type.partition('(')[0].strip()}, and a condition under `require:`"
            yield error("parameter-type", here, message, hint)
        if parameter.optional:
            first_optional = first_optional or name
        elif first_optional:
            message = f"a parameter that is not optional stands behind `{first_optional}`, which is"
            also = (*path, "parameters", first_optional)
            yield error("parameter-order", here, message, "put the optional ones last", also)


def _check_statements(operation: OperationPolicy, path: PolicyPath) -> Iterator[Finding]:
    names = (*operation.parameters, KEY_PARAMETER)
    used: set[str] = set()
    is_sound = True
    for here, source, allowed in _list_sources(operation, path):
        statement = parse_statement(source, names)
        used |= statement.names
        for problem in statement.problems:
            is_sound = False
            yield error("sql", here, _locate(source, problem), problem.hint)
        if not statement.problems and allowed:
            yield from _check_command(statement, here, allowed)
    if not operation.sql and operation.returns is None:
        yield error("missing-key", (*path, "sql"), "it does nothing: both sql and returns are missing")
    for name in operation.parameters:
        if name not in used and is_sound:
            message = f"`:{name}` is used nowhere"
            yield Finding(Severity.WARNING, "parameter-unused", (*path, "parameters", name), message)


def _list_sources(
    operation: OperationPolicy, path: PolicyPath
) -> Iterator[tuple[PolicyPath, str, tuple[str, ...]]]:
    """Yield each text with its place, and the commands that may stand there."""
    for index, precondition in enumerate(operation.require):
        yield (*path, "require", index, "that"), precondition.that, ()
    for index, text in enumerate(operation.sql):
        yield (*path, "sql", index), text, _WRITES
    if operation.approval is not None and operation.approval.when is not None:
        yield (*path, "approval", "when"), operation.approval.when, ()
    if operation.returns is not None:
        yield (*path, "returns"), operation.returns, _RETURNS


def _check_command(statement: Statement, path: PolicyPath, allowed: tuple[str, ...]) -> Iterator[Finding]:
    if statement.first_word not in allowed or statement.text.startswith("("):
        begins = statement.text.split(maxsplit=1)[0][:40]
        words = ", ".join(word.upper() for word in allowed)
        yield error("command", path, f"a statement here begins with one of {words}, not with {begins}")


def _locate(source: str, problem: Problem) -> str:
    """Return the message with the place in a text of several lines."""
    before = source[: problem.offset]
    line, column = before.count("\n") + 1, problem.offset - before.rfind("\n")
    where = f"line {line}, character {column}" if "\n" in source.strip() else f"character {column}"
    return f"{problem.message}, at {where} of it"


def _check_callers(policy: Policy, operations: frozenset[str]) -> Iterator[Finding]:
    called: set[str] = set()
    for agent_name, agent in policy.agents.items():
        path = ("agents", agent_name, "operations")
        called.update(agent.operations)
        yield from find_repeats(agent.operations, path)
        for index, name in enumerate(agent.operations):
            if name not in operations:
                hint = suggest(name, operations)
                yield error("unknown-operation", (*path, index), f"there is no operation `{name}`", hint)
    for name in policy.operations:
        if name not in called:
            message = "no agent may call it"
            hint = "list it under an agent's `operations:`"
            yield Finding(Severity.WARNING, "operation-unused", ("operations", name), message, hint)
